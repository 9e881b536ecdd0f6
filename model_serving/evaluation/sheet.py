"""Pictures to look at: each with its truth, its mask and its cutout, on one sheet."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model_serving.evaluation.examples import Picture
from model_serving.evaluation.metrics import Map

CELL = 260
GAP = 6
CAPTION = 18
COLUMNS = 2
"""Pictures side by side; each takes four cells."""
CHECKS = 10
CELLS = ("picture", "truth", "mask", "cutout")


def strip(picture: Picture, mask: Map, caption: str) -> Image.Image:
    """One picture's cells side by side, under a line of text."""
    cells = (picture.image, _grey(picture.truth), _grey(mask), cutout(picture.image, mask))
    made = Image.new("RGB", (len(cells) * (CELL + GAP) - GAP, CAPTION + CELL), "white")
    ImageDraw.Draw(made).text((0, 0), caption, "black", ImageFont.load_default(CAPTION - 6))
    for number, cell in enumerate(cells):
        small = cell.copy()
        small.thumbnail((CELL, CELL))
        left = number * (CELL + GAP) + (CELL - small.width) // 2
        made.paste(small, (left, CAPTION + (CELL - small.height) // 2))
    return made


def sheet(strips: Sequence[Image.Image]) -> Image.Image:
    """COLUMNS strips to a row; at least one strip."""
    rows = -(-len(strips) // COLUMNS)
    wide, tall = strips[0].width + GAP, strips[0].height + GAP
    page = Image.new("RGB", (min(COLUMNS, len(strips)) * wide + GAP, rows * tall + GAP), "white")
    for number, made in enumerate(strips):
        page.paste(made, (GAP + number % COLUMNS * wide, GAP + number // COLUMNS * tall))
    return page


def cutout(image: Image.Image, mask: Map) -> Image.Image:
    """The picture over a checkered ground, where the mask lets it show."""
    y, x = np.indices(mask.shape) // CHECKS
    ground = np.where((x + y) % 2, 255.0, 205.0)[..., None]
    alpha = mask[..., None]
    return Image.fromarray((np.asarray(image) * alpha + ground * (1.0 - alpha)).astype(np.uint8))


def _grey(values: Map) -> Image.Image:
    return Image.fromarray((values * 255.0).astype(np.uint8)).convert("RGB")
