import pytest

from proxy.api.removebg.errors import Refused
from proxy.api.removebg.wishes import Wishes, region_fault, wishes
from proxy.imaging.backgrounds import Colour
from proxy.imaging.geometry import Length, Margins, Region

HALF, TENTH, NOTHING = Length(0.5, relative=True), Length(0.1, relative=True), Length(0)


def test_defaults_are_those_of_the_contract():
    wished = wishes({})
    assert wished.size is None
    assert (wished.type, wished.type_level, wished.format, wished.channels) == ("auto", "1", "auto", "rgba")
    assert (wished.roi, wished.scale, wished.position, wished.bg_color) == (None, None, None, None)
    assert (wished.crop, wished.crop_margin) == (False, Margins())
    assert (wished.add_shadow, wished.shadow_type, wished.shadow_opacity) == (False, "none", None)
    assert wished.semitransparency


@pytest.mark.parametrize(
    ("field", "text", "means"),
    [
        ("size", "preview", "preview"),
        ("size", "small", "preview"),
        ("size", "regular", "preview"),
        ("size", "medium", "medium"),
        ("size", "hd", "hd"),
        ("size", "4k", "full"),
        ("size", "full", "full"),
        ("size", "auto", "full"),
        ("size", "50MP", "50mp"),
        ("type", "person", "person"),
        ("type", "of a kind that nobody knows", "of a kind that nobody knows"),
        ("type_level", "latest", "latest"),
        ("format", "png", "png"),
        ("format", "jpg", "jpeg"),
        ("format", "zip", "zip"),
        ("format", "webp", "webp"),
        ("format", "auto", "auto"),
        ("roi", "0% 0% 50% 10%", Region(Length(0, relative=True), Length(0, relative=True), HALF, TENTH)),
        ("roi", "0px 0 30px 40px", Region(NOTHING, NOTHING, Length(30), Length(40))),
        ("crop", "true", True),
        ("crop", "false", False),
        ("crop", "1", True),
        ("crop_margin", "30px", Margins(*[Length(30)] * 4)),
        ("crop_margin", "10% 50%", Margins(TENTH, HALF, TENTH, HALF)),
        ("crop_margin", "0 1px 2px 3px", Margins(NOTHING, Length(1), Length(2), Length(3))),
        ("scale", "original", None),
        ("scale", "10%", 0.1),
        ("scale", "100%", 1.0),
        ("position", "original", None),
        ("position", "center", (0.5, 0.5)),
        ("position", "20%", (0.2, 0.2)),
        ("position", "20% 80%", (0.2, 0.8)),
        ("channels", "alpha", "alpha"),
        ("bg_color", "f00", Colour(255, 0, 0)),
        ("bg_color", "f008", Colour(255, 0, 0, 136)),
        ("bg_color", "81d4fa", Colour(129, 212, 250)),
        ("bg_color", "#81d4fa80", Colour(129, 212, 250, 128)),
        ("bg_color", "green", Colour(0, 128, 0)),
        ("add_shadow", "true", True),
        ("shadow_type", "drop", "drop"),
        ("shadow_opacity", "auto", None),
        ("shadow_opacity", "75", 0.75),
        ("semitransparency", "false", False),
    ],
)
def test_every_value_of_the_contract_is_understood(field: str, text: str, means: object):
    assert getattr(wishes({field: text}), field) == means


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("size", "huge"),
        ("format", "bmp"),
        ("roi", "0% 0% 50%"),
        ("roi", "a b c d"),
        ("crop", "perhaps"),
        ("crop_margin", "1px 2px 3px"),
        ("crop_margin", "-1px"),
        ("crop_margin", "51%"),
        ("crop_margin", "501px"),
        ("scale", "9%"),
        ("scale", "101%"),
        ("scale", "50"),
        ("position", "middle"),
        ("position", "120%"),
        ("position", "1% 2% 3%"),
        ("channels", "rgb"),
        ("bg_color", "12345"),
        ("bg_color", "no colour"),
        ("add_shadow", "dark"),
        ("shadow_opacity", "101"),
        ("shadow_opacity", "nan"),
        ("semitransparency", "2"),
    ],
)
def test_what_is_not_understood_is_refused_under_the_fields_own_code(field: str, text: str):
    with pytest.raises(Refused) as refusal:
        wishes({field: text})
    (fault,) = refusal.value.faults
    assert fault.code == f"invalid_{field}"
    assert not fault.detail.startswith("Value error")


def test_every_fault_is_told():
    with pytest.raises(Refused) as refusal:
        wishes({"size": "huge", "scale": "0%"})
    assert [fault.code for fault in refusal.value.faults] == ["invalid_size", "invalid_scale"]


@pytest.mark.parametrize("field", ["shadow_method", "image_filename", "a field of next year"])
def test_a_field_that_is_removed_or_unknown_is_passed_over(field: str):
    assert wishes({field: "x"}) == Wishes()


@pytest.mark.parametrize(
    ("roi", "code"),
    [
        ("50% 0% 50% 100%", "roi_region_empty"),
        ("0px 30px 10px 20px", "roi_region_empty"),
        ("0% 0% 101% 100%", "roi_exceeds_bounds"),
        ("-1px 0px 10px 10px", "roi_exceeds_bounds"),
    ],
)
def test_a_region_that_fits_no_image_is_refused_at_once(roi: str, code: str):
    with pytest.raises(Refused) as refusal:
        wishes({"roi": roi})
    assert refusal.value.faults[0].code == code


@pytest.mark.parametrize(
    ("roi", "code"),
    [
        ("0 0 101px 50%", "roi_exceeds_bounds"),
        ("0 0 50% 51px", "roi_exceeds_bounds"),
        ("60px 0 50% 50px", "roi_region_empty"),
        ("0 0 100px 50px", None),
    ],
)
def test_other_regions_are_refused_once_the_images_size_is_known(roi: str, code: str | None):
    region = wishes({"roi": roi}).roi
    assert region
    fault = region_fault(region, (100, 50))
    assert (fault.code if fault else None) == code
