"""How annotators go through a project of pictures: in order, several requests on each, then a review of some."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """`people` annotate each picture, with `clicks` requests each on average; a share of it is `reviewed` later.

    A visit in a hundred `reencoded` shares is to a copy of the same pixels in other bytes.
    """

    people: int
    clicks: float
    reviewed: float
    reencoded: float


BURST = Profile(people=1, clicks=3, reviewed=0.2, reencoded=0.02)


@dataclass(frozen=True, slots=True)
class Visit:
    """One annotator at one picture."""

    picture: int
    requests: int
    reencoded: bool


def project(profile: Profile, pictures: int, seed: int) -> Iterator[Visit]:
    """The visits in the order in which they begin; whoever is free takes the next one. Same seed, same visits."""
    chance = random.Random(seed)

    def visit(picture: int, requests: int) -> Visit:
        return Visit(picture, requests, chance.random() < profile.reencoded)

    for _ in range(profile.people):
        for picture in range(pictures):
            yield visit(picture, 1 + _poisson(chance, profile.clicks - 1))
    for picture in range(pictures):
        if chance.random() < profile.reviewed:
            yield visit(picture, 1)


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's method (The Art of Computer Programming, 3.4.1)."""
    limit, product, events = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        events += 1
    return events
