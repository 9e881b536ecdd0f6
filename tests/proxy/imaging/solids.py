"""Yes/no masks, from a coin for each pixel to shapes with long runs."""

import numpy as np
from hypothesis import strategies as st

from proxy.imaging.run_lengths import Solid


@st.composite
def solids(draw: st.DrawFn, largest: int = 12) -> Solid:
    """1x1 to `largest` squared, each pixel for itself."""
    height, width = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    pixels = draw(st.binary(min_size=height * width, max_size=height * width))
    return np.frombuffer(pixels, np.uint8).reshape(height, width) >= draw(st.integers(1, 255))


def ring(width: int = 400, height: int = 300) -> Solid:
    """An ellipse with a hole in it, and in the hole an ellipse again."""
    ys, xs = np.mgrid[:height, :width]
    radius = np.hypot((xs - width / 2) / width, (ys - height / 2) / height)
    solid: Solid = ((radius < 0.4) & (radius > 0.2)) | (radius < 0.1)
    return solid


def doughnut() -> Solid:
    """A square hole in a rectangle, nearest to its upper left corner."""
    solid = np.zeros((100, 100), np.bool_)
    solid[10:70, 10:90] = True
    solid[20:60, 20:60] = False
    return solid


SHAPES = {
    "ring": ring(),
    "nothing": np.zeros((300, 400), np.bool_),
    "everything": np.ones((300, 400), np.bool_),
    "one pixel": np.eye(1, 70_000, 66_000, dtype=np.bool_),
    "stripes": np.arange(300 * 400).reshape(300, 400) % 3 == 0,
}
