"""All measures of one picture, and what they come to over many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from py_sod_metrics import Emeasure, FmeasureHandler, FmeasureV2, Smeasure, WeightedFmeasure

from model_serving.evaluation.boundary import boundary_accuracy
from model_serving.evaluation.metrics import CUT, Map, iou, mae

Wanted = npt.NDArray[np.bool_]
Curve = npt.NDArray[np.float64]
"""A measure at each of 256 thresholds of the map, from 255 down to 0."""

BETA_SQUARED = 0.3
"""Of the F-measure: that what is found is right counts more than that all is found, as in all published tables."""


@dataclass(frozen=True, slots=True)
class Score:
    """The measures of one picture, 0..1 each; `source` is its data set. docs/evaluation.md says what each tells."""

    source: str
    name: str
    iou: float
    mae: float
    s_measure: float
    f_weighted: float
    f_adaptive: float
    f_curve: Curve
    e_adaptive: float
    e_curve: Curve
    mba: float


MEASURES: Mapping[str, Callable[[Score], float | Curve]] = {
    "iou": lambda score: score.iou,
    "mae": lambda score: score.mae,
    "s_measure": lambda score: score.s_measure,
    "f_max": lambda score: score.f_curve,
    "f_mean": lambda score: score.f_curve,
    "f_adaptive": lambda score: score.f_adaptive,
    "f_weighted": lambda score: score.f_weighted,
    "e_max": lambda score: score.e_curve,
    "e_mean": lambda score: score.e_curve,
    "e_adaptive": lambda score: score.e_adaptive,
    "mba": lambda score: score.mba,
}
LESS_IS_BETTER = frozenset({"mae"})


def measure(source: str, name: str, predicted: Map, truth: Map) -> Score:
    """Both maps of one size. The map is taken as it is served: the network has stretched it to 0..1 already."""
    wanted = truth > CUT
    f = _library(FmeasureV2({"f": FmeasureHandler(True, True, beta=BETA_SQUARED)}), predicted, wanted)["f"]
    e = _library(Emeasure(), predicted, wanted)["em"]
    return Score(
        source,
        name,
        iou=iou(predicted, truth),
        mae=mae(predicted, truth),
        s_measure=float(_library(Smeasure(), predicted, wanted)["sm"]),
        f_weighted=float(_library(WeightedFmeasure(), predicted, wanted)["wfm"]),
        f_adaptive=float(f["adaptive"]),
        f_curve=f["dynamic"],
        e_adaptive=float(e["adp"]),
        e_curve=e["curve"],
        mba=boundary_accuracy(predicted, truth),
    )


def values(score: Score) -> dict[str, float]:
    """By the names of MEASURES; of a curve its best or its mean, for this picture alone."""
    return {name: _of(name, read(score)) for name, read in MEASURES.items()}


def means(scores: Sequence[Score]) -> dict[str, float]:
    """As published tables have them: a curve is averaged over the pictures before its best is taken."""
    curves = {name: np.asarray([read(score) for score in scores], np.float64) for name, read in MEASURES.items()}
    return {name: _of(name, curve.mean(axis=0)) for name, curve in curves.items()}


def _of(name: str, value: float | Curve) -> float:
    return float(np.max(value) if name.endswith("_max") else np.mean(value))


def _library(meter: FmeasureV2 | Emeasure | Smeasure | WeightedFmeasure, predicted: Map, wanted: Wanted) -> Any:
    meter.step(np.clip(predicted, 0.0, 1.0), wanted, normalize=False)
    return meter.get_results()
