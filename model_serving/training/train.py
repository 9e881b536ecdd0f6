"""Trains the small network from nothing: `python -m model_serving.training.train --assets DIR --out DIR`.

Ctrl-C saves and ends; the same command with `--resume` goes on. The schedule follows the clock: `--minutes` is
the whole run's length.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch.nn import functional as F

from model_serving.evaluation.metrics import iou
from model_serving.interruption import interrupted
from model_serving.network.inspyrenet import LEVELS
from model_serving.training.assets import AssetsMissing
from model_serving.training.bank import Bank, open_bank
from model_serving.training.checkpoint import read_checkpoint
from model_serving.training.errors import TrainingError, reader_killed
from model_serving.training.export import export
from model_serving.training.recipe import OneCycle
from model_serving.training.run import NonFiniteLoss, Run
from model_serving.training.schedule import Stage, parse_stages, stage_at
from model_serving.training.stream import Batch, Composites, batches, example
from model_serving.training.team import Team, gather
from model_serving.weights import WeightsError, load_shipped

SHAPE = {
    "threshold": None,
    "depth": 16,
    "embed_dim": 32,
    "depths": (2, 2, 8, 4),
    "num_heads": (1, 2, 4, 8),
    "window_size": 8,
    "drop_path": 0.0,
}
STAGES = "128x32x1:0.14,192x32x1:0.4,192x32x2:0.58,192x16:1"
STAGES_FORM = "SIZExBATCH[xLEVELS]:UNTIL, ..."
SETTLING = 16
"""Batches that BatchNorm's statistics are measured on before the averaged weights are looked at or exported."""
CHECKED = 48
"""Held-out composites that are looked at now and then; the evaluation proper uses more and others."""
CHECK_SEED = 99
CHECKPOINT = "checkpoint.pt"
WEIGHTS = "small.safetensors"

Work = Callable[[Team], None]


def work(arguments: argparse.Namespace, team: Team) -> None:
    """One process's share of the run."""
    torch.set_num_threads(1 if team.size > 1 else arguments.threads)
    torch.manual_seed(arguments.seed)
    run = _start(arguments, team)
    bank, held_out = (open_bank(arguments.assets, arguments.bank, side) for side in (False, True))
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), disable=not team.leads) as bar:
        task = bar.add_task("training", total=arguments.minutes * 60.0, completed=int(run.position.elapsed))
        try:
            for line in train(run, arguments.stages, bank, held_out, arguments.seed, arguments.every):
                bar.update(task, completed=run.position.elapsed, description=line)
                _keep(run, arguments.out, line, arguments.seed)
        except KeyboardInterrupt:
            bar.console.print("stopped; the same command with --resume goes on")
        except (NonFiniteLoss, RuntimeError) as error:
            if told := str(error) if isinstance(error, NonFiniteLoss) else reader_killed(error):
                where, last = f"step {run.position.steps + 1}", arguments.out / CHECKPOINT
                raise TrainingError(f"{where}: {told}; the same command with --resume goes on from {last}") from error
            raise
        _save(run, arguments.out)


def train(run: Run, stages: tuple[Stage, ...], bank: Bank, held_out: Bank, seed: int, every: float) -> Iterator[str]:
    """Until the budget is spent; a line of report every `every` seconds, from the process that leads."""
    while run.progress < 1.0:
        _enter(run, stage_at(stages, run.progress))
        first, started = run.position.images, run.position.elapsed
        loss = _spell(run, stages, _feed(run, bank, seed), every)
        rate = (run.position.images - first) / (run.position.elapsed - started)
        if run.team.leads:
            run.average.settle(image for image, _ in islice(_feed(run, bank, seed), SETTLING))
            yield report(run, loss, rate, held_out)


def report(run: Run, loss: float, rate: float, held_out: Bank) -> str:
    return (
        f"{run.progress:6.1%}  {run.stage.size} px, {run.stage.levels} of {LEVELS} levels  {run.position.images} images"
        f"  {rate:.1f}/s  loss {loss:.3f}  held-out IoU {check(run, held_out):.3f}"
    )


@torch.inference_mode()
def check(run: Run, held_out: Bank) -> float:
    """Mean IoU of the averaged weights on a few held-out composites of the stage's size."""
    scores = []
    for number in range(CHECKED):
        image, truth = example(held_out, run.stage.size, CHECK_SEED, number)
        predicted = F.interpolate(run.predict(image[None]), truth.shape[-2:], mode="bilinear")
        scores.append(iou(predicted[0, 0].numpy(), truth[0].numpy()))
    return sum(scores) / len(scores)


