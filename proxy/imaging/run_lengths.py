"""Yes/no masks as lengths of runs: COCO's and CVAT's ways, and the runs that both are made of.

Every function takes a mask HxW of booleans, True where the object is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Solid = NDArray[np.bool_]
"""HxW, True where the object is."""
Lengths = NDArray[np.int64]

_GROUP, _SIGN, _MORE, _FIRST_CHARACTER = 5, 0x10, 0x20, 48
_MOST_GROUPS = 7
"""Enough for 34 bits and a sign: runs of pictures of 16 gigapixels."""


def runs(flat: Solid) -> Lengths:
    """How many False, then how many True, and so on. The first is 0 where the mask begins with True."""
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first = [0, 0] if flat[:1].any() else [0]
    return np.diff(np.concatenate((first, turns, [flat.size])))


def coco_counts(solid: Solid) -> str:
    """COCO's compressed run lengths, as `pycocotools.mask.encode` makes them (cocoapi, maskApi.c, `rleToString`).

    Column by column. From the fourth on each is told as the difference from the last but one of its kind; five bits
    to a character, the lowest first, the sixth bit says that more follow.
    """
    counts = runs(_columns(solid))
    rest = counts.copy()
    rest[3:] -= counts[1:-2]
    groups = np.zeros((len(rest), _MOST_GROUPS), np.uint8)
    used = np.zeros_like(groups, dtype=np.bool_)
    following = np.ones(len(rest), np.bool_)
    for place in range(_MOST_GROUPS):
        used[:, place] = following
        low = rest & (_MORE - 1)
        rest >>= _GROUP
        following &= np.where(low & _SIGN, rest != -1, rest != 0)
        groups[:, place] = low | (following * _MORE)
    return (groups[used] + _FIRST_CHARACTER).tobytes().decode("ascii")


def cvat_numbers(solid: Solid) -> list[int]:
    """CVAT's `points` of a mask: run lengths within the bounding box, row by row, then the box: left, top, right and
    bottom, inclusive. As `cvat_sdk.masks.encode_mask` makes them; there must be an object."""
    left, top, width, height = box(solid)
    inside = runs(solid[top : top + height, left : left + width].ravel())
    return [*inside.tolist(), left, top, left + width - 1, top + height - 1]


def box(solid: Solid) -> tuple[int, int, int, int]:
    """Left, top, width and height of the smallest rectangle around the object; four zeros where there is none."""
    left, top, width, height = cv2.boundingRect(solid.view(np.uint8))
    return left, top, width, height


def _columns(solid: Solid) -> Solid:
    # In blocks, as numpy's own transposed copy does not: that one misses the cache at every pixel.
    return np.asarray(cv2.transpose(solid.view(np.uint8))).view(np.bool_).ravel()
