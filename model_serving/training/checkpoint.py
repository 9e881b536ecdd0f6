"""The file that a run goes on from."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from model_serving.training.errors import TrainingError


def write_checkpoint(file: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all: whoever is killed here leaves the one before. TrainingError where the disk refuses."""
    unfinished = file.with_suffix(".part")
    try:
        with unfinished.open("wb") as part:
            torch.save(dict(state), part)
            part.flush()
            os.fsync(part.fileno())
        unfinished.replace(file)
    except (OSError, RuntimeError) as error:
        unfinished.unlink(missing_ok=True)  # it would keep the disk full
        if (refusal := _refusal(error)) is None:
            raise
        raise TrainingError(
            f"{file}: cannot be written: {refusal.strerror}; mend that, and go on from the one before"
        ) from error


def _refusal(error: BaseException | None) -> OSError | None:
    """The disk's own word, which torch hides behind one of its own."""
    while error is not None and not isinstance(error, OSError):
        error = error.__context__
    return error


def read_checkpoint(file: Path) -> dict[str, Any]:
    """Tensors, numbers and text only: no code of the file's is run. TrainingError where it cannot be read."""
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{file}: no checkpoint that can be read; begin anew without it") from error
    return state
