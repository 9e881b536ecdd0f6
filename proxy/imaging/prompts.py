"""The part of a mask that somebody points at. The model knows no prompts: it has made the whole mask, once."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proxy.imaging.run_lengths import Solid

Point = tuple[float, float]
"""x and y in pixels of the mask, from its top left corner."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """`areas`: convex polygons, clockwise as one sees them; a pixel must lie in one of them. `wanted` and `unwanted`:
    points on objects."""

    areas: tuple[Sequence[Point], ...] = ()
    wanted: tuple[Point, ...] = ()
    unwanted: tuple[Point, ...] = ()


def part_of(solid: Solid, prompts: Prompts) -> Solid:
    """What lies in the areas; of that the objects with a wanted point, if there are such points, and none with an
    unwanted one. Pixels that touch at a corner are one object."""
    part = solid & _within(prompts.areas, solid) if prompts.areas else solid
    if not prompts.wanted and not prompts.unwanted:
        return part
    _, found = cv2.connectedComponents(part.view(np.uint8), connectivity=8)
    objects = np.asarray(found, np.int32)
    staying = np.full(int(objects.max()) + 1, not prompts.wanted)
    staying[_at(prompts.wanted, objects)] = True
    staying[_at(prompts.unwanted, objects)] = False
    staying[0] = False  # the background
    chosen: Solid = staying[objects]
    return chosen


def _within(areas: Sequence[Sequence[Point]], solid: Solid) -> Solid:
    inside = np.zeros(solid.shape, np.bool_)
    for area in areas:
        inside |= _filled(area, *solid.shape)
    return inside


def _filled(area: Sequence[Point], height: int, width: int) -> Solid:
    """The pixels whose middle lies on the right of every edge; none where the area has no inside."""
    ys, xs = np.ogrid[0.5:height, 0.5:width]
    filled = np.ones((height, width), np.bool_)
    for (x0, y0), (x1, y1) in zip(area, (*area[1:], area[0]), strict=True):
        filled &= (x1 - x0) * (ys - y0) > (y1 - y0) * (xs - x0)
    return filled


def _at(points: Sequence[Point], objects: NDArray[np.int32]) -> list[int]:
    height, width = objects.shape
    return [int(objects[_inside(y, height), _inside(x, width)]) for x, y in points]


def _inside(place: float, length: int) -> int:
    return min(max(int(place), 0), length - 1)
