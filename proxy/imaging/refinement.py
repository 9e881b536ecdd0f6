"""What can still be done to a mask once the model has spoken: pure functions of its levels, none asks the model.

An *object* is a region of levels from `SOLID` up that touch (corners count); each pixel beside the objects belongs to
the nearest one, so soft edges go where their object goes.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFilter

SOLID = 128
"""From this level on a pixel is more object than background."""

Levels = NDArray[np.uint8]
"""HxW, 0 background, 255 object."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """The steps, in the order in which they are taken. Lengths are pixels of the mask that they are done to."""

    threshold: int | None = None
    """1..255: levels from here on become 255, all others 0."""
    min_area: float = 0
    """Objects of fewer pixels are removed."""
    largest: bool = False
    """Only the largest object stays."""
    fill_holes: bool = False
    """Background that does not touch the picture's edge becomes object."""
    grow: int = 0
    """So far the object's outline moves outwards; inwards when negative."""
    feather: float = 0
    """Standard deviation of the Gaussian that softens the outline."""

    def scaled(self, ratio: float) -> "Refinement":
        """The same for a mask that is `ratio` times as wide."""
        return replace(
            self, min_area=self.min_area * ratio**2, grow=round(self.grow * ratio), feather=self.feather * ratio
        )


AS_IT_IS = Refinement()


def refined(grey: Pillow.Image, refinement: Refinement) -> Pillow.Image:
    """A picture of mode L in, one of the same size out; the same one when nothing is to be done."""
    if refinement == AS_IT_IS:
        return grey
    levels: Levels = np.asarray(grey)
    if refinement.threshold is not None:
        levels = np.where(levels >= refinement.threshold, np.uint8(255), np.uint8(0))
    if refinement.largest or refinement.min_area > 1:
        levels = _without_small(levels, refinement)
    if refinement.fill_holes:
        levels = _filled(levels)
    if refinement.grow:
        levels = _grown(levels, refinement.grow)
    softened = Pillow.fromarray(levels)
    return softened.filter(ImageFilter.GaussianBlur(refinement.feather)) if refinement.feather else softened


def _without_small(levels: Levels, refinement: Refinement) -> Levels:
    """Objects too small, and all but the largest if so wanted, with their soft edges."""
    solid = levels >= SOLID
    if not solid.any():
        return np.zeros_like(levels)
    nearest = _nearest(solid)
    areas = np.bincount(nearest[solid])
    staying = areas >= refinement.min_area
    if refinement.largest:
        staying &= np.arange(areas.size) == areas.argmax()
    return np.where(staying[nearest], levels, np.uint8(0))


def _filled(levels: Levels) -> Levels:
    """The soft rim of a hole belongs to it as far as it lies nearer to it than to the background outside."""
    background = levels < SOLID
    if not background.any():
        return levels
    nearest = _nearest(background)
    hole = np.ones(int(nearest.max()) + 1, dtype=bool)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        hole[nearest[edge][background[edge]]] = False
    return np.where(hole[nearest], np.uint8(255), levels)


def _nearest(inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """For each pixel the number (from 1) of the region of `inside` that is nearest to it. There must be one."""
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_CCOMP
    )
    return labels.astype(np.int32, copy=False)


def _grown(levels: Levels, pixels: int) -> Levels:
    """By an octagon, nearly a disc: a square's few steps and a diamond's many are cheap at any size."""
    step = cv2.dilate if pixels > 0 else cv2.erode
    squares = round(abs(pixels) * (2**0.5 - 1))
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * squares + 1, 2 * squares + 1))
    diamond = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return _levels(step(_levels(step(levels, square)), diamond, iterations=abs(pixels) - squares))


def _levels(array: object) -> Levels:
    return np.asarray(array, dtype=np.uint8)
