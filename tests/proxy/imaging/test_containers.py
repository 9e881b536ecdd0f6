import io
import zipfile

import pytest
from PIL import Image as Pillow

from proxy.errors import SideTooLong
from proxy.imaging.containers import MEDIA_TYPES, Format, encoded
from tests.proxy.imaging.pictures import corners, linear_rgb_profile, picture_in

PROFILE = linear_rgb_profile()


def cut(level: int = 128) -> Pillow.Image:
    """Red on the left; on the right nothing, or as much as `level`."""
    picture = Pillow.new("RGBA", (64, 32), (200, 30, 30, 255))
    picture.paste((0, 0, 0, 0) if not level else (200, 30, 30, level), (32, 0, 64, 32))
    return picture


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_formats_with_transparency_keep_it(kind: Format):
    body, media_type = encoded(cut(), kind)
    picture = picture_in(body)
    assert media_type == MEDIA_TYPES[kind]
    assert (picture.mode, picture.size) == ("RGBA", (64, 32))
    red, _, _, alpha = picture.getpixel((48, 16))  # type: ignore[misc]
    assert abs(red - 200) < 12
    assert abs(alpha - 128) < 4


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_alpha_is_exact(kind: Format):
    picture = corners(64, 32).convert("RGBA")
    picture.putalpha(Pillow.linear_gradient("L").resize((64, 32)))
    assert picture_in(encoded(picture, kind)[0]).getchannel("A").tobytes() == picture.getchannel("A").tobytes()


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "jpeg"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_format_takes_pictures_without_transparency(kind: Format, mode: str):
    picture = picture_in(encoded(corners(64, 32).convert(mode), kind)[0])
    assert picture.size == (64, 32)
    assert picture.convert("L").getpixel((2, 2)) == pytest.approx(76, abs=12)


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "jpeg"])
def test_the_icc_profile_is_kept(kind: Format):
    picture = corners(64, 32)
    picture.info["icc_profile"] = PROFILE
    assert picture_in(encoded(picture, kind)[0]).info["icc_profile"] == PROFILE


def test_jpeg_shows_holes_on_white_paper():
    picture = picture_in(encoded(cut(0), "jpeg")[0])
    assert picture.format == "JPEG"
    assert min(picture.getpixel((60, 16))) > 245  # type: ignore[arg-type, type-var]


@pytest.mark.parametrize(("level", "media_type"), [(254, "image/png"), (255, "image/jpeg")])
def test_auto_is_png_when_anything_can_be_seen_through(level: int, media_type: str):
    assert encoded(cut(level), "auto")[1] == media_type


def test_a_zip_holds_colours_and_alpha():
    body, media_type = encoded(cut(), "zip")
    assert media_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colour, alpha = (picture_in(archive.read(name)) for name in archive.namelist())
    assert (colour.format, colour.mode, colour.size) == ("JPEG", "RGB", (64, 32))
    assert (alpha.format, alpha.mode) == ("PNG", "L")
    assert alpha.tobytes() == cut().getchannel("A").tobytes()


def test_a_zips_colours_go_on_beyond_the_outline():
    body, _ = encoded(cut(0), "zip")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        colour = picture_in(archive.read("color.jpg"))
    red, green, _ = colour.getpixel((34, 16))  # type: ignore[misc]
    assert red > 180
    assert green < 60


@pytest.mark.parametrize("kind", [*MEDIA_TYPES, "auto"])
def test_equal_pictures_give_equal_bytes(kind: Format):
    assert encoded(cut(), kind) == encoded(cut(), kind)


@pytest.mark.parametrize(("kind", "longest"), [("webp", 16_383), ("avif", 65_536), ("jpeg", 65_500), ("zip", 65_500)])
def test_a_side_that_its_format_cannot_hold_is_refused(kind: Format, longest: int):
    assert encoded(Pillow.new("RGB", (longest, 1)), kind)[0]
    with pytest.raises(SideTooLong, match=f"{longest:,}; ask for a PNG"):
        encoded(Pillow.new("RGB", (1, longest + 1)), kind)


def test_auto_is_a_png_where_jpeg_cannot_hold_the_picture():
    assert encoded(Pillow.new("RGB", (65_501, 1)), "auto")[1] == "image/png"
