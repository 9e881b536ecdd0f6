"""From data sets to one manifest: matched, checked, distinct, split."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_serving.datasets.bars import count_bar
from model_serving.datasets.checking import Sound, check
from model_serving.datasets.errors import DataError
from model_serving.datasets.manifest import Pair, write_rows
from model_serving.datasets.pairing import Candidate, LeftOut, pair
from model_serving.datasets.splitting import distinct, split
from model_serving.datasets.wanted import Ingested

LEFT_OUT_HEADER = ("file", "source", "reason")
WORKERS = 8
"""Pictures decoded at once, at most: 8192 x 4320 pixels are 106 MB of RGB."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Every pair that can be used, and every file that is not."""

    pairs: list[Pair]
    left_out: list[LeftOut]


def prepare(datasets: Sequence[Ingested], share: float, seed: int) -> Prepared:
    """`share` of each source that is for training is held out. DataError where no pair is left."""
    candidates: list[Candidate] = []
    left_out: list[LeftOut] = []
    for dataset in datasets:
        found, unmatched = pair(dataset)
        candidates += found
        left_out += unmatched
    sound: list[Sound] = []
    with count_bar("looking into pairs", len(candidates)) as done:
        for answer in check(candidates, min(WORKERS, os.cpu_count() or 1)):
            done()
            if isinstance(answer, Sound):
                sound.append(answer)
            else:
                left_out.append(answer)
    told = distinct(sound)
    left_out += told.left_out
    if not told.kept:
        raise DataError(_nothing(left_out))
    return Prepared(split(told.kept, share, seed), left_out)


def write_left_out(file: Path, left_out: Sequence[LeftOut]) -> None:
    """Whole or not at all; only the header where everything is used."""
    write_rows(file, LEFT_OUT_HEADER, ((str(one.file.absolute()), one.source, one.reason) for one in left_out))


def _nothing(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "no pictures: the folders are there and empty"
    first = left_out[0]
    return f"no pair can be used, of {len(left_out)} files left out; the first: {first.file}: {first.reason}"
