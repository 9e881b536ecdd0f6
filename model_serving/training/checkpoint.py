"""The file that a run goes on from."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from model_serving.training.errors import TrainingError


def write_checkpoint(file: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all: whoever is killed here leaves the one before."""
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as part:
        torch.save(dict(state), part)
        part.flush()
        os.fsync(part.fileno())
    unfinished.replace(file)


def read_checkpoint(file: Path) -> dict[str, Any]:
    """Tensors, numbers and text only: no code of the file's is run. TrainingError where it cannot be read."""
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{file}: no checkpoint that can be read; begin anew without it") from error
    return state
