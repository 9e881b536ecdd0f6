"""Pairs looked into: do both files open, are they of one size, does the mask show something."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from model_serving.datasets.pairing import Candidate, LeftOut
from model_serving.pixels import UnreadableImage, decode

SALIENT = 128
"""The darkest grey of a mask that counts as the object's."""
MOST_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class Sound:
    """A pair that can be used. `digest` is the SHA-256 of the picture's file."""

    candidate: Candidate
    digest: bytes


def check(candidates: Iterable[Candidate], workers: int) -> Iterator[Sound | LeftOut]:
    """One answer for each candidate, in order; several are read at once."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(_check, candidates)
    finally:
        # After Ctrl-C, what has not begun is not waited for.
        pool.shutdown(cancel_futures=True)


def _check(candidate: Candidate) -> Sound | LeftOut:
    """Sizes are those of the upright pictures: a camera's note of how it was held counts."""
    file, source = candidate.image, candidate.source
    try:
        content = file.read_bytes()
        size = decode(content, MOST_PIXELS).size
        file = candidate.mask
        mask = decode(file.read_bytes(), MOST_PIXELS).convert("L")
    except (UnreadableImage, OSError, MemoryError) as error:
        return LeftOut(file, source, f"does not open: {error}")
    if mask.size != size:
        return LeftOut(file, source, f"sizes differ: the mask is {_told(mask.size)}, the picture {_told(size)}")
    salient = np.asarray(mask) >= SALIENT
    if not salient.any():
        return LeftOut(file, source, f"empty mask: its brightest grey is {mask.getextrema()[1]}, {SALIENT} is needed")
    if salient.all():
        return LeftOut(file, source, "full mask: everything is the object")
    return Sound(candidate, hashlib.sha256(content).digest())


def _told(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
