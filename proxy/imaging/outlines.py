"""Outlines of a yes/no mask: rings along the edges of its pixels, objects with their holes.

Points are corners of pixels: (0, 0) is the top left corner of the picture, (width, height) its bottom right one. So a
ring encloses the very pixels that it was made of, a single pixel has an area, and nothing shrinks by half a pixel.
Pixels that touch at a corner are one object.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proxy.imaging.run_lengths import Solid

Ring = NDArray[np.int32]
"""Nx2: x and y of each corner. The first is not said again at the end."""
FEWEST_POINTS = 3

# Of the four pixels around a corner: top left 8, top right 4, bottom left 2, bottom right 1.
_STRAIGHT = (0, 3, 5, 10, 12, 15)
_IS_CORNER = np.array([around not in _STRAIGHT for around in range(16)])
_RISING, _FALLING = 6, 9
"""Two pixels that touch at this corner only: the outline passes it twice."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One object. `outer` runs clockwise as one sees it, each of `holes` the other way round."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


def outlines(solid: Solid, epsilon: float = 0.0, part: float = 0.0) -> list[Outline]:
    """The objects of a mask HxW of booleans, from the top down.

    `epsilon`: pixels by which an outline may be off to have fewer points (Douglas-Peucker); 0 gives the mask back
    when it is filled. `part`: or by this part of their length, where that is more. What would collapse stays as it is:
    no object and no hole gets lost.
    """
    outers: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {}
    objects = _numbered(solid)
    for ring in _rings(solid):
        x, y = ring[0]
        simpler = _simplified(ring, epsilon, part)
        if solid[y, x]:
            outers[int(objects[y, x])] = simpler
        else:  # above the topmost edge of a hole lies its object
            holes.setdefault(int(objects[y - 1, x]), []).append(np.roll(simpler[::-1], 1, axis=0))
    return [Outline(outer, tuple(holes.get(number, ()))) for number, outer in outers.items()]


def keyholed(outline: Outline) -> Ring:
    """Outer ring and holes as one ring, for whom knows no holes: to each a way of no width, there and back.

    It begins at a corner that it passes once: labelme and X-AnyLabeling leave out every return to the first point.
    """
    ring = outline.outer
    for hole in sorted(outline.holes, key=lambda hole: int(hole[:, 1].min())):
        at, to = _nearest(ring, hole)
        detour = np.concatenate((hole[to:], hole[: to + 1], ring[at : at + 1]))
        ring = np.concatenate((ring[: at + 1], detour, ring[at + 1 :]))
    _, corners, times = np.unique(ring @ (1 << 32, 1), return_inverse=True, return_counts=True)
    return np.roll(ring, -int((times[corners] == 1).argmax()), axis=0)


def _nearest(ring: Ring, hole: Ring) -> tuple[int, int]:
    """Of both the corner: where the ring is nearest to the hole's first one, and where the hole is to that."""
    at = int(np.square(ring - hole[0]).sum(axis=1).argmin())
    return at, int(np.square(hole - ring[at]).sum(axis=1).argmin())


def _simplified(ring: Ring, epsilon: float, part: float) -> Ring:
    epsilon = max(epsilon, part * cv2.arcLength(ring[:, None], closed=True)) if part else epsilon
    if not epsilon:
        return ring
    simpler: Ring = np.asarray(cv2.approxPolyDP(ring[:, None], epsilon, closed=True), np.int32).reshape(-1, 2)
    return simpler if len(simpler) >= FEWEST_POINTS else ring


def _numbered(solid: Solid) -> NDArray[np.int32]:
    _, numbers = cv2.connectedComponents(solid.view(np.uint8), connectivity=8)
    return np.asarray(numbers, np.int32)


def _rings(solid: Solid) -> Iterator[Ring]:
    """Each begins at its topmost corner, of these the leftmost, and sets off to the right."""
    xs, ys, around = _corners(solid)
    beside = _partners(np.arange(len(xs)))
    below = _partners(_by_columns(xs, ys, around))
    left = [True] * len(xs)
    points = np.stack((xs, ys), axis=1).astype(np.int32)
    for start in range(len(left)):
        if left[start]:
            yield points[_cycle(start, beside, below, left)]


def _cycle(start: int, beside: Sequence[int], below: Sequence[int], left: list[bool]) -> list[int]:
    """Edges lie and stand in turn, so a ring is: to the corner beside, to the one below or above, and so on."""
    cycle, corner = [], start
    while left[corner]:
        other = beside[corner]
        cycle += [corner, other]
        left[corner] = left[other] = False
        corner = below[other]
    return cycle


def _corners(solid: Solid) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """Where an outline turns, row by row, with the pixels around; twice where it passes twice."""
    height, width = solid.shape
    framed = np.zeros((height + 2, width + 2), np.uint8)
    framed[1:-1, 1:-1] = solid
    pairs = framed[:, :-1] << 1 | framed[:, 1:]
    around = pairs[:-1] << 2 | pairs[1:]
    ys, xs = np.nonzero(_IS_CORNER[around])
    around = around[ys, xs]
    times = np.where((around == _RISING) | (around == _FALLING), 2, 1)
    return np.repeat(xs, times), np.repeat(ys, times), np.repeat(around, times)


def _by_columns(xs: NDArray[np.intp], ys: NDArray[np.intp], around: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The corners' numbers from column to column, downwards.

    Of a corner that is passed twice, the first number ends the edge on its left and the second begins the one on its
    right. Where the two pixels rise to the right, the way from the left goes on upwards, else downwards: then the
    pixels on both sides stay one object.
    """
    first = np.append(xs[1:] == xs[:-1], False) & np.append(ys[1:] == ys[:-1], False)
    second = np.roll(first, 1)
    # Upwards ends an edge that comes from above, so it is counted before the one that goes down.
    goes_up = np.where(around == _RISING, first, second)
    order: NDArray[np.intp] = np.lexsort((~goes_up, ys, xs))
    return order


def _partners(order: NDArray[np.intp]) -> list[int]:
    """In this order the corners are the ends of edges, two by two."""
    partners = np.empty_like(order)
    partners[order[0::2]], partners[order[1::2]] = order[1::2], order[0::2]
    found: list[int] = partners.tolist()
    return found
