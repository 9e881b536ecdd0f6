"""The masks of the photos from their outlines: `python -m model_serving.evaluation.photos.outlines`.

outlines.json holds, by photo, closed polygons of [x, y] in pixels, (0, 0) being the picture's upper left corner. One
that lies in another is a hole.
"""

import argparse
import json
from collections.abc import Mapping, Sequence

from PIL import Image, ImageChops, ImageDraw

from model_serving.evaluation.photos import HERE, photos

Outline = Sequence[tuple[float, float]]

FILE = HERE / "outlines.json"
FINENESS = 4
"""Each pixel is asked at so many points each way: its grey is the share of them inside."""


def outlines() -> Mapping[str, Sequence[Outline]]:
    """The polygons of every photo, by its name."""
    read: dict[str, list[list[list[float]]]] = json.loads(FILE.read_text())
    return {name: [[(x, y) for x, y in outline] for outline in drawn] for name, drawn in read.items()}


def drawn(outlines: Sequence[Outline], size: tuple[int, int]) -> Image.Image:
    """The mask of a picture of that size (width, height), 8-bit grey."""
    fine = (size[0] * FINENESS, size[1] * FINENESS)
    mask = Image.new("1", fine)
    for outline in outlines:
        layer = Image.new("1", fine)
        ImageDraw.Draw(layer).polygon([(x * FINENESS, y * FINENESS) for x, y in outline], fill=1)
        mask = ImageChops.logical_xor(mask, layer)
    return mask.convert("L").reduce(FINENESS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m model_serving.evaluation.photos.outlines", description=__doc__)
    parser.parse_args()
    known = outlines()
    for photo in photos():
        with Image.open(photo.image) as image:
            drawn(known[photo.name], image.size).save(photo.mask, optimize=True)
        print(photo.mask)


if __name__ == "__main__":
    main()
