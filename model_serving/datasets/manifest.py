"""The manifest: one row for each pair of picture and mask, as CSV. What training and evaluation read."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_serving.datasets.errors import DataError

TRAIN = "train"
HELD_OUT = "held-out"
HEADER = ("image", "mask", "source", "split")


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and its mask, both of one size when upright. `source` names the data set, `split` is train or held-out.

    The mask is any picture; of its greys, 128 and above is salient unless soft edges are wanted.
    """

    image: Path
    mask: Path
    source: str
    split: str


def read_manifest(file: Path) -> list[Pair]:
    """The pairs with absolute paths. DataError, with the line, for a file that is missing or no manifest."""
    try:
        rows = read_rows(file, HEADER)
    except FileNotFoundError as error:
        raise DataError(f"{file}: no such manifest; `make data` makes one") from error
    except IsADirectoryError as error:
        raise DataError(f"{file}: a folder; name the manifest in it, {file / 'manifest.csv'}") from error
    return [_pair(file, number, row) for number, row in enumerate(rows, start=2)]


def write_manifest(file: Path, pairs: Iterable[Pair]) -> None:
    """Whole or not at all. Paths below the manifest's folder are written relative to it, so that it can be moved."""
    home = file.parent.absolute()
    write_rows(file, HEADER, ((_told(p.image, home), _told(p.mask, home), p.source, p.split) for p in pairs))


def read_rows(file: Path, header: Sequence[str]) -> list[list[str]]:
    """DataError for a file that is no CSV with this header; FileNotFoundError where there is none."""
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        try:
            rows = list(csv.reader(lines, strict=True))
        except csv.Error as error:
            raise DataError(f"{file}: no CSV: {error}; `make data` makes it anew") from error
    if not rows or tuple(rows[0]) != tuple(header):
        raise DataError(f"{file}: the first line must be {','.join(header)}; `make data` makes it anew")
    return rows[1:]


def write_rows(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Whole or not at all; names of files that are not UTF-8 are written as the bytes that they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8", errors="surrogateescape", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows([header, *rows])
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _pair(file: Path, number: int, row: list[str]) -> Pair:
    if len(row) != len(HEADER) or row[3] not in (TRAIN, HELD_OUT):
        raise DataError(f"{file}, row {number}: must be image,mask,source,split with a split of {TRAIN} or {HELD_OUT}")
    home = file.parent.absolute()
    return Pair(home / row[0], home / row[1], row[2], row[3])


def _told(path: Path, home: Path) -> str:
    path = Path(os.path.normpath(path.absolute()))
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
