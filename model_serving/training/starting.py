"""The first step's network: random weights, shipped ones, or those of a file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from model_serving.build import VARIANTS
from model_serving.network.inspyrenet import LEVELS
from model_serving.served import load_network
from model_serving.training.errors import TrainingError
from model_serving.training.parameters import Parameters
from model_serving.training.run import Run
from model_serving.training.schedule import Stage
from model_serving.weights import SHIPPED, WeightsError

NOTHING = "nothing"
SHIPPED_WEIGHTS = "shipped"


def begin(parameters: Parameters, pairs: int) -> Run:
    """A run at its first step. TrainingError where the start or the network's numbers will not do."""
    torch.manual_seed(parameters.seed)
    known = _weights(parameters)
    run = fresh_run(parameters, pairs, _shape(parameters, known))
    if known is None:
        return run
    try:
        run.begin_with(load_network(known, parameters.variant))
    except (WeightsError, RuntimeError) as error:
        raise TrainingError(f"cannot start with {known}: {' '.join(str(error).split())}") from error
    return run


def fresh_run(parameters: Parameters, pairs: int, shape: Mapping[str, Any]) -> Run:
    """With random weights, and of this shape (`build_network`'s overrides, `base_size` among them)."""
    size = parameters.size or _side(shape.get("base_size", VARIANTS[parameters.variant].base_size))
    others = {name: value for name, value in shape.items() if name != "base_size"}
    if (threshold := others.get("threshold", VARIANTS[parameters.variant].threshold)) and size > threshold:
        others["threshold"] = None  # larger pictures would be done twice, the first time at the base size
    try:
        return Run(
            parameters.variant,
            others,
            Stage(size, parameters.batch, 1.0, LEVELS),
            parameters.recipe(pairs),
            device=device_of(parameters),
            precision=parameters.precision,
            memory=parameters.average,
        )
    except ValueError as error:
        raise TrainingError(f"model_training.overrides: {error}") from error


def device_of(parameters: Parameters) -> torch.device:
    try:
        name = parameters.device
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # the second of a PyTorch without CUDA
        raise TrainingError(
            f"model_training.device: {parameters.device} is no device that PyTorch has here; `auto` takes what there is"
        ) from error
    return device


def _weights(parameters: Parameters) -> Path | None:
    if parameters.start == NOTHING:
        return None
    if parameters.start != SHIPPED_WEIGHTS:
        return Path(parameters.start)
    if parameters.variant == "small":
        return SHIPPED
    raise TrainingError(
        f"model_training.start: no weights of {parameters.variant} are shipped; name a file, or `{NOTHING}`"
    )


def _shape(parameters: Parameters, known: Path | None) -> dict[str, Any]:
    """The overrides of a file that says how its network is built, and those asked for over them."""
    told: dict[str, Any] = {}
    if known is not None and known.suffix == ".safetensors" and known.is_file():
        told = _told(known)
        told.pop("base_size", None)  # a run is at the variant's, or at the one asked for
    return told | (parameters.overrides or {})


def _told(known: Path) -> dict[str, Any]:
    try:
        with safe_open(known, "pt") as file:
            told: dict[str, Any] = json.loads(file.metadata()["overrides"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return {}  # what is wrong with it is said when it is loaded
    return told


def _side(base_size: Any) -> int:
    return int(base_size if isinstance(base_size, int) else base_size[0])
