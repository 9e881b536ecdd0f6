"""A cutout that nobody wants otherwise: the image's own pixels, of whatever mode and profile, under the mask."""

from asyncio import to_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageChops, ImageCms, ImageOps

from proxy.core.types import Renderer
from proxy.errors import BadImage
from proxy.imaging.composition import Composition, Cutout, composed
from proxy.imaging.renderers import MaskPng
from tests.proxy.imaging.pictures import corners, file_of, image, linear_grey_profile, mask, picture_in
from tests.support.fakes import grey_png

LIMIT = 1_000_000
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SLOPE = Pillow.linear_gradient("L").resize((16, 16))


def cut(picture: bytes, width: int, height: int, png: bytes | None = None) -> Pillow.Image:
    return picture_in(composed(image(picture), mask(width, height, png), Composition(), LIMIT).body)


def colour_of(data: bytes) -> tuple[int, ...]:
    """The colour of a picture that has only one."""
    colours = cut(data, 8, 8).getcolors()
    assert colours is not None
    assert len(colours) == 1
    return tuple(colours[0][1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cutout_has_the_upright_colours_and_the_mask_as_alpha(orientation: int):
    data = file_of(corners(48, 32), "PNG", orientation)
    expected = ImageOps.exif_transpose(picture_in(data))
    hard = SLOPE.resize((48, 32)).point(lambda level: 255 if level > 127 else 0)
    levels = ImageOps.exif_transpose(picture_in(file_of(hard, "PNG", orientation)))
    cutout = cut(data, *expected.size, file_of(levels))
    assert cutout.mode == "RGBA"
    black = Pillow.new("RGB", expected.size)
    assert cutout.convert("RGB").tobytes() == Pillow.composite(expected, black, levels).tobytes()
    assert cutout.getchannel("A").tobytes() == levels.tobytes()


def test_what_was_removed_does_not_lie_under_the_alpha():
    cutout = cut(file_of(Pillow.new("RGB", (8, 8), "red")), 8, 8, grey_png(8, 8, level=0))
    assert cutout.getcolors() == [(64, (0, 0, 0, 0))]


def test_a_cutout_holds_no_exif_that_could_turn_it_twice():
    cutout = cut(file_of(corners(48, 32), "JPEG", orientation=6), 32, 48)
    assert cutout.size == (32, 48)
    assert not cutout.getexif()


@given(data=st.data())
def test_holes_of_the_image_stay_holes(data: st.DataObject):
    own, model = (Pillow.frombytes("L", (4, 4), data.draw(st.binary(min_size=16, max_size=16))) for _ in range(2))
    picture = corners(4, 4)
    picture.putalpha(own)
    alpha = cut(file_of(picture), 4, 4, file_of(model)).getchannel("A")
    assert alpha.tobytes() == ImageChops.multiply(own, model).tobytes()


def test_a_transparent_palette_colour_stays_a_hole():
    picture = Pillow.new("P", (8, 8), 0)
    picture.putpalette([10, 20, 30])
    assert colour_of(file_of(picture, "GIF", transparency=0))[3] == 0
    assert colour_of(file_of(picture)) == (10, 20, 30, 255)


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "expected"),
    [
        ("1", 1, "PNG", (255, 255, 255)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("LA", (77, 255), "PNG", (77, 77, 77)),
        ("I;16", 65535, "PNG", (255, 255, 255)),
        ("I;16", 25700, "TIFF", (100, 100, 100)),
        ("I", 131070, "TIFF", (255, 255, 255)),
        ("F", 0.5, "TIFF", (128, 128, 128)),
        ("CMYK", (0, 255, 255, 0), "TIFF", (255, 0, 0)),
        ("YCbCr", (255, 128, 128), "TIFF", (255, 255, 255)),
        ("LAB", (255, 128, 128), "TIFF", (255, 255, 255)),
    ],
)
def test_every_mode_becomes_eight_bit_rgb(mode: str, colour: object, kind: str, expected: tuple[int, ...]):
    got = colour_of(file_of(Pillow.new(mode, (8, 8), colour), kind))  # type: ignore[arg-type]
    assert all(abs(ours - theirs) <= 1 for ours, theirs in zip(got, (*expected, 255), strict=True))


def test_the_icc_profile_is_kept():
    assert cut(file_of(corners(8, 8), "JPEG", icc_profile=SRGB), 8, 8).info["icc_profile"] == SRGB


def test_a_profile_of_another_colour_space_is_applied_and_dropped():
    half_the_light = file_of(Pillow.new("L", (8, 8), 128), icc_profile=linear_grey_profile())
    assert 186 <= colour_of(half_the_light)[0] <= 190  # sRGB's name for it (IEC 61966-2-1): 188
    assert "icc_profile" not in cut(half_the_light, 8, 8).info


def test_a_profile_that_cannot_be_applied_is_dropped():
    nonsense = SRGB[:16] + b"CMYK" + SRGB[20:]
    assert colour_of(file_of(Pillow.new("L", (8, 8), 128), icc_profile=nonsense)) == (128, 128, 128, 255)


def test_a_truncated_image_cannot_be_cut_out():
    data = file_of(corners(200, 200), "JPEG")
    with pytest.raises(BadImage, match="truncated"):
        composed(image(data[: len(data) * 2 // 3]), mask(200, 200), Composition(), LIMIT)


async def test_both_doors_answer_with_a_png_for_one_name():
    picture = image(file_of(corners(8, 6), "JPEG"))
    renderers: list[Renderer] = [MaskPng(), Cutout(Composition(), LIMIT)]
    answers = [await renderer.render(picture, mask(8, 6), to_thread) for renderer in renderers]
    assert [(picture_in(answer.body).mode, answer.media_type) for answer in answers] == [
        ("L", "image/png"),
        ("RGBA", "image/png"),
    ]
    assert [renderer.name for renderer in renderers] == ["mask.png", "cutout.png"]


async def test_equal_masks_and_images_give_equal_bytes():
    picture, renderer = image(file_of(corners(8, 6))), Cutout(Composition(), LIMIT)
    one, other = [await renderer.render(picture, mask(8, 6), to_thread) for _ in range(2)]
    assert one == other
