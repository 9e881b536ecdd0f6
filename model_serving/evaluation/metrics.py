"""Measures of a saliency map against the truth; one picture at a time, to be averaged over pictures."""

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]
"""HxW in 0..1."""

CUT = 0.5
"""Above it a pixel counts as salient, in the map and in the truth."""


def iou(predicted: Map, truth: Map) -> float:
    """Intersection over union of the pixels above CUT; 1 where neither has any."""
    found, wanted = predicted > CUT, truth > CUT
    union = int(np.logical_or(found, wanted).sum())
    return int(np.logical_and(found, wanted).sum()) / union if union else 1.0


def mae(predicted: Map, truth: Map) -> float:
    """Mean absolute difference of the soft maps."""
    return float(np.abs(predicted - truth).mean())


def s_measure(predicted: Map, truth: Map) -> float:
    """Structure measure (Fan et al. 2017), half by objects and half by regions; the truth is cut first. 0..1."""
    wanted = truth > CUT
    if not wanted.any():
        return 1.0 - float(predicted.mean())
    if wanted.all():
        return float(predicted.mean())
    return max(0.0, 0.5 * _by_object(predicted, wanted) + 0.5 * _by_region(predicted, wanted))


def _by_object(predicted: Map, wanted: npt.NDArray[np.bool_]) -> float:
    share = float(wanted.mean())
    return share * _likeness(predicted[wanted]) + (1.0 - share) * _likeness(1.0 - predicted[~wanted])


def _likeness(values: Map) -> float:
    mean = float(values.mean())
    return 2.0 * mean / (mean * mean + 1.0 + float(values.std()))


def _by_region(predicted: Map, wanted: npt.NDArray[np.bool_]) -> float:
    """Four regions that meet at the truth's centre of mass, weighted by their area."""
    rows, columns = wanted.nonzero()
    y, x = round(float(rows.mean())) + 1, round(float(columns.mean())) + 1
    corners = [(down, across) for down in (slice(0, y), slice(y, None)) for across in (slice(0, x), slice(x, None))]
    parts = [(predicted[corner], wanted[corner].astype(np.float32)) for corner in corners]
    return sum(part.size / wanted.size * _similarity(part, truth) for part, truth in parts if part.size)


def _similarity(x: Map, y: Map) -> float:
    """Structural similarity without its constants."""
    if x.size < 2:
        return 0.0
    mean_x, mean_y = float(x.mean()), float(y.mean())
    spread = float(x.var(ddof=1) + y.var(ddof=1))
    together = float(((x - mean_x) * (y - mean_y)).sum() / (x.size - 1))
    above = 4.0 * mean_x * mean_y * together
    below = (mean_x**2 + mean_y**2) * spread
    if above:
        return above / below
    return 0.0 if below else 1.0
