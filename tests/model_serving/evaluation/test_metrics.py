import numpy as np
import pytest
from py_sod_metrics import MAE, FmeasureV2, IOUHandler

from model_serving.evaluation.metrics import iou, mae


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


def test_iou_and_mae_agree_with_pysodmetrics():
    rng = np.random.default_rng(1)
    predicted, truth = rng.random((30, 40), np.float32), (rng.random((30, 40)) > 0.6).astype(np.float32)
    theirs = FmeasureV2({"iou": IOUHandler(False, False, with_binary=True)})
    theirs.step(predicted, truth > 0.5, normalize=False)
    assert iou(predicted, truth) == pytest.approx(theirs.get_results()["iou"]["binary"])
    errors = MAE()
    errors.step(predicted, truth > 0.5, normalize=False)
    assert mae(predicted, truth) == pytest.approx(errors.get_results()["mae"], abs=1e-6)
