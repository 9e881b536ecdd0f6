"""What each runtime gets out of the processor, beside the authors' way of running the same network.

`python -m benchmarks.runtimes --quick` prints these tables alone, roughly.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.contenders import Contender, process, ready_s
from benchmarks.field import FULL, QUICK, Effort, Field
from benchmarks.hundred.entrant import random_weights
from benchmarks.report import Table, mebibytes
from model_serving.exporting.agreement import default_photos
from model_serving.exporting.answering import example
from model_serving.exporting.openvino_ir import SPARED
from model_serving.runtimes.runtime import RuntimeUnavailable
from model_serving.served import load_network
from model_serving.weights import SHIPPED

AUTHORS = Contender("the authors' way")
CONTENDERS = (
    AUTHORS,
    Contender("torch", "torch"),
    Contender("onnx", "onnx"),
    Contender("openvino", "openvino"),
    Contender("torch, reduced", "torch", "reduced"),
    *(Contender(f"openvino, reduced {place}", "openvino", "reduced", place) for place in range(len(SPARED))),
)
"""Without `compile`: how long its machine code takes to make has not been measured to the end."""
_BARS = {("small", "equal"): 1.9, ("small", "reduced"): 3.5, ("fast", "equal"): 1.3, ("fast", "reduced"): 2.3}
COLUMNS = (
    *("variant", "runtime", "images/s", "speed", "bar", "floor ms", "of the floor"),
    *("mean off", "far off", "load s", "ready s", "of the authors'", "memory"),
)
_ABOUT = """\
One picture after the other (eight photos of about 640 x 480, as JPEG), from file to mask file, in turns; each runtime
in a process of its own, with torch's number of threads. `small` has the shipped weights, `fast` (SwinB at 384 x 384)
random ones, which say nothing about masks. *The authors' way* is their network in float32 eager, the whole picture
decoded, Pillow's resize. *reduced 0* keeps SICA's sums in float32, each next one more, *reduced 3* all but the
refining; the first whose masks are near enough goes into an archive (docs/runtimes.md). *Floor* is the network's
operations (torch's counter) over what the machine reaches in a product of two matrices of 2048 x 2048: {float32:.0f}
GFLOP/s in float32, {bfloat16:.0f} in bfloat16. *Off*: levels of 255 that the masks differ in the mean from the
authors', and the share of pixels by more than 4 (reduced: 8). *Ready* is a fresh process until its first mask,
imports included; beside the authors', the bar is 3. *Memory* is what a process grows by for the model and its work,
at most."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What one variant is measured on."""

    variant: str
    weights: Path
    files: Sequence[bytes]
    gflop: float
    ceilings: dict[str, float]


def runtimes(field: Field) -> Table:
    return measured(field.effort, field.progress)


def measured(effort: Effort, progress: Progress) -> Table:
    ceilings = {name: ceiling(kind) for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16))}
    lines: list[Sequence[str]] = []
    with TemporaryDirectory() as work:
        for variant in ("small", "fast"):
            lines += rows(_ground(variant, Path(work), ceilings), CONTENDERS, Path(work), effort, progress)
    return Table("Runtimes", _ABOUT.format(**ceilings), COLUMNS, lines)


def _ground(variant: str, work: Path, ceilings: dict[str, float]) -> Ground:
    weights = SHIPPED if variant == "small" else random_weights(variant, work)
    network = load_network(weights, variant)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(example(network))
    files = [photo.read_bytes() for photo in default_photos()]
    return Ground(variant, weights, files, counter.get_total_flops() / 1e9, ceilings)


def ceiling(kind: torch.dtype, side: int = 2048, tries: int = 5) -> float:
    """GFLOP/s of a product of two square matrices, at best."""
    matrix, seconds = torch.randn(side, side).to(kind), list[float]()
    for _ in range(tries):
        start = perf_counter()
        matrix @ matrix
        seconds.append(perf_counter() - start)
    return 2 * side**3 / min(seconds) / 1e9


