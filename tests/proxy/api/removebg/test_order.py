import pytest

from proxy.api.removebg.order import composition_of
from proxy.api.removebg.wishes import wishes
from proxy.imaging.backgrounds import Colour
from proxy.imaging.composition import Composition


def ordered(**texts: str) -> Composition:
    return composition_of(wishes(texts), "preview")


@pytest.mark.parametrize(
    ("asked", "pixels"),
    [
        ({}, 250_000),
        ({"size": "medium"}, 1_500_000),
        ({"size": "hd"}, 4_000_000),
        ({"size": "full", "format": "jpg"}, 25_000_000),
        ({"size": "4k", "format": "zip"}, 25_000_000),
        ({"size": "50MP", "format": "webp"}, 50_000_000),
        ({"size": "full", "format": "png"}, 10_000_000),
        ({"size": "full"}, 10_000_000),  # it will be a PNG
        ({"size": "full", "bg_color": "fff"}, 25_000_000),  # it will be a JPEG
    ],
)
def test_a_size_is_so_many_pixels(asked: dict[str, str], pixels: int):
    assert ordered(**asked).placing.max_pixels == pixels


def test_without_a_size_the_setting_counts():
    assert composition_of(wishes({"format": "jpg"}), "full").placing.max_pixels == 25_000_000


def test_a_mask_is_a_png_with_nothing_behind_it():
    order = ordered(channels="alpha", bg_color="fff", shadow_type="drop")
    assert (order.format, order.background, order.shadow) == ("png", None, None)
    assert ordered(channels="alpha", format="jpg").format == "jpeg"


def test_a_margin_counts_with_crop_alone():
    assert ordered(crop_margin="10px").placing.crop is None
    assert ordered(crop="true", crop_margin="10px").placing.crop is not None


def test_a_colour_lies_behind():
    assert ordered(bg_color="fff").background == Colour(255, 255, 255)


@pytest.mark.parametrize(
    ("asked", "opacity"),
    [
        ({"add_shadow": "true"}, None),
        ({"add_shadow": "true", "type": "person"}, None),
        ({"add_shadow": "true", "type": "car"}, 0.5),
        ({"shadow_type": "none", "shadow_opacity": "80"}, None),
        ({"shadow_type": "drop", "shadow_opacity": "80"}, 0.8),
        ({"shadow_type": "3D"}, 0.5),
    ],
)
def test_a_shadow_falls_where_it_is_asked_for(asked: dict[str, str], opacity: float | None):
    shadow = ordered(**asked).shadow
    assert (shadow.opacity if shadow else None) == opacity


def test_hints_make_no_other_entry():
    names = {
        ordered(**asked).name for asked in ({}, {"type": "car"}, {"semitransparency": "false"}, {"type_level": "2"})
    }
    assert len(names) == 1
