"""How good are these weights? `python -m model_serving.evaluation.evaluate --weights FILE`.

Pictures go through the product as files and come back as masks, so that decoding, resizing and the 8 bits of the mask
are measured too. Without --manifest and --assets: the real photos that come with this package.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import track

from model_serving.build import VARIANTS
from model_serving.datasets.checking import MOST_PIXELS
from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import read_manifest
from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.examples import Example, Picture, of_pairs, of_photos, of_scenes
from model_serving.evaluation.metrics import Map
from model_serving.evaluation.report import tables, write_report
from model_serving.evaluation.score import Score, measure
from model_serving.evaluation.sheet import sheet, strip
from model_serving.interruption import interrupted
from model_serving.network import InSPyReNet
from model_serving.remover import Mask, Remover, Resizing
from model_serving.training.bank import open_bank
from model_serving.weights import SHIPPED, WeightsError, load_checkpoint, load_shipped


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, on what, and where to leave it.

    `variant` counts where `weights` does not say it itself (a file of the authors'). At most `pictures` are on the
    sheet, spread evenly over all.
    """

    weights: Path = SHIPPED
    variant: str = "base"
    resizing: Resizing = "static"
    device: str = "cpu"
    photos: bool = True
    manifest: Path | None = None
    assets: Path | None = None
    bank: Path = Path("build/training/bank")
    scenes: int = 300
    pictures: int = 24
    out: Path = Path("build/evaluation")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A score for every picture, and the strips of some, the worst first."""

    scores: list[Score]
    strips: list[Image.Image]


def carry_out(plan: Plan) -> Evaluation:
    """Measures, tells it on the terminal, and writes the files. EvaluationError, DataError or WeightsError."""
    network, device = load(plan.weights, plan.variant), _present(plan.device)
    remover = Remover(network, resizing=plan.resizing, device=device, max_pixels=MOST_PIXELS)
    evaluation = evaluate(remover, examples(plan), plan.pictures)
    write_report(plan.out, str(plan.weights), evaluation.scores, sheet(evaluation.strips))
    console = Console()
    console.print(*tables(evaluation.scores), sep="\n")
    console.print(f"{plan.out}: scores.csv, scores.json, sheet.png")
    return evaluation


def load(weights: Path, variant: str) -> InSPyReNet:
    """A file of `make train`, which says its variant itself, or one of the authors'. Raises WeightsError."""
    return load_shipped(weights) if weights.suffix == ".safetensors" else load_checkpoint(weights, variant)


def examples(plan: Plan) -> list[Example]:
    """All that the plan names, of each source together."""
    found = of_photos() if plan.photos else []
    if plan.manifest:
        found += of_pairs(read_manifest(plan.manifest))
    if plan.assets:
        _check_assets(plan.assets)
        found += of_scenes(open_bank(plan.assets, plan.bank, held_out=True), plan.scenes)
    if not found:
        raise EvaluationError("nothing to measure on: name a manifest or the assets, or take the photos")
    return found


def evaluate(remover: Remover, examples: Sequence[Example], pictures: int) -> Evaluation:
    """Every example's score, and the strips of at most `pictures` (one at least) of them."""
    shown = {round(number) for number in np.linspace(0, len(examples) - 1, min(max(pictures, 1), len(examples)))}
    scores, strips = [], []
    for number, example in enumerate(track(examples, "evaluating", console=Console(stderr=True))):
        picture = example.read()
        predicted = saliency(remover, picture, example.name)
        scores.append(measure(example.source, example.name, predicted, picture.truth))
        if number in shown:
            caption = f"{Path(example.name).stem}: IoU {scores[-1].iou:.3f}"
            strips.append((scores[-1].iou, strip(picture, predicted, caption)))
    return Evaluation(scores, [made for _, made in sorted(strips, key=lambda pair: pair[0])])


def saliency(remover: Remover, picture: Picture, name: str = "picture") -> Map:
    """HxW in 0..1 at the picture's size, as served. EvaluationError where the product refuses the file."""
    result = remover.remove([picture.file])[0]
    if not isinstance(result, Mask):
        raise EvaluationError(f"{name}: the product refuses it: {result.message}")
    grey = Image.open(io.BytesIO(result.png)).resize(picture.image.size, Image.Resampling.BILINEAR)
    return np.asarray(grey, np.float32) / 255.0


def _present(device: str) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise EvaluationError(f"device {device}: {str(error).splitlines()[0]}; take cpu") from error


def _check_assets(assets: Path) -> None:
    if not (assets / "usr/share").is_dir():
        raise EvaluationError(f"{assets}: no assets; `python -m model_serving.training.assets {assets}` fetches them")


def main(arguments: Sequence[str] | None = None) -> None:
    try:
        carry_out(_plan(arguments))
    except (EvaluationError, DataError, WeightsError, OSError) as error:
        sys.exit(f"evaluate: {error}")
    except KeyboardInterrupt:
        interrupted("evaluate: stopped; nothing was written, run it again")


def _plan(arguments: Sequence[str] | None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m model_serving.evaluation.evaluate", description=__doc__)
    say, given = parser.add_argument, Plan()
    say("--weights", type=Path, default=SHIPPED, help="a .safetensors file of training, or a .pth file of the authors'")
    say("--variant", choices=VARIANTS, default=given.variant, help="of a .pth file (%(default)s)")
    say(
        "--resizing",
        choices=("static", "dynamic"),
        default=given.resizing,
        help="as the archive takes it (%(default)s)",
    )
    say("--device", default=given.device, help="cpu or cuda (%(default)s)")
    say("--photos", action="store_true", help="the real photos too, beside what the next two name")
    say("--manifest", type=Path, help="held-out pairs of a manifest, as `make data` leaves one")
    say("--assets", type=Path, help="composed scenes, from the folder of model_serving.training.assets")
    say("--bank", type=Path, default=given.bank, help="training's cache of those assets (%(default)s)")
    say("--scenes", "--count", type=int, default=given.scenes, help="how many of them (%(default)s)")
    say("--pictures", type=int, default=given.pictures, help="at most so many on the sheet (%(default)s)")
    say("--out", type=Path, default=given.out, help="folder of the results (%(default)s)")
    options = vars(parser.parse_args(arguments))
    options["photos"] |= not (options["manifest"] or options["assets"])
    return Plan(**options)


if __name__ == "__main__":
    main()
