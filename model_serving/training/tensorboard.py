"""A training's curves for TensorBoard."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model_serving.training.errors import TrainingError
from model_serving.training.reports import Checked, Progressed

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Events:
    """Scalars by step; those of steps that a killed run had done, and a resumed one does again, are dropped."""

    def __init__(self, writer: "SummaryWriter") -> None:
        self._writer = writer

    def progressed(self, report: Progressed) -> None:
        for name in ("loss", "rate", "images_per_second"):
            self._writer.add_scalar(f"train/{name}", getattr(report, name), report.step)

    def checked(self, report: Checked) -> None:
        if report.score:
            self._writer.add_scalar("held-out/IoU", report.score.iou, report.step)
            self._writer.add_scalar("held-out/MAE", report.score.mae, report.step)
        self._writer.flush()


@contextmanager
def events(folder: Path, step: int) -> Iterator[Events]:
    """Those of a run that goes on after `step`."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError("TensorBoard is not installed: `make train` does it, or say tensorboard=false") from error
    with SummaryWriter(folder, purge_step=step + 1) as writer:
        yield Events(writer)
