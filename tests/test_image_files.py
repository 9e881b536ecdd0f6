"""What both readers, the proxy's and the model's, make of files that are easily read wrong."""

import inspect
import io
import struct
import zipfile
from dataclasses import dataclass

import pillow_heif
import pytest
from PIL import Image as Pillow

from model_serving import pixels
from model_serving import tiles as model_tiles
from model_serving.picture_name import BAND_BYTES, picture_name
from proxy.core.fingerprint import image_of
from proxy.errors import BadImage, TooManyPixels
from proxy.imaging import tiles
from proxy.imaging.colours import as_the_model_sees, in_rgb
from proxy.imaging.names import pixels_name
from proxy.imaging.picture import upright, upright_size
from tests.support.files import deep_png, tiff, tiled_tiff

LIMIT = 50_000_000
RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)
GREY_ALPHA, RGB, RGBA = 4, 2, 6
WHITE_IS_ZERO, BLACK_IS_ZERO, COLOURS, INKS = 0, 1, 2, 5
FULL, HALF = 65535, 32896


@dataclass(frozen=True)
class File:
    """Two pixels side by side: what a cutout shows of them, and what the model sees on white paper."""

    name: str
    data: bytes
    shown: tuple[tuple[int, ...], ...]
    seen: tuple[tuple[int, ...], ...]


def opaque(name: str, data: bytes, *colours: tuple[int, ...]) -> File:
    return File(name, data, colours, colours)


