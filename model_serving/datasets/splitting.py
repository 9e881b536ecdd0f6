"""What is trained on and what never is: by the content of the pictures, so that a picture is on one side only."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from model_serving.datasets.checking import Sound
from model_serving.datasets.manifest import HELD_OUT, TRAIN, Pair
from model_serving.datasets.pairing import LeftOut


@dataclass(slots=True)
class Distinct:
    """The pairs left when pictures that are there twice are counted once, and the others."""

    kept: list[Sound] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def distinct(sound: Iterable[Sound]) -> Distinct:
    """A picture of a published test set is not in training too; elsewhere the first of equal ones is kept.

    Test sets are kept whole even where they share pictures: what is published was measured on all of each.
    """
    told = Distinct()
    seen: dict[bytes, Sound] = {}
    ordered = list(sound)
    for one in (one for one in ordered if one.candidate.side == "held-out"):
        seen.setdefault(one.digest, one)
    for one in ordered:
        first = seen.setdefault(one.digest, one)
        if one.candidate.side == "held-out" or first is one:
            told.kept.append(one)
        else:
            reason = f"same picture: as {first.candidate.image}"
            told.left_out.append(LeftOut(one.candidate.image, one.candidate.source, reason))
    return told


def split(sound: Sequence[Sound], share: float, seed: int) -> list[Pair]:
    """Each source has its own held-out share, of at least one picture where it has two.

    A picture's place is decided by its content and the seed alone: more pictures move no earlier one to the other side.
    """
    held_out = {one.digest for one in sound if one.candidate.side == "held-out"}
    for source in _by_source(sound).values():
        held_out |= _drawn(source, share, seed)
    return [_pair(one, HELD_OUT if one.digest in held_out else TRAIN) for one in sound]


def _by_source(sound: Iterable[Sound]) -> dict[str, list[Sound]]:
    sources: dict[str, list[Sound]] = defaultdict(list)
    for one in sound:
        if one.candidate.side == "split":
            sources[one.candidate.source].append(one)
    return sources


def _drawn(source: Sequence[Sound], share: float, seed: int) -> set[bytes]:
    own = source[0].candidate.held_out
    share = share if own is None else own
    drawn = {one.digest for one in source if _lot(one, seed) < share}
    if not drawn and share > 0.0 and len(source) > 1:
        drawn = {min(source, key=lambda one: _lot(one, seed)).digest}
    return drawn


def _lot(one: Sound, seed: int) -> float:
    """Evenly in 0..1."""
    digest = hashlib.blake2b(one.digest, digest_size=8, salt=seed.to_bytes(16, "big")).digest()
    return int.from_bytes(digest, "big") / 2**64


def _pair(one: Sound, side: str) -> Pair:
    return Pair(one.candidate.image, one.candidate.mask, one.candidate.source, side)