def rows(
    ground: Ground, contenders: Sequence[Contender], work: Path, effort: Effort, progress: Progress
) -> Iterator[Sequence[str]]:
    """One for each contender that this machine can run; the authors' way has to be among them."""
    folders = _staged(ground, contenders, work, progress)
    with ExitStack() as stack:
        living = {
            contender: stack.enter_context(process(contender, ground.variant, folder))
            for contender, folder in folders.items()
        }
        masks = {contender: one.masks(ground.files) for contender, one in living.items()}
        rates: dict[Contender, list[float]] = {contender: [] for contender in living}
        for _ in progress.track(range(effort.rounds), description=f"{ground.variant}: running"):
            for contender, one in living.items():
                rates[contender].append(one.per_second(ground.files, effort.seconds))
        grown = {contender: one.grown() for contender, one in living.items()}
        loaded = {contender: one.load_s for contender, one in living.items()}
    ready = {contender: _ready(contender, ground, folder, effort) for contender, folder in folders.items()}
    plain = Figures(median(rates[AUTHORS]), ready[AUTHORS], masks[AUTHORS], 0, 0)
    for contender in folders:
        rate = median(rates[contender])
        figures = Figures(rate, ready[contender], masks[contender], loaded[contender], grown[contender])
        yield _row(ground, contender, figures, plain)


def _staged(ground: Ground, contenders: Sequence[Contender], work: Path, progress: Progress) -> dict[Contender, Path]:
    """Where each that this machine can run has its files; nothing is exported twice."""
    folders: dict[Contender, Path] = {}
    for contender in progress.track(contenders, description=f"{ground.variant}: exporting"):
        folder = work / f"{ground.variant}-{contender.name}"
        like = next((there for other, there in folders.items() if other.kind == contender.kind), None)
        try:
            contender.stage(ground.variant, ground.weights, folder, like)
        except RuntimeUnavailable as error:
            progress.console.print(error)
        else:
            folders[contender] = folder
    return folders


def _ready(contender: Contender, ground: Ground, folder: Path, effort: Effort) -> float:
    tries = range(min(2, effort.rounds))
    return min(ready_s(contender, ground.variant, folder, default_photos()[0]) for _ in tries)


@dataclass(frozen=True, slots=True)
class Figures:
    """Pictures per second, seconds, masks, seconds, bytes."""

    rate: float
    ready: float
    masks: Sequence[NDArray[np.uint8]]
    loaded: float
    grown: int


def _row(ground: Ground, contender: Contender, one: Figures, plain: Figures) -> Sequence[str]:
    floor = ground.gflop / ground.ceilings["bfloat16" if contender.precision == "reduced" else "float32"]
    bar = "" if contender is AUTHORS else f"≥ {_BARS[ground.variant, contender.precision]}"
    return (
        *(ground.variant, contender.name, f"{one.rate:.2f}", f"{one.rate / plain.rate:.2f} x", bar),
        *(f"{1000 * floor:.0f}", f"{100 * floor * one.rate:.0f}%"),
        *_off(one.masks, plain.masks, far=8 if contender.precision == "reduced" else 4),
        *(f"{one.loaded:.2f}", f"{one.ready:.1f}", f"{one.ready / plain.ready:.1f} x", mebibytes(one.grown)),
    )


def _off(masks: Sequence[NDArray[np.uint8]], plain: Sequence[NDArray[np.uint8]], far: int) -> tuple[str, str]:
    pairs = zip(masks, plain, strict=True)
    levels = np.concatenate([np.abs(one.astype(int) - other).ravel() for one, other in pairs])
    return f"{levels.mean():.3f}", f"{100 * (levels > far).mean():.2f}%"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runtimes", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    effort = QUICK if parser.parse_args().quick else FULL
    with Progress(console=Console(stderr=True)) as progress:
        table = measured(effort, progress)
    print(table.markdown())


if __name__ == "__main__":
    main()
