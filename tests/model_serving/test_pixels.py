import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from model_serving import pixels
from model_serving.pixels import UnreadableImage, decode, dynamic_size, mask, mask_size, normalise
from tests.model_serving.filling import picture

ENOUGH = 1_000_000


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    return [image.getpixel(at) for at in ((0, 0), (image.width - 1, 0), (0, image.height - 1))]  # type: ignore[misc]


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def marked() -> Image.Image:
    """3 wide, 2 high; red at the top left, green at the top right, blue at the bottom left."""
    image = Image.new("RGB", (3, 2), "white")
    for at, colour in (((0, 0), RED), ((2, 0), GREEN), ((0, 1), BLUE)):
        image.putpixel(at, colour)
    return image


@pytest.mark.parametrize(
    ("orientation", "back"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_every_orientation_comes_out_upright(
    marked: Image.Image, orientation: int, back: Image.Transpose | None, kind: str
) -> None:
    notes = Image.Exif()
    notes[0x0112] = orientation
    stored = marked if back is None else marked.transpose(back)
    options = {"lossless": True} if kind == "WEBP" else {}
    image = decode(encoded(stored, kind, exif=notes, **options), ENOUGH)
    assert image.size == (3, 2)
    assert corners(image) == [RED, GREEN, BLUE]


def test_an_orientation_that_does_not_exist_turns_nothing(marked: Image.Image) -> None:
    notes = Image.Exif()
    notes[0x0112] = 42
    assert corners(decode(encoded(marked, exif=notes), ENOUGH)) == [RED, GREEN, BLUE]


def test_damaged_notes_do_not_make_a_picture_unreadable(marked: Image.Image) -> None:
    data = encoded(marked, "JPEG", exif=b"Exif\0\0no such thing")
    assert decode(data, ENOUGH).size == (3, 2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "JPEG2000", "PPM"])
def test_the_usual_formats_are_read(kind: str) -> None:
    image = decode(encoded(Image.new("RGB", (16, 8), RED), kind), ENOUGH)
    assert (image.mode, image.size) == ("RGB", (16, 8))
    assert np.abs(np.asarray(image).astype(int) - RED).max() <= 8


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_other_colour_spaces_become_rgb(mode: str) -> None:
    kind = "TIFF" if mode in ("CMYK", "YCbCr", "LAB") else "PNG"
    image = decode(encoded(Image.new("RGB", (4, 4), "white").convert("L" if mode == "LAB" else mode), kind), ENOUGH)
    assert (image.mode, image.getpixel((0, 0))) == ("RGB", WHITE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_white_whatever_colour_hides_there(mode: str) -> None:
    hidden = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    hidden.putpixel((1, 0), (0, 0, 0, 255))
    image = decode(encoded(hidden.convert(mode), "TIFF" if mode == "PA" else "PNG"), ENOUGH)
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [WHITE, (0, 0, 0)]


def test_a_transparent_palette_entry_is_white() -> None:
    palette = Image.new("P", (1, 1))
    palette.putpalette([10, 20, 30])
    assert decode(encoded(palette, transparency=0), ENOUGH).getpixel((0, 0)) == WHITE


def test_half_transparent_is_half_white() -> None:
    assert decode(encoded(Image.new("RGBA", (1, 1), (0, 0, 0, 128))), ENOUGH).getpixel((0, 0)) == (127, 127, 127)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_keeps_its_range(kind: str) -> None:
    ramp = Image.fromarray(np.array([[0, 257, 32896, 65535]], np.uint16))
    image = decode(encoded(ramp, kind), ENOUGH)
    assert [image.getpixel((x, 0)) for x in range(4)] == [(grey,) * 3 for grey in (0, 1, 128, 255)]


@pytest.mark.parametrize(("brightest", "expected"), [(1.0, 127), (255.0, 127), (1000.0, 128)])
def test_a_float_picture_is_scaled_by_what_its_white_must_be(brightest: float, expected: int) -> None:
    half = Image.fromarray(np.array([[brightest / 2, brightest, -1.0, np.nan]], np.float32))
    image = decode(encoded(half, "TIFF"), ENOUGH)
    greys = [image.getpixel((x, 0))[0] for x in range(4)]  # type: ignore[index]
    white = 255 if brightest <= 255 else round(brightest * 255 / 65535)
    assert greys[1:] == [white, 0, 0]
    assert greys[0] in (white // 2, white // 2 + 1)


def test_the_first_frame_of_an_animation_is_the_picture() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data, ENOUGH).getpixel((0, 0)) == RED


def cut(kind: str) -> bytes:
    data = encoded(Image.fromarray(picture(64, 64)), kind)
    return data[: len(data) // 2]


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels to go with it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\xff\xd8\xff",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        cut("JPEG"),
        cut("PNG"),
        cut("WEBP"),
        cut("TIFF"),
        cut("GIF"),
        png_of(0, 5),
        png_of(5, 5),
    ],
    ids=["empty", "text", "stub", "postscript", "jpeg", "png", "webp", "tiff", "gif", "no-pixels", "no-data"],
)
def test_what_is_no_whole_picture_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, ENOUGH)
    assert caught.value.code == "unreadable_image"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("side", [1001, 60_000, 2**31 - 1])
