import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from proxy.imaging.refinement import AS_IT_IS, Refinement, refined
from tests.support.drawings import drawn, levels_of

TWO_OBJECTS = """
    ..........
    .+####+...
    .+####+.#.
    .+####+...
    ..........
"""
LARGEST = """
    ..........
    .+####+...
    .+####+...
    .+####+...
    ..........
"""
RING = """
    ........
    .######.
    .#+..+#.
    .#....#.
    .######.
    ........
"""


def done(drawing: str, **steps: float) -> str:
    return levels_of(refined(drawn(drawing), Refinement(**steps)))  # type: ignore[arg-type]


def test_nothing_asked_is_nothing_done():
    grey = drawn(RING)
    assert refined(grey, AS_IT_IS) is grey


def test_a_threshold_leaves_no_soft_edge():
    assert set(done(TWO_OBJECTS, threshold=65)) == {".", "#", "\n"}
    assert "+" not in done(TWO_OBJECTS, threshold=64)


def test_of_several_objects_the_largest_stays_with_its_soft_edge():
    assert done(TWO_OBJECTS, largest=True) == levels_of(drawn(LARGEST))


@pytest.mark.parametrize(("area", "stays"), [(1, True), (2, False)])
def test_objects_of_fewer_pixels_go(area: int, stays: bool):
    assert done(TWO_OBJECTS, min_area=area) == levels_of(drawn(TWO_OBJECTS if stays else LARGEST))


def test_corners_that_touch_make_one_object():
    assert "#" in done("#.\n.#", min_area=2)


def test_where_there_is_no_object_none_stays():
    assert done("....\n.++.\n....", largest=True) == "....\n....\n...."


def test_a_hole_is_filled_to_its_soft_rim():
    solid = ".######.\n" * 4
    assert done(RING, fill_holes=True) == f"........\n{solid}........"


@pytest.mark.parametrize("drawing", ["####\n....\n####", "#.##\n#..#\n####", "####\n####", "....\n...."])
def test_what_the_edge_touches_is_no_hole(drawing: str):
    assert done(drawing, fill_holes=True) == drawing


def test_an_outline_moves_both_ways():
    small = ".....\n.....\n..#..\n.....\n....."
    large = ".....\n..#..\n.###.\n..#..\n....."
    assert done(small, grow=1) == large
    assert done(large, grow=-1) == small


@pytest.mark.parametrize("pixels", [3, 10, 40])
def test_a_dot_grows_into_nearly_a_disc(pixels: int):
    side = 2 * pixels + 5
    dot = Pillow.new("L", (side, side))
    dot.putpixel((side // 2, side // 2), 255)
    grown = np.asarray(refined(dot, Refinement(grow=pixels)))
    assert (grown[side // 2] > 0).sum() == 2 * pixels + 1
    assert np.count_nonzero(grown) == pytest.approx(np.pi * (pixels + 0.5) ** 2, rel=0.12)


def test_an_object_at_the_edge_does_not_shrink_from_there():
    assert done("###.\n###.\n###.", grow=-1) == "##..\n##..\n##.."


def test_a_feather_softens_and_keeps_the_middle_of_the_edge():
    step = Pillow.new("L", (40, 40))
    step.paste(255, (20, 0, 40, 40))
    row = np.asarray(refined(step, Refinement(feather=3)))[20]
    assert all(row[:-1] <= row[1:])
    assert row[19] < 128 <= row[20]
    assert (row[10], row[29]) == (0, 255)


@given(st.binary(min_size=48, max_size=48), st.integers(-3, 3), st.booleans(), st.booleans(), st.integers(0, 20))
def test_any_mask_survives_any_refinement(levels: bytes, grow: int, largest: bool, fill: bool, area: int):
    grey = Pillow.frombytes("L", (8, 6), levels)
    result = refined(grey, Refinement(min_area=area, largest=largest, fill_holes=fill, grow=grow, feather=0.5))
    assert (result.mode, result.size) == ("L", (8, 6))


def test_lengths_go_with_the_size_of_the_mask():
    assert Refinement(min_area=100, grow=-10, feather=2.0, threshold=9).scaled(0.5) == Refinement(
        min_area=25, grow=-5, feather=1.0, threshold=9
    )
