"""Several processes of one thread each that train one network: on a CPU far quicker than one process of several."""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import ProcessRaisedException, spawn

from model_serving.training.errors import TrainingError

PATIENCE = timedelta(hours=1)
"""How long the others wait while the first checks and saves, on a busy machine."""
_TOLD = ".told"
"""Ending of what a process leaves for the one that waits: torch hands on tracebacks, and no errors."""


@dataclass(frozen=True)
class Team:
    """The first, rank 0, also checks, saves and speaks."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def agree(self, parameters: Iterable[nn.Parameter], elapsed: float) -> float:
        """Every gradient becomes the team's mean; returns the mean of `elapsed`, so that all keep one time."""
        if self.size == 1:
            return elapsed
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        shared = torch.cat([*(gradient.flatten() for gradient in gradients), torch.tensor([elapsed])])
        distributed.all_reduce(shared)
        shared /= self.size
        for gradient, mean in zip(gradients, _like(shared, gradients), strict=True):
            gradient.copy_(mean)
        return float(shared[-1])


ALONE = Team()


def gather(size: int, work: Callable[[Team], None]) -> None:
    """Runs `work` in `size` processes and waits for them; with one, right here. `work` must be picklable.

    A TrainingError of one of them comes out as such; what else they raise, as torch has it.
    """
    if size == 1:
        work(ALONE)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        try:
            spawn(_member, (size, meeting, work), nprocs=size)  # type: ignore[no-untyped-call] # torch leaves it untyped
        except ProcessRaisedException as error:
            if told := sorted(meeting.parent.glob(f"*{_TOLD}")):
                raise TrainingError(told[0].read_text()) from error
            raise


def _member(rank: int, size: int, meeting: Path, work: Callable[[Team], None]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", f"file://{meeting}", PATIENCE, size, rank)
    try:
        work(Team(rank, size))
    except TrainingError as error:
        meeting.with_name(f"{rank}{_TOLD}").write_text(str(error))
        raise
    finally:
        distributed.destroy_process_group()


def _like(flat: Tensor, shapes: list[Tensor]) -> Iterable[Tensor]:
    parts = torch.split(flat[:-1], [shape.numel() for shape in shapes])
    return (part.view_as(shape) for part, shape in zip(parts, shapes, strict=True))
