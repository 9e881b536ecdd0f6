import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.imaging.prompts import Prompts, part_of
from proxy.imaging.run_lengths import Solid
from tests.proxy.imaging.solids import solids

TWO = np.array([[1, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]], np.bool_)
SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))


@given(solids())
def test_without_prompts_it_is_the_whole_mask(solid: Solid):
    assert (part_of(solid, Prompts()) == solid).all()


@given(solids(), st.lists(st.tuples(st.floats(-5, 20), st.floats(-5, 20)), max_size=4))
def test_a_part_is_never_more_than_the_mask_wherever_somebody_points(solid: Solid, points: list[tuple[float, float]]):
    part = part_of(solid, Prompts(wanted=tuple(points), unwanted=tuple(points[:1])))
    assert not (part & ~solid).any()


@given(solids())
def test_wanted_and_unwanted_points_share_the_mask_between_them(solid: Solid):
    point = ((0.5, 0.5),)
    wanted, others = part_of(solid, Prompts(wanted=point)), part_of(solid, Prompts(unwanted=point))
    assert (wanted ^ others == solid).all()


def test_a_wanted_point_keeps_its_object_alone():
    assert part_of(TWO, Prompts(wanted=((1.5, 0.5),))).sum() == 2
    assert part_of(TWO, Prompts(wanted=((1.5, 0.5), (3.5, 1.5)))).sum() == 4


def test_a_point_that_is_wanted_and_not_is_not():
    assert part_of(TWO, Prompts(wanted=((1.5, 0.5), (3.5, 0.5)), unwanted=((1.2, 0.1),))).sum() == 2


def test_an_area_keeps_the_pixels_whose_middle_is_in_it():
    assert part_of(np.ones((4, 4), np.bool_), Prompts(areas=(SQUARE,))).tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, False, False],
        [False, False, False, False],
    ]


def test_objects_are_told_apart_within_the_areas():
    both = np.array([[1, 1, 1, 1, 1]], np.bool_)
    halves = (((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)), ((3.0, 0.0), (5.0, 0.0), (5.0, 1.0), (3.0, 1.0)))
    part = part_of(both, Prompts(areas=halves, wanted=((0.5, 0.5),)))
    assert part.tolist() == [[True, True, False, False, False]]


@pytest.mark.parametrize("area", [((0.0, 0.0),) * 4, ((5.0, 5.0), (9.0, 5.0), (9.0, 9.0), (5.0, 9.0))])
def test_an_area_without_pixels_keeps_nothing(area: tuple[tuple[float, float], ...]):
    part = part_of(np.ones((4, 4), np.bool_), Prompts(areas=(area,)))
    assert not part.any()
