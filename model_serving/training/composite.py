"""A scene and its truth: what the network learns from and is tested on.

The rule to be learned: salient is what is large, in focus and in front. Everything behind is small, blurred, faint or
part of a place; shadows belong to the place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from model_serving.training.arrays import Floats, Pixels, pixels
from model_serving.training.backdrops import backdrop
from model_serving.training.bank import Bank
from model_serving.training.camera import shoot
from model_serving.training.placing import Layer, dress, place, shadow

COUNT_ODDS = (0.84, 0.12, 0.04)
"""Of one, two and three objects in a scene."""
CLOSE = 0.2
"""Of the scenes with one object: it is longer than the frame."""
LEAST = 0.1
MOST = 0.85
"""Bounds of the share of the scene that the salient objects cover together."""
TRIES = 8


@dataclass(frozen=True)
class Composite:
    """side x side x 3 picture and side x side mask, uint8; a mask of 255 is fully salient."""

    image: Pixels
    mask: Pixels


def compose(rng: Generator, bank: Bank, side: int) -> Composite:
    """The same numbers from `rng` and the same bank give the same scene."""
    return next(views(rng, bank, side))


def views(rng: Generator, bank: Bank, side: int) -> Iterator[Composite]:
    """One scene by one camera after another, every other time mirrored: most of the work is the scene."""
    scene, truth = _scene(rng, bank, side)
    while True:
        yield Composite(shoot(rng, scene), pixels(truth))
        scene, truth = scene[:, ::-1], truth[:, ::-1]


def _scene(rng: Generator, bank: Bank, side: int) -> tuple[Floats, Floats]:
    scene = backdrop(rng, bank, side)
    truth = np.zeros((side, side), np.float32)
    for layer in _objects(rng, bank, scene):
        scene = layer.over(_shaded(rng, scene, layer.alpha))
        truth = layer.alpha + truth * (1.0 - layer.alpha)
    return scene, truth


def _objects(rng: Generator, bank: Bank, scene: Floats) -> list[Layer]:
    """One to three of like size, together within the bounds; the last try is taken as it is."""
    for _ in range(TRIES):
        layers = _arrange(rng, bank, scene.shape[0])
        covered = float(np.maximum.reduce([layer.alpha for layer in layers]).mean())
        if LEAST < covered < MOST:
            break
    return [dress(rng, layer, scene, bank.backgrounds) for layer in layers]


def _arrange(rng: Generator, bank: Bank, side: int) -> list[Layer]:
    count = int(rng.choice(3, p=COUNT_ODDS)) + 1
    longest = rng.uniform(0.45, 1.0) if count == 1 else rng.uniform(0.4, 0.75)
    if count == 1 and rng.random() < CLOSE:
        longest = rng.uniform(1.0, 1.6)
    lengths = [longest * (1.0 if n == 0 else rng.uniform(0.6, 1.0)) * side for n in range(count)]
    chosen = rng.integers(len(bank.cutouts), size=count)
    return [place(rng, bank.cutouts[number], side, length) for number, length in zip(chosen, lengths, strict=True)]


def _shaded(rng: Generator, scene: Floats, alpha: Floats) -> Floats:
    if rng.random() < 0.55:
        return scene
    return scene * (1.0 - shadow(rng, alpha))[..., None]
