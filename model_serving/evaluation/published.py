"""What the paper reports for its test sets: Kim et al., "Revisiting Image Pyramid Structure for High Resolution Salient
Object Detection" (ACCV 2022), tables 2 and 3 and the supplement, as printed in the figures of
https://github.com/plemeri/InSPyReNet. published.csv holds them as they are printed there, one of them being a likely
misprint (max F of SwinB on PASCAL-S).
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("published.csv")
COMPARED = ("s_measure", "f_max", "mae", "mba")


@dataclass(frozen=True, slots=True)
class Published:
    """One network on one test set. `size` is what pictures were brought to; a measure that is not printed is None."""

    dataset: str
    network: str
    trained_on: str
    size: str
    s_measure: float | None
    f_max: float | None
    mae: float | None
    mba: float | None


def published(dataset: str) -> list[Published]:
    """The rows of a test set under its published name (DUTS-TE, DIS-VD); none for one that the paper does not have."""
    return [row for row in _rows() if row.dataset == dataset]


@cache
def _rows() -> tuple[Published, ...]:
    with FILE.open(newline="") as lines:
        return tuple(_row(row) for row in csv.DictReader(lines))


def _row(row: dict[str, str]) -> Published:
    s_measure, f_max, mae, mba = (float(row[name]) if row[name] else None for name in COMPARED)
    return Published(row["dataset"], row["network"], row["trained_on"], row["size"], s_measure, f_max, mae, mba)
