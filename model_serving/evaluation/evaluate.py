"""Numbers for a weights file: `python -m model_serving.evaluation.evaluate --assets DIR`.

Held-out composites (objects and backgrounds training never saw) go through the product as files and come back as masks,
so that decoding, resizing and the 8 bits of the mask are measured too.
"""

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from model_serving.evaluation.metrics import Map, iou, mae, s_measure
from model_serving.remover import Mask, Remover
from model_serving.training.bank import Bank, open_bank
from model_serving.training.composite import Composite, compose
from model_serving.weights import SHIPPED, load_shipped

SEED = 2026
SIDE = 384
"""Of the test pictures: larger than the network's base size, as photos are."""


@dataclass(frozen=True, slots=True)
class Score:
    iou: float
    mae: float
    s_measure: float


def scenes(bank: Bank, count: int) -> Iterator[Composite]:
    """Always the same scenes for the same bank."""
    return (compose(np.random.default_rng((SEED, number)), bank, SIDE) for number in range(count))


def score(remover: Remover, composite: Composite) -> Score:
    predicted = saliency(remover, Image.fromarray(composite.image))
    truth = np.asarray(composite.mask, np.float32) / 255.0
    return Score(iou(predicted, truth), mae(predicted, truth), s_measure(predicted, truth))


def saliency(remover: Remover, picture: Image.Image) -> Map:
    """HxW in 0..1 at the picture's size, by way of files as in serving."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    result = remover.remove([file.getvalue()])[0]
    if not isinstance(result, Mask):
        raise TypeError(f"the product refused a test picture: {result.message}")
    grey = Image.open(io.BytesIO(result.png)).resize(picture.size, Image.Resampling.BILINEAR)
    return np.asarray(grey, np.float32) / 255.0


def table(scores: list[Score]) -> Table:
    """Mean, median and the worst tenth of each measure."""
    shown = Table("measure", "mean", "median", "worst tenth", title=f"{len(scores)} held-out composites")
    for name in Score.__slots__:
        values = np.array([getattr(score, name) for score in scores])
        worst = np.quantile(values, 0.9 if name == "mae" else 0.1)
        shown.add_row(name, *(f"{value:.3f}" for value in (values.mean(), np.median(values), worst)))
    return shown


def main() -> None:
    arguments = _parser().parse_args()
    remover = Remover(load_shipped(arguments.weights))
    bank = open_bank(arguments.assets, arguments.bank, held_out=True)
    composites = track(scenes(bank, arguments.count), "evaluating", arguments.count)
    Console().print(table([score(remover, composite) for composite in composites]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_serving.evaluation.evaluate", description=__doc__)
    parser.add_argument("--assets", type=Path, required=True, help="folder filled by model_serving.training.assets")
    parser.add_argument("--bank", type=Path, default=Path("build/training/bank"), help="training's cache of pictures")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="a .safetensors file of training")
    parser.add_argument("--count", type=int, default=300)
    return parser


if __name__ == "__main__":
    main()
