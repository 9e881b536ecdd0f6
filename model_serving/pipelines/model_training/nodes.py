"""The one step: parameters in, the file of the best weights out."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from model_serving.training.fit import fit
from model_serving.training.parameters import Parameters


def train(parameters: Mapping[str, Any]) -> str:
    """TrainingError and Stopped as `fit` raises them."""
    console = Console(stderr=True)
    weights = fit(Parameters.read(parameters), console)
    console.print(f"{weights}: the best weights; `make model` takes them", highlight=False)
    return str(weights)
