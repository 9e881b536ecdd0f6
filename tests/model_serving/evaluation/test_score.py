import numpy as np
import pytest
from py_sod_metrics import Emeasure, FmeasureHandler, FmeasureV2, Smeasure, WeightedFmeasure

from model_serving.evaluation.metrics import Map
from model_serving.evaluation.score import LESS_IS_BETTER, MEASURES, Score, means, measure, values


def truth(seed: int = 0) -> Map:
    made = np.zeros((32, 48), np.float32)
    made[8:24, 4 + seed : 30 + seed] = 1.0
    return made


def guess(seed: int) -> Map:
    noise = np.random.default_rng(seed).random((32, 48), np.float32)
    return (0.7 * truth() + 0.3 * noise) / np.max(0.7 * truth() + 0.3 * noise)


@pytest.fixture
def two() -> list[Score]:
    return [measure("ours", str(seed), guess(seed), truth(seed)) for seed in (0, 5)]


def test_the_truth_itself_is_perfect():
    found = values(measure("ours", "a", truth(), truth()))
    assert found.keys() == MEASURES.keys()
    for name, value in found.items():
        assert value == pytest.approx(0.0 if name in LESS_IS_BETTER else 1.0, abs=1e-2), name


def test_over_many_pictures_it_is_what_pysodmetrics_says_of_them_together(two: list[Score]):
    f = FmeasureV2({"f": FmeasureHandler(True, True, beta=0.3)})
    e, s, w = Emeasure(), Smeasure(), WeightedFmeasure()
    for seed in (0, 5):
        for meter in (f, e, s, w):
            meter.step(guess(seed).astype(np.float64), truth(seed) > 0.5, normalize=False)
    together, aligned = f.get_results()["f"], e.get_results()["em"]
    theirs = {
        "f_max": together["dynamic"].max(),
        "f_mean": together["dynamic"].mean(),
        "f_adaptive": together["adaptive"],
        "e_max": aligned["curve"].max(),
        "e_mean": aligned["curve"].mean(),
        "e_adaptive": aligned["adp"],
        "s_measure": s.get_results()["sm"],
        "f_weighted": w.get_results()["wfm"],
    }
    ours = means(two)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-9), name


def test_the_best_of_a_mean_curve_is_no_more_than_the_mean_of_the_bests(two: list[Score]):
    assert means(two)["f_max"] <= np.mean([values(score)["f_max"] for score in two])


def test_worse_maps_score_worse():
    good, bad = (values(measure("ours", "a", found, truth())) for found in (guess(0), 1.0 - truth()))
    for name in MEASURES:
        assert (good[name] < bad[name]) == (name in LESS_IS_BETTER), name


def test_an_empty_truth_is_measured_too():
    empty = np.zeros((32, 48), np.float32)
    found = values(measure("ours", "a", empty, empty))
    assert found["iou"] == found["s_measure"] == 1.0
    assert found["mae"] == 0.0
    assert all(np.isfinite(value) for value in found.values())