def saved(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def two(mode: str, first: object, second: object) -> Pillow.Image:
    picture = Pillow.new(mode, (2, 1))
    picture.putpixel((0, 0), first)  # type: ignore[arg-type]
    picture.putpixel((1, 0), second)  # type: ignore[arg-type]
    return picture


def palette(*colours: tuple[int, ...]) -> Pillow.Image:
    picture = two("P", 0, 1)
    picture.putpalette([level for colour in colours for level in colour])
    return picture


PAIR = two("RGB", RED, GREEN)
ZIP = io.BytesIO()
with zipfile.ZipFile(ZIP, "w") as archive:
    archive.writestr("inside.txt", "a second file in the same bytes")

FILES = [
    opaque("PNG of 16 bits", deep_png((2, 1), RGB, [FULL, 0, 0, 0, HALF, 0]), RED, (0, 128, 0)),
    File(
        "PNG of 16 bits with alpha",
        deep_png((2, 1), RGBA, [FULL, 0, 0, FULL, 0, HALF, 0, HALF]),
        ((*RED, 255), (0, 128, 0, 128)),
        (RED, (127, 191, 127)),
    ),
    File(
        "grey PNG of 16 bits with alpha",
        deep_png((2, 1), GREY_ALPHA, [FULL, FULL, 0, 0]),
        ((*WHITE, 255), (*BLACK, 0)),
        (WHITE, WHITE),
    ),
    File(
        "PNG with a transparent colour",
        saved(PAIR, "PNG", transparency=RED),
        ((*RED, 0), (*GREEN, 255)),
        (WHITE, GREEN),
    ),
    File(
        "PNG with a transparent palette colour",
        saved(palette(RED, GREEN), "PNG", transparency=b"\x80\xff"),
        ((*RED, 128), (*GREEN, 255)),
        ((255, 127, 127), GREEN),
    ),
    opaque("PNG with a palette", saved(palette(RED, GREEN), "PNG"), RED, GREEN),
    opaque("GIF", saved(palette(RED, GREEN), "GIF"), RED, GREEN),
    opaque("an alpha that hides nothing", saved(PAIR.convert("RGBA"), "PNG"), RED, GREEN),
    opaque("1-bit PNG", saved(two("1", 255, 0), "PNG"), WHITE, BLACK),
    opaque("PPM of 16 bits", b"P6 2 1 65535\n" + bytes([255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0]), RED, GREEN),
    opaque("PGM of 1001 levels", b"P5 2 1 1000\n" + bytes([1000 >> 8, 1000 & 255, 0, 0]), WHITE, BLACK),
    opaque("TIFF of 16 bits", tiff((2, 1), COLOURS, [FULL, 0, 0, 0, FULL, 0]), RED, GREEN),
    File(
        "TIFF of 16 bits with alpha",
        tiff((2, 1), COLOURS, [FULL, 0, 0, FULL, 0, FULL, 0, 0], alpha=2),
        ((*RED, 255), (*GREEN, 0)),
        (RED, WHITE),
    ),
    File(
        "TIFF with colours that alpha was multiplied into",
        tiff((2, 1), COLOURS, [128, 0, 0, 128, 0, 255, 0, 255], bits=8, alpha=1),
        ((*RED, 128), (*GREEN, 255)),
        ((255, 127, 127), GREEN),
    ),
    opaque("grey TIFF of 16 bits", tiff((2, 1), BLACK_IS_ZERO, [FULL, HALF]), WHITE, (128, 128, 128)),
    opaque("grey TIFF of 16 bits, white is zero", tiff((2, 1), WHITE_IS_ZERO, [0, HALF]), WHITE, (127, 127, 127)),
    opaque("grey TIFF of 8 bits, white is zero", tiff((2, 1), WHITE_IS_ZERO, [0, 255], bits=8), WHITE, BLACK),
    opaque("TIFF of inks", tiff((2, 1), INKS, [0, 255, 255, 0, 255, 0, 255, 0], bits=8), RED, GREEN),
    opaque("TIFF of inks, 16 bits", tiff((2, 1), INKS, [0, FULL, FULL, 0, FULL, 0, FULL, 0]), RED, GREEN),
    opaque("PNG and ZIP in one", saved(PAIR, "PNG") + ZIP.getvalue(), RED, GREEN),
    opaque("GIF and JavaScript in one", saved(palette(RED, GREEN), "GIF") + b"/*</script>*/=1;", RED, GREEN),
]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_the_proxy_and_the_model_read_it_right(file: File):
    shown = in_rgb(upright(image_of(file.data, seed=1), LIMIT))
    seen = pixels.decode(file.data, LIMIT)
    assert seen.size == shown.size == (2, 1)
    assert tuple(shown.getpixel((x, 0)) for x in (0, 1)) == file.shown
    assert tuple(seen.getpixel((x, 0)) for x in (0, 1)) == file.seen


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_the_proxy_and_the_model_call_it_the_same_but_for_greys_of_many_levels(file: File):
    image = image_of(file.data, seed=1)
    same = pixels_name(image, LIMIT) == picture_name(pixels.decode(file.data, LIMIT))
    assert same == (as_the_model_sees(upright(image, LIMIT)).mode == "RGB")


@pytest.mark.parametrize("kind", pixels.FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (512, 2 * BAND_BYTES // (4 * 512) + 1)], ids=["a pixel", "three bands"])
def test_both_call_a_picture_the_same_in_every_format(kind: str, size: tuple[int, int]):
    data = saved(Pillow.effect_noise(size, 80).convert("RGB"), kind)
    assert pixels_name(image_of(data, seed=1), LIMIT) == picture_name(pixels.decode(data, LIMIT))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_and_a_zip_in_one_are_the_jpeg(mode: str):
    data = saved(Pillow.new("RGB", (16, 16), "white").convert(mode), "JPEG") + ZIP.getvalue()
    assert in_rgb(upright(image_of(data, seed=1), LIMIT)).getpixel((8, 8)) == WHITE
    assert pixels.decode(data, LIMIT).getpixel((8, 8)) == WHITE


@pytest.mark.parametrize("kind", pixels.FORMATS)
def test_one_pixel_is_a_picture(kind: str):
    data = saved(Pillow.new("RGB", (1, 1), "white"), kind)
    assert upright_size(image_of(data, seed=1), LIMIT) == (1, 1)
    assert pixels.decode(data, LIMIT).getpixel((0, 0))[0] > 250  # type: ignore[index]


def test_48_megapixels_are_a_picture_and_one_more_row_is_none():
    data = saved(Pillow.new("L", (8000, 6000), 200), "JPEG")
    assert upright(image_of(data, seed=1), 48_000_000).size == (8000, 6000)
    assert pixels.decode(data, 48_000_000).getpixel((7999, 5999)) == (200, 200, 200)
    with pytest.raises(TooManyPixels):
        upright_size(image_of(data, seed=1), 47_992_000)
    with pytest.raises(pixels.UnreadableImage, match="48000000 pixels"):
        pixels.decode(data, 47_992_000)


def test_the_pixel_limit_may_lie_above_pillows_own():
    data = saved(Pillow.new("1", (16_000, 12_000)), "PNG")
    assert upright_size(image_of(data, seed=1), 200_000_000) == (16_000, 12_000)
    with pytest.raises(pixels.UnreadableImage, match="truncated"):
        pixels.decode(data[:100], 200_000_000)


@pytest.mark.parametrize("side", [16, 256, 512, 1024])
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_a_tile_may_be_larger_than_its_picture(side: int, order: str, big: bool):
    data = tiled_tiff((10, 10), tile=(side, side), order=order, big=big)
    assert upright(image_of(data, seed=1), 1000).size == (10, 10)
    assert pixels.decode(data, 1000).size == (10, 10)


WIDE = 4096
HUGE_TILES = {
    "little-endian": tiled_tiff((10, 10), tile=(WIDE, WIDE)),
    "big-endian": tiled_tiff((10, 10), tile=(WIDE, WIDE), order=">"),
    "BigTIFF": tiled_tiff((10, 10), tile=(WIDE, WIDE), big=True),
    "a smaller width in front": tiled_tiff((10, 10), (322, "I", [16]), tile=(WIDE, WIDE)),
    "larger sides in front": tiled_tiff((10, 10), (322, "I", [WIDE]), (323, "I", [WIDE])),
}


@pytest.mark.parametrize("data", HUGE_TILES.values(), ids=HUGE_TILES)
def test_no_tile_is_larger_than_a_picture_may_be(data: bytes):
    limit = WIDE * WIDE - 1
    for read in (upright_size, upright):
        with pytest.raises(TooManyPixels, match="tiles"):
            read(image_of(data, seed=1), limit)
    with pytest.raises(pixels.UnreadableImage, match="tiles") as caught:
        pixels.decode(data, limit)
    assert caught.value.code == "too_many_pixels"
    assert upright_size(image_of(data, seed=1), WIDE * WIDE) == (10, 10)


@pytest.mark.parametrize("tag", [322, 323])
@pytest.mark.parametrize(("kind", "values"), [("Q", [WIDE]), ("q", [WIDE]), ("H", [16, 16])])
def test_a_tile_whose_sides_are_no_plain_numbers_is_refused(tag: int, kind: str, values: list[int]):
    """Pillow passes over some of these, and libtiff takes them."""
    data = tiled_tiff((10, 10), (tag, kind, values), big=True)
    with pytest.raises(BadImage, match="tiles"):
        upright_size(image_of(data, seed=1), LIMIT)
    with pytest.raises(pixels.UnreadableImage, match="tiles"):
        pixels.decode(data, LIMIT)


def halved(kind: str) -> bytes:
    data = saved(Pillow.effect_noise((64, 64), 80).convert("RGB"), kind)
    return data[: len(data) // 2]


REFUSED = {
    **{f"half a {kind}": halved(kind) for kind in pixels.FORMATS},
    "a HEIF without its last bytes": saved(Pillow.effect_noise((64, 64), 80), "HEIF")[:-10],
    "PDF with a JPEG in it": b"%PDF-1.4\n1 0 obj<</Filter/DCTDecode>>stream\n" + saved(PAIR, "JPEG"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "ZIP": ZIP.getvalue(),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_whole_picture_is_refused_by_both(data: bytes):
    with pytest.raises(BadImage):
        upright(image_of(data, seed=1), LIMIT)
    with pytest.raises(pixels.UnreadableImage) as caught:
        pixels.decode(data, LIMIT)
    assert caught.value.code == "unreadable_image"
    assert "\n" not in str(caught.value)


def test_heic_of_more_than_8_bits_is_read_with_8():
    deep = pillow_heif.from_bytes("RGB;16", (64, 64), struct.pack("<3H", FULL, HALF, 0) * 64 * 64)
    buffer = io.BytesIO()
    deep.save(buffer, quality=-1, chroma=444)
    shown = in_rgb(upright(image_of(buffer.getvalue(), seed=1), LIMIT)).getpixel((32, 32))
    seen = pixels.decode(buffer.getvalue(), LIMIT).getpixel((32, 32))
    assert shown == seen
    assert all(abs(got - want) <= 2 for got, want in zip(shown, (255, 128, 0), strict=True))  # type: ignore[arg-type]


def test_both_sides_measure_tiles_with_the_same_words():
    assert inspect.getsource(tiles) == inspect.getsource(model_tiles)
