"""Mean boundary accuracy: how much is right near the truth's edge, where thin parts and hair are."""

import cv2
import numpy as np
import numpy.typing as npt

from model_serving.evaluation.metrics import CUT, Map

STEPS = 5


def boundary_accuracy(predicted: Map, truth: Map) -> float:
    """The share of right pixels within a band around the truth's edge, averaged over STEPS widths of the band; 0..1.

    As InSPyReNet's repository measures it, after CascadePSP (Cheng et al. 2020). Where the truth has no edge, all
    pixels count.
    """
    found, wanted = predicted > CUT, (truth > CUT).astype(np.uint8)
    right = found == wanted.astype(bool)
    return float(np.mean([_share(right, wanted, radius) for radius in radii(*truth.shape)]))


def radii(height: int, width: int) -> list[int]:
    """Of the discs that make the bands, in pixels: from 1 towards a 300th of the two sides together."""
    most = (width + height) / 300
    return [1 + int((most - 1) / STEPS * step) for step in range(STEPS)]


def _share(right: npt.NDArray[np.bool_], wanted: npt.NDArray[np.uint8], radius: int) -> float:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    band = cv2.morphologyEx(wanted, cv2.MORPH_GRADIENT, disc) > 0
    return float(right[band].mean() if band.any() else right.mean())
