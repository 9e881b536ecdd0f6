import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from proxy.imaging.names import BAND_BYTES, PictureNames, pixels_name
from proxy.imaging.picture import FORMATS
from tests.proxy.imaging.pictures import chunk, corners, file_of, image, picture_in

LIMIT = 1_000_000
RGBA = corners().convert("RGBA")
PNG = file_of(corners())


def name(data: bytes) -> bytes:
    return pixels_name(image(data), LIMIT)


@pytest.fixture
def names():
    names = PictureNames(LIMIT)
    yield names
    names.close()


@pytest.mark.parametrize(
    "file",
    [
        file_of(corners(), compress_level=1),
        file_of(corners(), dpi=(300, 300), icc_profile=b"any"),
        file_of(corners(), "BMP"),
        file_of(corners(), "PPM"),
        file_of(corners(), "TIFF", compression="tiff_lzw"),
        file_of(corners(), "WEBP", lossless=True),
        file_of(corners().quantize(4), "PNG"),
        file_of(corners().quantize(4), "GIF"),
        file_of(RGBA),
        PNG[:-12] + chunk(b"tEXt", b"Comment\0anew") + PNG[-12:],
    ],
    ids=["compression", "notes", "BMP", "PPM", "TIFF", "WebP", "palette", "GIF", "opaque alpha", "a late note"],
)
def test_the_same_pixels_in_another_file_have_the_same_name(file: bytes):
    assert file != PNG
    assert name(file) == name(PNG)


def changed(at: tuple[int, int], by: int) -> Pillow.Image:
    picture = corners()
    red, green, blue = picture.getpixel(at)
    picture.putpixel(at, (red, green, blue ^ by))
    return picture


@pytest.mark.parametrize(
    "file",
    [
        file_of(changed((47, 31), 1)),
        file_of(corners(32, 48)),
        file_of(corners(48, 33)),
        file_of(corners(), "JPEG"),
        file_of(corners().convert("L")),
        file_of(corners(), orientation=6),
    ],
    ids=["one bit", "another shape", "a row more", "lossy", "grey", "turned"],
)
def test_other_pixels_have_another_name(file: bytes):
    assert name(file) != name(PNG)


def test_the_same_bytes_in_rows_of_another_length_have_another_name():
    flat = Pillow.new("RGB", (8, 4)), Pillow.new("RGB", (4, 8))
    assert name(file_of(flat[0])) != name(file_of(flat[1]))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_called_like_the_upright_one(orientation: int):
    turned = file_of(corners(), orientation=orientation)
    upright = ImageOps.exif_transpose(picture_in(turned))
    assert name(turned) == name(file_of(upright))


def test_what_the_model_cannot_see_under_the_alpha_does_not_count():
    clear, hidden = (Pillow.new("RGBA", (8, 8), (*colour, 0)) for colour in ((0, 0, 0), (9, 9, 9)))
    white = Pillow.new("RGB", (8, 8), "white")
    assert name(file_of(clear)) == name(file_of(hidden)) == name(file_of(white))


def test_another_alpha_is_another_picture():
    half = RGBA.copy()
    half.putalpha(128)
    assert name(file_of(half)) != name(file_of(RGBA))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_greys_of_16_bits_are_called_by_all_of_them(kind: str):
    dark, light = (Pillow.new("I;16", (8, 8), level) for level in (256, 257))
    assert name(file_of(dark, kind)) == name(file_of(dark))
    assert name(file_of(light, kind)) != name(file_of(dark))
    assert name(file_of(dark, kind)) != name(file_of(Pillow.new("L", (8, 8), 1)))


def test_a_picture_of_many_bands_is_named_to_its_last_row():
    tall = Pillow.new("RGB", (512, 2 * BAND_BYTES // (4 * 512) + 1))
    other = tall.copy()
    other.putpixel((511, tall.height - 1), (0, 0, 1))
    assert name(file_of(tall)) == name(file_of(tall, "BMP"))
    assert name(file_of(tall)) != name(file_of(other))


@given(st.data())
def test_a_name_says_which_pixels_there_are_and_nothing_else(data: st.DataObject):
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))
    one, other = (data.draw(sizes) for _ in "ab")
    pixels = [bytes(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))) for n in _counts(one, other)]
    pictures = [Pillow.frombytes("RGB", size, raw) for size, raw in zip((one, other), pixels, strict=True)]
    names = [name(file_of(picture)) for picture in pictures]
    assert (names[0] == names[1]) == ((one, pixels[0]) == (other, pixels[1]))


def _counts(*sizes: tuple[int, int]) -> list[int]:
    return [3 * width * height for width, height in sizes]


@pytest.mark.parametrize("kind", FORMATS)
async def test_all_but_the_slow_formats_are_named(names: PictureNames, kind: str):
    named = await names.of(image(file_of(corners(), kind)))
    assert (named is None) == (kind in ("AVIF", "HEIF", "JPEG2000"))


async def test_a_jpeg_is_not_named_by_its_pixels(names: PictureNames):
    jpeg = file_of(corners(), "JPEG")
    assert await names.of(image(jpeg)) != name(jpeg)


@pytest.mark.parametrize(
    "data", [b"", b"text", PNG[:60], file_of(corners(), "JPEG")[:200]], ids=["nothing", "text", "PNG", "JPEG"]
)
async def test_what_cannot_be_read_has_no_name(names: PictureNames, data: bytes):
    assert await names.of(image(data)) is None


async def test_what_is_too_large_has_no_name():
    names = PictureNames(48 * 32 - 1)
    for kind in ("PNG", "JPEG"):
        assert await names.of(image(file_of(corners(), kind))) is None
    names.close()
