"""Pairs and parameters in, the file of the best weights out."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from model_serving.datasets.manifest import Pair
from model_serving.training.fit import fit
from model_serving.training.parameters import Parameters


def trained(pairs: Sequence[Pair], parameters: Mapping[str, Any]) -> str:
    """TrainingError and Stopped as `fit` raises them."""
    console = Console(stderr=True)
    asked = Parameters.read(parameters)
    weights = fit(asked, pairs, console)
    variant = "" if asked.variant == "small" else f"VARIANT={asked.variant} "
    archive = f"`make model {variant}WEIGHTS={weights}` makes the archive"
    console.print(f"{weights}: the best weights; {archive}", highlight=False, soft_wrap=True)
    return str(weights)
