import numpy as np
import pytest

from model_serving.evaluation.metrics import iou, mae, s_measure


def square(left: int, right: int, side: int = 20) -> np.ndarray:
    made = np.zeros((side, side), np.float32)
    made[5:15, left:right] = 1.0
    return made


def test_iou_by_hand():
    assert iou(square(0, 10), square(5, 15)) == pytest.approx(5 / 15)
    assert iou(square(0, 10), square(0, 10)) == 1.0
    assert iou(square(0, 5), square(10, 15)) == 0.0


def test_iou_of_two_empty_maps_is_one_and_of_one_empty_map_zero():
    empty = np.zeros((4, 4), np.float32)
    assert iou(empty, empty) == 1.0
    assert iou(empty, empty + 1) == 0.0


def test_exactly_half_is_not_salient():
    half = np.full((4, 4), 0.5, np.float32)
    assert iou(half, np.zeros((4, 4), np.float32)) == 1.0


def test_mae_is_of_the_soft_maps():
    assert mae(np.full((4, 4), 0.75, np.float32), np.full((4, 4), 0.5, np.float32)) == pytest.approx(0.25)


def test_s_measure_is_one_for_the_truth_itself_and_less_for_worse():
    truth = square(4, 16)
    blurry, wrong = truth * 0.6 + 0.2, square(0, 4)
    assert s_measure(truth, truth) == pytest.approx(1.0, abs=1e-6)
    assert s_measure(truth, truth) > s_measure(blurry, truth) > s_measure(wrong, truth) >= 0.0


def test_s_measure_of_an_empty_and_of_a_full_truth():
    quarter = np.full((4, 4), 0.25, np.float32)
    assert s_measure(quarter, np.zeros((4, 4), np.float32)) == pytest.approx(0.75)
    assert s_measure(quarter, np.ones((4, 4), np.float32)) == pytest.approx(0.25)
