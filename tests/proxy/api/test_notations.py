from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api import notations
from proxy.imaging.backgrounds import Colour, Gradient
from proxy.imaging.geometry import Length, Margins, Region

READERS = [
    notations.length,
    notations.positive_length,
    notations.margins,
    notations.region,
    notations.scale,
    notations.position,
    notations.offset,
    notations.colour,
    notations.gradient,
]
TEN, FIVE = Length(0.1, relative=True), Length(5)


@pytest.mark.parametrize(("text", "length"), [("5px", FIVE), ("5", FIVE), ("10%", TEN), (" 2.5px ", Length(2.5))])
def test_a_length_is_pixels_or_a_part(text: str, length: Length):
    assert notations.length(text) == length


@pytest.mark.parametrize(
    ("text", "margins"),
    [
        ("10%", Margins(TEN, TEN, TEN, TEN)),
        ("10% 5px", Margins(TEN, FIVE, TEN, FIVE)),
        ("10% 5 0 0px", Margins(TEN, FIVE, Length(0), Length(0))),
    ],
)
def test_margins_are_written_as_in_css(text: str, margins: Margins):
    assert notations.margins(text) == margins


def test_a_region_is_left_top_right_bottom():
    assert notations.region("10% 5px 100% 80%") == Region(
        TEN, FIVE, Length(1, relative=True), Length(0.8, relative=True)
    )


def test_scales_and_positions():
    assert [notations.scale(text) for text in ("original", "10%", "100%")] == [None, 0.1, 1]
    written = ("original", "center", "0%", "25% 100%", "center 100%")
    assert [notations.position(text) for text in written] == [None, (0.5, 0.5), (0, 0), (0.25, 1), (0.5, 1)]


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("fff", Colour(255, 255, 255)),
        ("#81D4FA", Colour(129, 212, 250)),
        ("81d4fa80", Colour(129, 212, 250, 128)),
        ("#f008", Colour(255, 0, 0, 136)),
        ("RebeccaPurple", Colour(102, 51, 153)),
        ("transparent", Colour(0, 0, 0, 0)),
    ],
)
def test_a_colour_is_hex_digits_or_a_name(text: str, colour: Colour):
    assert notations.colour(text) == colour


def test_a_name_means_the_same_each_time():
    assert notations.colour("white") == notations.colour("white") == Colour(255, 255, 255)


def test_a_gradient_runs_downwards_or_at_its_angle():
    white, navy = Colour(255, 255, 255), Colour(0, 0, 128)
    assert notations.gradient("white, navy") == Gradient((white, navy), 180)
    assert notations.gradient("-90deg,white,navy,fff") == Gradient((white, navy, white), 270)


@pytest.mark.parametrize(
    ("read", "text", "remedy"),
    [
        (notations.length, "12em", "write pixels"),
        (notations.positive_length, "-1px", "0 to 500px"),
        (notations.positive_length, "101%", "0% to 100%"),
        (notations.margins, "1 2 3", "write 1, 2 or 4"),
        (notations.margins, "", "write 1, 2 or 4"),
        (notations.margins, "51%", "50% of the subject"),
        (notations.margins, "501px", "0 to 500px"),
        (notations.margins, "-1px", "0 to 500px"),
        (notations.region, "1 2 3", "left, top, right and bottom"),
        (notations.region, "50% 0% 50% 100%", "right must exceed left"),
        (notations.region, "0px 9px 9px 8px", "bottom must exceed top"),
        (notations.scale, "9%", "10%"),
        (notations.scale, "50", "10%"),
        (notations.position, "101%", "0% to 100%"),
        (notations.position, "1% 2% 3%", "once or twice"),
        (notations.position, "", "once or twice"),
        (notations.offset, "1%", "two lengths"),
        (notations.offset, "900px 0", "500px"),
        (notations.colour, "12345", "hex digits"),
        (notations.colour, "blau", "hex digits"),
        (notations.colour, "", "%23"),
        (notations.gradient, "white", "2 to 8"),
        (notations.gradient, "45deg", "2 to 8"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(read, text: str, remedy: str):
    with pytest.raises(ValueError, match=remedy) as caught:
        read(text)
    assert f"`{text}`" in str(caught.value)


@given(text=st.text() | st.text("0123456789.%px -,degwhit#af"), read=st.sampled_from(READERS))
def test_any_text_is_read_or_refused(text: str, read):
    with suppress(ValueError):
        read(text)
