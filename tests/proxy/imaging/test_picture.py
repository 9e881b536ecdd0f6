import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageChops, ImageOps

from proxy.core.fingerprint import Fingerprinter
from proxy.errors import BadImage, TooManyPixels
from proxy.imaging.picture import FORMATS, upright, upright_size
from tests.proxy.imaging.pictures import ORIENTATION, chunk, corners, file_of, image, picture_in, png_header

LIMIT = 1_000_000
KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF")
NOISE = Pillow.effect_noise((48, 32), 80)
JPEG = file_of(NOISE, "JPEG")
FILES = [file_of(NOISE, kind) for kind in FORMATS]
GREETING = b"hello, this is no picture at all"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_image(kind: str, orientation: int):
    upright_48_by_32 = (48, 32) if orientation < 5 else (32, 48)
    assert upright_size(image(file_of(corners(48, 32), kind, orientation)), LIMIT) == upright_48_by_32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_its_exif_says(kind: str, orientation: int):
    shown = corners(64, 32)
    turned = upright(image(file_of(shown, kind, orientation)), LIMIT).convert("RGB")
    expected = ImageOps.exif_transpose(picture_in(file_of(shown, orientation=orientation)))
    assert turned.size == expected.size
    thumbnails = (picture.resize((2, 2), Pillow.Resampling.BOX) for picture in (turned, expected))
    assert all(extrema[1] <= 16 for extrema in ImageChops.difference(*thumbnails).getextrema())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_accepted_format_is_read(kind: str):
    assert upright_size(image(file_of(corners(), kind)), LIMIT) == (48, 32)
    assert upright(image(file_of(corners(), kind)), LIMIT).size == (48, 32)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "MPO", "TIFF"])
def test_of_several_frames_the_first_counts(kind: str):
    frames = [Pillow.new("RGB", (8, 8), "black")]
    data = file_of(Pillow.new("RGB", (8, 8), "white"), kind, save_all=True, append_images=frames)
    first = upright(image(data), LIMIT).convert("RGB")
    assert min(low for low, _ in first.getextrema()) > 250


@pytest.mark.parametrize("data", [JPEG[: len(JPEG) // 2], png_header(700, 600)], ids=["half a JPEG", "an empty PNG"])
def test_the_header_alone_tells_the_size(data: bytes):
    upright_size(image(data), LIMIT)
    with pytest.raises(BadImage):
        upright(image(data), LIMIT)


@pytest.mark.parametrize("name", [b"eXIf", b"iTXt"])
def test_an_orientation_behind_the_pixels_of_a_png_counts(name: bytes):
    exif = Pillow.Exif()
    exif[ORIENTATION] = 6
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'
    late = chunk(name, exif.tobytes()[6:] if name == b"eXIf" else xmp)
    data = file_of(corners(48, 32))
    assert upright_size(image(data[:-12] + late + data[-12:]), LIMIT) == (32, 48)


def test_damaged_exif_leaves_the_picture_as_it_lies():
    damaged = b"Exif\0\0II*\0" + struct.pack("<IHHHI", 8, 500, ORIENTATION, 9999, 1)
    with pytest.warns(UserWarning, match="Corrupt EXIF data"):
        assert upright_size(image(file_of(corners(48, 32), "WEBP", exif=damaged)), LIMIT) == (48, 32)


@pytest.mark.parametrize(
    "data",
    [b"", GREETING, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"%!PS-Adobe-3.0 EPSF-3.0", png_header(0, 5), JPEG[:20]],
    ids=["nothing", "text", "HEIC", "PostScript", "no pixels", "a header cut short"],
)
def test_what_is_no_picture_is_refused(data: bytes):
    with pytest.raises(BadImage):
        upright_size(image(data), LIMIT)


def test_the_limit_is_in_pixels_and_includes_itself():
    data = image(png_header(1000, 1000))
    assert upright_size(data, 1_000_000) == (1000, 1000)
    with pytest.raises(TooManyPixels, match="1,000,000 pixels"):
        upright_size(data, 999_999)


def test_a_pixel_bomb_is_refused_before_it_is_decoded():
    with pytest.raises(TooManyPixels):
        upright(image(png_header(60_000, 60_000)), LIMIT)


def test_no_limit_but_the_one_given_counts():
    assert upright_size(image(png_header(30_000, 30_000)), 10**9) == (30_000, 30_000)


@given(file=st.sampled_from(FILES), at=st.integers(0), damage=st.binary(max_size=8), cut=st.integers(0))
def test_a_damaged_file_gives_a_picture_or_a_refusal_and_nothing_else(file: bytes, at: int, damage: bytes, cut: int):
    at %= len(file)
    data = image((file[:at] + damage + file[at + len(damage) :])[: cut % (len(file) + 1)])
    try:
        size = upright_size(data, LIMIT)
        assert upright(data, LIMIT).size == size
    except BadImage:
        pass


@given(sizes=st.lists(st.integers(1, 200), min_size=1))
def test_how_the_bytes_were_cut_makes_no_difference(sizes: list[int]):
    fingerprinter, at = Fingerprinter(seed=1), 0
    for size in [*sizes, len(JPEG)]:
        fingerprinter.feed(JPEG[at : at + size])
        at += size
    assert upright(fingerprinter.finish(), LIMIT).tobytes() == upright(image(JPEG), LIMIT).tobytes()
