"""The plain measures of a saliency map against the truth: what training looks at too. score.py has all the others."""

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
