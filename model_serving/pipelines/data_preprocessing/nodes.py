"""The parameters' words into those of `model_serving.datasets`, and its findings onto the terminal."""

from typing import Any

from rich.console import Console

from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import Pair
from model_serving.datasets.pairing import LeftOut
from model_serving.datasets.preprocessing import prepare
from model_serving.datasets.summary import counts, reasons
from model_serving.datasets.wanted import Ingested


def prepared(datasets: list[Ingested], parameters: dict[str, Any]) -> tuple[list[Pair], list[LeftOut]]:
    share, seed = parameters["held_out"], parameters["seed"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 <= share < 1.0:
        raise DataError(f"data_preprocessing.held_out: must be a share from 0 to below 1, not {share}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise DataError(f"data_preprocessing.seed: must be a whole number from 0 on, not {seed}")
    done = prepare(datasets, share, seed)
    return done.pairs, done.left_out


def tell(pairs: list[Pair], left_out: list[LeftOut], data: str) -> None:
    """`data` is the folder where the catalog keeps both."""
    console = Console()
    console.print(counts(pairs, left_out))
    if left_out:
        console.print(reasons(left_out))
        console.print(f"{data}/left-out.csv: which files, and why", highlight=False, soft_wrap=True)
    console.print(f"{data}/manifest.csv: the pairs; `make train` reads it", highlight=False, soft_wrap=True)
