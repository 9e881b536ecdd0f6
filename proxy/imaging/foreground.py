"""The object's own colours where its edge lets the background through: no halo of the old place around a cutout.

A pixel there shows α F + (1 - α) B of its foreground and background colours. Both are guessed from their neighbours and
corrected by what the pixel shows (M. Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021), from coarse to
fine as T. Germer et al. do it ("Fast Multi-Level Foreground Estimation", ICPR 2020), so that a wide soft edge costs no
more than a narrow one. The guesses are smooth and made of a reduced picture; only the last correction takes every pixel
of the edge.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Literal, cast

import cv2
import numpy as np
from cv2.typing import MatLike
from PIL import Image as Pillow

Floats = MatLike
"""HxW or HxWx3, float32."""
Box = tuple[int, int, int, int]
Factors = tuple[int, int]
"""How often a reduced picture goes into its original, across and down."""

Edges = Literal["clean", "plain"]

WORKING_SIDE = 512
"""The reduced picture's longest side: larger ones are guessed hardly better, and slower."""
TILE = 128
"""So many pixels wide and high is what is corrected at a time: it stays in the processor's cache."""

_NOTHING = (0, 0, 0, 0)
_GONE = [255, *[0] * 255]
_ALL_GONE = (0, 0)
_NO_EDGE = _ALL_GONE, (255, 255)
_FAINTEST, _FULLEST = 1, 254
_COARSEST_SIDE = 8
_WINDOW = (3, 3)
_ROUNDS = 2
_DOUBT = 1e-4
"""Weight of a pixel that knows nothing: where nobody knows anything, the coarser guess stands."""


def cut_out(picture: Pillow.Image, alpha: Pillow.Image, edges: Edges = "clean") -> Pillow.Image:
    """RGBA: `picture` (RGB or RGBA) under `alpha` (L, of its size), with foreground colours where that is neither 0 nor
    255, if edges are to be clean.

    All other visible colours stay as they are, bit for bit; and so do all of an RGBA picture: who gave it holes gave it
    edges. What was removed must not lie under the alpha for whoever looks, and is black; zeros are half the bytes of a
    photo.
    """
    factors = _factors(picture.size)
    tiles = {box: cast("tuple[int, int]", alpha.crop(box).getextrema()) for box in _tiles(picture.size, factors)}
    shown = picture.copy()
    if edges == "clean" and picture.mode == "RGB":
        _clean(shown, alpha, factors, [box for box, levels in tiles.items() if levels not in _NO_EDGE])
    shown.putalpha(alpha)
    for box, levels in tiles.items():
        if levels == _ALL_GONE:
            shown.paste(_NOTHING, box)
        elif levels[0] == 0:
            shown.paste(_NOTHING, box, alpha.crop(box).point(_GONE))
    return shown


def _clean(picture: Pillow.Image, alpha: Pillow.Image, factors: Factors, boxes: Sequence[Box]) -> None:
    """In place, and within `boxes`."""
    if not boxes:
        return
    layers = _layers(_floats(picture.reduce(factors)), _floats(alpha.reduce(factors)) / 255)
    foreground, background = (_padded(layer) for layer in layers)
    for box in boxes:
        levels = np.asarray(alpha.crop(box))
        guesses = _enlarged(foreground, box, factors), _enlarged(background, box, factors)
        colours = _corrected(_floats(picture.crop(box)), levels.astype(np.float32) / 255, *guesses)
        partly = cv2.inRange(levels, _FAINTEST, _FULLEST)
        picture.paste(Pillow.fromarray(colours), box, Pillow.fromarray(partly))


def _factors(size: tuple[int, int]) -> Factors:
    """Equal, but for a picture so narrow that nothing would be left of it."""
    factor = math.ceil(max(size) / WORKING_SIDE)
    return min(factor, size[0]), min(factor, size[1])


def _tiles(size: tuple[int, int], factors: Factors) -> Iterator[Box]:
    """Boxes of the picture that are whole pixels of the reduced one, but for those at its end."""
    (width, height), (wide, high) = size, (max(1, TILE // factor) * factor for factor in factors)
    for top, left in product(range(0, height, high), range(0, width, wide)):
        yield left, top, min(left + wide, width), min(top + high, height)


def _layers(seen: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Smooth guesses of foreground and background, HxWx3 as `seen`; `alpha` is HxW, 0..1."""
    foreground, background = _coarser(seen, alpha)
    share = cv2.merge([alpha, alpha, alpha])
    rest = 1 - share
    averaged, averaged_behind = _averaging(share), _averaging(rest)
    for _ in range(_ROUNDS):
        error = seen - share * foreground
        error -= rest * background
        foreground = averaged(foreground + share * error)
        background = averaged_behind(background + rest * error)
    return foreground, background


def _coarser(seen: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    height, width = alpha.shape
    if max(height, width) <= _COARSEST_SIDE:
        return seen, seen
    half = (width + 1) // 2, (height + 1) // 2
    layers = _layers(*(cv2.resize(part, half, interpolation=cv2.INTER_AREA) for part in (seen, alpha)))
    foreground, background = (cv2.resize(layer, (width, height)) for layer in layers)
    return foreground, background


def _averaging(weights: Floats) -> Callable[[Floats], Floats]:
    """What gives each pixel the mean of its neighbourhood, by weight."""
    weights = weights + np.float32(_DOUBT)
    total = cv2.blur(weights, _WINDOW)

    def averaged(colours: Floats) -> Floats:
        return cv2.divide(cv2.blur(cv2.multiply(np.clip(colours, 0, 255), weights), _WINDOW), total)

    return averaged


def _padded(layer: Floats) -> Floats:
    """With a border, so that a tile at the picture's edge has neighbours as any other."""
    return cv2.copyMakeBorder(layer, 1, 1, 1, 1, cv2.BORDER_REPLICATE)


def _enlarged(padded: Floats, box: Box, factors: Factors) -> Floats:
    """What a reduced layer says of `box`, as if all of it had been enlarged."""
    (left, top, right, bottom), (across, down) = box, factors
    width, height = math.ceil((right - left) / across) + 2, math.ceil((bottom - top) / down) + 2
    part = padded[top // down :, left // across :][:height, :width]
    large = cv2.resize(part, (width * across, height * down))
    return large[down:, across:][: bottom - top, : right - left]


def _corrected(seen: Floats, alpha: Floats, foreground: Floats, background: Floats) -> MatLike:
    """F + α (I - α F - (1 - α) B)."""
    share = cv2.merge([alpha, alpha, alpha])
    error = foreground - background
    error *= share
    error += background
    np.subtract(seen, error, out=error)
    error *= share
    return cv2.add(foreground, error, dtype=cv2.CV_8U)


def _floats(picture: Pillow.Image) -> Floats:
    return np.asarray(picture).astype(np.float32)
