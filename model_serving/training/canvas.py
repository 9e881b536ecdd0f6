"""Paper for drawn cut-outs: outlines in, parts with a material each and soft edges out."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from model_serving.training.arrays import Floats, Pixels, floats, pixels
from model_serving.training.materials import Photos, light, material

SIDE = 224
DRAWN = 2 * SIDE
"""Outlines are drawn at twice the size and halved: that makes their edges soft."""

Outline = list[tuple[float, float]]


class Canvas:
    """Paints parts over each other; coordinates run from 0 to 1, y downwards."""

    def __init__(self, rng: Generator, photos: Photos) -> None:
        self.rng = rng
        self.photos = photos
        self.colours = np.zeros((SIDE, SIDE, 3), np.float32)
        self.alpha = np.zeros((SIDE, SIDE), np.float32)
        self._sheet = Image.new("L", (DRAWN, DRAWN))
        self._pen = ImageDraw.Draw(self._sheet)

    def polygon(self, outline: Outline, ink: int = 255) -> None:
        self._pen.polygon([(x * DRAWN, y * DRAWN) for x, y in outline], fill=ink)

    def ellipse(self, x: float, y: float, rx: float, ry: float, ink: int = 255) -> None:
        box = ((x - rx) * DRAWN, (y - ry) * DRAWN, (x + rx) * DRAWN, (y + ry) * DRAWN)
        self._pen.ellipse(box, fill=ink)

    def stroke(self, line: Outline, width: float) -> None:
        points = [(x * DRAWN, y * DRAWN) for x, y in line]
        self._pen.line(points, fill=255, width=max(2, int(width * DRAWN)), joint="curve")

    def fill(self, surface: Floats | None = None) -> None:
        """Gives what was drawn since the last fill a material of its own, or this one."""
        part = floats(self._sheet.resize((SIDE, SIDE), Image.Resampling.BOX))
        if surface is None:
            surface = material(self.rng, self.photos, SIDE, SIDE)
        lit = surface * light(self.rng, SIDE, SIDE, 0.3)
        self.colours += (lit - self.colours) * part[..., None]
        self.alpha = part + self.alpha * (1.0 - part)
        self._pen.rectangle((0, 0, DRAWN, DRAWN), fill=0)

    def cutout(self) -> Pixels:
        return np.dstack((pixels(self.colours), pixels(self.alpha)))


def crop_to_alpha(cutout: Pixels) -> Pixels:
    """HxWx4 without the margins in which nothing shows; of nothing at all, one pixel."""
    seen = cutout[..., 3] > 12
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return cutout[:1, :1]
    return cutout[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def blob(rng: Generator, x: float, y: float, radius: float, roughness: float = 0.25, points: int = 90) -> Outline:
    """A closed curve: a circle bent by a few slow waves and stretched."""
    angles = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    bend = np.ones(points)
    for wave in range(2, 7):
        bend += roughness / wave * rng.normal() * np.cos(wave * angles + rng.uniform(0.0, 6.3))
    bend = radius * np.clip(bend, 0.35, 1.6)
    stretch = rng.uniform(0.7, 1.0)
    return list(zip(x + bend * np.cos(angles), y + bend * np.sin(angles) * stretch, strict=True))
