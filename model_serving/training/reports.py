"""What a training tells of itself, and who listens on this machine: the progress bar and the log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from model_serving.training.checking import Score


@dataclass(frozen=True, slots=True)
class Progressed:
    """Where the run is: `step` of `steps` done, in `epoch` of `epochs`; mean `loss` and pace since the last report."""

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    rate: float
    """The learning rate of all but the backbone."""
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Checked:
    """After an epoch. No `score` where no pair is held out; then the latest weights count as the best.

    No mean `loss` where the epoch's last step was another process's.
    """

    step: int
    epoch: int
    epochs: int
    loss: float | None
    score: Score | None
    best: bool

    def __str__(self) -> str:
        told = [f"epoch {self.epoch} of {self.epochs}", f"step {self.step}"]
        if self.loss is not None:
            told.append(f"loss {self.loss:.3f}")
        if self.score is not None:
            told += [f"held-out IoU {self.score.iou:.3f}", f"MAE {self.score.mae:.4f}"]
        return ", ".join([*told, *["the best"] * self.best])


class Listener(Protocol):
    def progressed(self, report: Progressed) -> None: ...

    def checked(self, report: Checked) -> None: ...


class Bar:
    """One line that moves, and a line that stays for each epoch."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def progressed(self, report: Progressed) -> None:
        pace = f"{report.images_per_second:.2f} images/s, loss {report.loss:.3f}"
        epoch = f"epoch {min(report.epoch + 1, report.epochs)} of {report.epochs}"
        self._progress.update(self._task, completed=report.step, description=epoch, pace=pace)

    def checked(self, report: Checked) -> None:
        self._progress.console.print(str(report), highlight=False, soft_wrap=True)
        if report.score:
            self._progress.update(self._task, score=f"IoU {report.score.iou:.3f}")


@contextmanager
def progress_bar(console: Console, step: int, steps: int) -> Iterator[Bar]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]} {task.fields[score]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, progress.add_task("begins", completed=step, total=steps, pace="", score=""))


class Log:
    """A line for each epoch in a file that is only added to."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def progressed(self, report: Progressed) -> None:
        """Too often for a log."""

    def checked(self, report: Checked) -> None:
        with self._file.open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} {report}\n")
