import numpy as np
import pytest

from model_serving.evaluation.boundary import boundary_accuracy, radii
from model_serving.evaluation.metrics import Map


def left_of(column: int, side: int) -> Map:
    made = np.zeros((side, side), np.float32)
    made[:, :column] = 1.0
    return made


def test_the_truth_itself_is_all_right():
    assert boundary_accuracy(left_of(10, 20), left_of(10, 20)) == 1.0


def test_an_edge_one_pixel_off_is_half_right_where_the_bands_are_two_pixels_wide():
    assert radii(20, 20) == [1, 1, 1, 1, 1]
    assert boundary_accuracy(left_of(9, 20), left_of(10, 20)) == 0.5


def test_in_larger_pictures_some_bands_are_wider():
    assert radii(450, 450) == [1, 1, 1, 2, 2]
    by_hand = (3 * 1 / 2 + 2 * 3 / 4) / 5  # one column of two is wrong in three bands, one of four in two
    assert boundary_accuracy(left_of(224, 450), left_of(225, 450)) == pytest.approx(by_hand)


def test_what_is_wrong_far_from_the_edge_does_not_count():
    holed = left_of(10, 20)
    holed[8:12, 2:5] = 0.0
    assert boundary_accuracy(holed, left_of(10, 20)) == 1.0


def test_a_truth_without_an_edge_is_measured_as_a_whole():
    empty = np.zeros((20, 20), np.float32)
    assert boundary_accuracy(empty, empty) == 1.0
    assert boundary_accuracy(left_of(5, 20), empty) == 0.75
