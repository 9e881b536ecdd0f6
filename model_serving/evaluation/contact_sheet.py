"""Real photos with their masks and cut-outs on one sheet: `python -m model_serving.evaluation.contact_sheet`.

The photos are those that scikit-image's wheel brings; nothing is downloaded.
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from model_serving.evaluation.evaluate import saliency
from model_serving.evaluation.metrics import Map
from model_serving.remover import Remover
from model_serving.weights import SHIPPED, load_shipped

CELL = 260
GAP = 6
COLUMNS = 2
"""Photos side by side; each takes three cells."""
QUALITY = 85
CHECKS = 10


def photos() -> Mapping[str, Image.Image]:
    """The wheel's photos with a subject, by name, RGB."""
    files = {
        "astronaut": "astronaut.png",
        "cat": "chelsea.png",
        "coffee": "coffee.png",
        "rocket": "rocket.jpg",
        "camera": "camera.png",
        "motorcycle": "motorcycle_left.png",
    }
    folder = Path(data.__file__).parent
    return {name: Image.open(folder / file).convert("RGB") for name, file in files.items()}


def sheet(remover: Remover, pictures: Iterable[Image.Image]) -> Image.Image:
    """Photo, mask and cut-out of each, COLUMNS photos to a row."""
    strips = [_strip(picture, saliency(remover, picture)) for picture in pictures]
    rows = -(-len(strips) // COLUMNS)
    wide, tall = strips[0].width + GAP, CELL + GAP
    page = Image.new("RGB", (COLUMNS * wide + GAP, rows * tall + GAP), "white")
    for number, strip in enumerate(strips):
        page.paste(strip, (GAP + number % COLUMNS * wide, GAP + number // COLUMNS * tall))
    return page


def cut_out(picture: Image.Image, mask: Map) -> Image.Image:
    """The picture over a checkered ground, where the mask lets it show."""
    y, x = np.indices(mask.shape) // CHECKS
    ground = np.where((x + y) % 2, 255.0, 205.0)[..., None]
    alpha = mask[..., None]
    return Image.fromarray((np.asarray(picture) * alpha + ground * (1.0 - alpha)).astype(np.uint8))


def _strip(picture: Image.Image, mask: Map) -> Image.Image:
    grey = Image.fromarray((mask * 255.0).astype(np.uint8)).convert("RGB")
    strip = Image.new("RGB", (3 * CELL + 2 * GAP, CELL), "white")
    for number, cell in enumerate((picture, grey, cut_out(picture, mask))):
        small = cell.copy()
        small.thumbnail((CELL, CELL))
        left = number * (CELL + GAP) + (CELL - small.width) // 2
        strip.paste(small, (left, (CELL - small.height) // 2))
    return strip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m model_serving.evaluation.contact_sheet", description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--out", type=Path, default=Path("docs/images/contact-sheet.jpg"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    sheet(Remover(load_shipped(arguments.weights)), photos().values()).save(arguments.out, quality=QUALITY)


if __name__ == "__main__":
    main()