def _start(arguments: argparse.Namespace, team: Team) -> Run:
    recipe = OneCycle(arguments.minutes * 60.0, arguments.rate)
    if arguments.resume:
        return Run.load(arguments.out / CHECKPOINT, recipe, team)
    run = Run("small", SHAPE, arguments.stages[0], recipe, team)
    if arguments.start:
        _begin_with(run, arguments.start)
    return run


def _begin_with(run: Run, weights: Path) -> None:
    try:
        run.begin_with(load_shipped(weights))
    except (WeightsError, RuntimeError) as error:
        raise TrainingError(f"cannot start with {weights}: {' '.join(str(error).split())}") from error


def _enter(run: Run, stage: Stage) -> None:
    if stage.size != run.stage.size:
        run.enter(stage)
    run.stage = stage


def _feed(run: Run, bank: Bank, seed: int) -> Iterator[Batch]:
    team = run.team
    scenes = Composites(bank, run.stage.size, seed, run.position.images + team.rank, team.size)
    return batches(scenes, run.stage.batch // team.size)


def _spell(run: Run, stages: tuple[Stage, ...], feed: Iterator[Batch], seconds: float) -> float:
    """Trains for some time within one stage; returns the mean loss. By the team's time, so that all stop together."""
    started, losses = run.position.elapsed, []
    while run.position.elapsed - started < seconds and run.progress < 1.0:
        if stage_at(stages, run.progress) != run.stage:
            break
        losses.append(run.step(next(feed)))
    return sum(losses) / max(1, len(losses))


def _keep(run: Run, out: Path, line: str, seed: int) -> None:
    with (out / "log").open("a") as log:
        log.write(time.strftime("%H:%M:%S ", time.gmtime()) + line + "\n")
    _save(run, out)
    export(run, out / WEIGHTS, seed)


def _save(run: Run, out: Path) -> None:
    if run.team.leads:
        run.save(out / CHECKPOINT)


def check_place(out: Path, resume: bool) -> None:
    """TrainingError where there is nothing to go on from, or another training, which would be overwritten."""
    file = out / CHECKPOINT
    if not file.exists():
        if resume:
            raise TrainingError(f"{file}: no such checkpoint; begin without --resume, or name the run's --out")
        if (out / WEIGHTS).exists():
            raise TrainingError(f"{out}: holds the weights of another training; name another --out")
    elif "terms" in read_checkpoint(file):
        raise TrainingError(f"{file}: a checkpoint of `make train`; name another --out")
    elif not resume:
        raise TrainingError(f"{out}: holds a training already; go on with it by --resume, or name another --out")


def main(given: Sequence[str] | None = None, together: Callable[[int, Work], None] = gather) -> None:
    """`together` runs the work in so many processes."""
    arguments = _parser().parse_args(given)
    arguments.bank = arguments.bank or arguments.out / "bank"
    try:
        check_place(arguments.out, arguments.resume)
        arguments.out.mkdir(parents=True, exist_ok=True)
        for held_out in (False, True):
            open_bank(arguments.assets, arguments.bank, held_out)
        together(arguments.processes, partial(work, arguments))
    except (TrainingError, AssetsMissing) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # several processes; a single one has ended by itself
        interrupted(f"stopped; the same command goes on, with --resume once {arguments.out / CHECKPOINT} is there")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_serving.training.train", description=__doc__)
    parser.add_argument("--assets", type=Path, required=True, help="folder filled by model_serving.training.assets")
    parser.add_argument("--out", type=Path, default=Path("build/training"), help="checkpoints, log, weights")
    parser.add_argument("--bank", type=Path, help="cache of the unpacked pictures (default: OUT/bank)")
    parser.add_argument("--minutes", type=float, default=100.0, help="the whole run's length")
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate at its height (default %(default)s)")
    parser.add_argument("--stages", type=_stages, default=STAGES, help=f"{STAGES_FORM} (default %(default)s)")
    parser.add_argument("--every", type=float, default=240.0, help="seconds between checkpoints")
    parser.add_argument("--processes", type=int, default=2, help="that train together, a thread each")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of a single process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to begin with, instead of random ones")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/checkpoint.pt")
    return parser


def _stages(text: str) -> tuple[Stage, ...]:
    try:
        return parse_stages(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}; they are {STAGES_FORM}") from error


if __name__ == "__main__":
    main()