def test_the_claimed_size_is_checked_before_decoding(side: int) -> None:
    with pytest.raises(UnreadableImage) as caught:
        decode(png_of(side, 1000), max_pixels=1_000_000)
    assert caught.value.code == "too_many_pixels"


def test_exactly_the_allowed_pixels_are_allowed() -> None:
    data = encoded(Image.new("RGB", (30, 20)))
    assert decode(data, max_pixels=600).size == (30, 20)
    with pytest.raises(UnreadableImage, match="has 600 pixels, more than 599"):
        decode(data, max_pixels=599)


def test_normalising_follows_the_authors_steps_bit_for_bit() -> None:
    image = picture(9, 7)
    values = image.astype(np.float32)
    values /= 255
    values -= np.array([0.485, 0.456, 0.406], np.float64)
    values /= np.array([0.229, 0.224, 0.225], np.float64)
    result = normalise(Image.fromarray(image))
    assert (result.shape, result.dtype) == ((3, 9, 7), torch.float32)
    assert np.array_equal(result.numpy(), values.transpose(2, 0, 1))


def test_static_resizing_gives_the_base_size_and_remembers_the_pictures() -> None:
    prepared = pixels.prepare_static(Image.new("RGB", (50, 30)), (64, 96))
    assert prepared.image.shape == (1, 3, 64, 96)
    assert prepared.image_resized is None
    assert prepared.size == (30, 50)


def test_dynamic_resizing_gives_both_sizes_made_from_the_original() -> None:
    image = Image.fromarray(picture(100, 150))
    prepared = pixels.prepare_dynamic(image, (64, 64))
    assert prepared.image.shape == (1, 3, 96, 160)
    assert prepared.image_resized is not None
    assert torch.equal(prepared.image_resized, pixels.prepare_static(image, (64, 64)).image)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 960), (640, 960)),
        ((333, 500), (320, 512)),
        ((1280, 1280), (1280, 1280)),
        ((3000, 4000), (1280, 1696)),
        ((4000, 3000), (1696, 1280)),
        ((2000, 2000), (1280, 1280)),
        ((1281, 5000), (1280, 4992)),
        ((500, 5000), (512, 4992)),
        ((48, 80), (64, 64)),  # 1.5 and 2.5 are rounded to even
        ((10, 100), (32, 96)),
        ((1280, 12800), (800, 8096)),
    ],
)
def test_dynamic_sizes(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert dynamic_size(size) == expected


@pytest.mark.parametrize(
    ("size", "working", "expected"),
    [
        ((3000, 4000), (384, 384), (288, 384)),
        ((4000, 3000), (384, 384), (384, 288)),
        ((100, 200), (384, 384), (100, 200)),
        ((500, 300), (384, 384), (384, 230)),
        ((1, 5000), (384, 384), (1, 384)),
        ((640, 960), (640, 960), (640, 960)),
    ],
)
def test_mask_sizes(size: tuple[int, int], working: tuple[int, int], expected: tuple[int, int]) -> None:
    assert mask_size(size, working) == expected


def test_a_mask_is_truncated_and_not_rounded() -> None:
    values = mask(torch.tensor([[[[0.0, 0.999, 1.0]]]]), (1, 3))
    assert (values.dtype, values.tolist()) == (np.uint8, [[0, 254, 255]])


def test_corners_stay_corners_when_a_prediction_is_enlarged() -> None:
    pred = torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])
    enlarged = pixels.saliency_at(pred, (5, 5))
    assert enlarged[[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [0, 1, 1, 0]
    assert enlarged[2, 2] == 0.5
