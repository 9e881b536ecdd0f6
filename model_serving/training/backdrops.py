"""What lies behind: a photo, a surface or a made-up room, sharp or out of focus, with things that do not matter."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from model_serving.training.arrays import Floats, blurred, floats, picture
from model_serving.training.bank import Bank
from model_serving.training.materials import colour, crop, light, material, pick
from model_serving.training.placing import Layer, dress, place

SMALL = (0.04, 0.11)
LARGE = (0.1, 0.4)
"""Longest side of a distractor as a share of the scene's; large ones only where the backdrop is out of focus."""


def backdrop(rng: Generator, bank: Bank, side: int) -> Floats:
    """side x side x 3 in 0..1. Nothing in it is salient: distractors are small, or blurred, or faint."""
    scene = _view(rng, bank, side)
    sigma = _focus(rng) * side
    for _ in range(rng.choice(4, p=(0.55, 0.25, 0.14, 0.06))):
        scene = _distract(rng, bank, scene, SMALL if sigma < side / 50 else LARGE)
    return np.clip(blurred(scene, sigma), 0.0, 1.0)


def _focus(rng: Generator) -> float:
    """Blur as a share of the side: sharp in a third of the scenes."""
    return 0.0 if rng.random() < 0.33 else float(rng.uniform(0.004, 0.04))


def _view(rng: Generator, bank: Bank, side: int) -> Floats:
    kind = rng.random()
    if kind < 0.68:
        scene = crop(rng, pick(rng, bank.backgrounds), side, side)
    elif kind < 0.88:
        scene = _room(rng, bank, side)
    else:
        scene = material(rng, bank.backgrounds, side, side)
    gain = rng.normal(1.0, 0.08, 3).astype(np.float32) * np.float32(np.exp(rng.normal(0.05, 0.2)))
    return np.clip(scene * gain, 0.0, 1.0)


def _room(rng: Generator, bank: Bank, side: int) -> Floats:
    """A wall above a floor or table, with faint frames, windows and posts."""
    wall = material(rng, bank.backgrounds, side, side)
    floor = material(rng, bank.backgrounds, side, side) * light(rng, side, side, 0.4)
    horizon = int(side * rng.uniform(0.35, 0.9))
    scene = _furnished(rng, wall)
    scene[horizon:] = floor[horizon:]
    return scene


def _furnished(rng: Generator, wall: Floats) -> Floats:
    side = wall.shape[0]
    image = picture(wall)
    shapes = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(shapes)
    for _ in range(rng.integers(0, 7)):
        x, y = rng.uniform(-0.1, 1.0, 2) * side
        w, h = rng.uniform(0.03, 0.5, 2) * side
        tone = tuple(int(255 * c) for c in np.clip(wall.mean((0, 1)) * 0.6 + colour(rng) * 0.4, 0.0, 1.0))
        box = (x, y, x + w, y + h)
        pen.rectangle(box, fill=(*tone, int(rng.uniform(30, 170))), outline=(*tone, 255))
    return floats(Image.alpha_composite(image.convert("RGBA"), shapes).convert("RGB")).copy()


def _distract(rng: Generator, bank: Bank, scene: Floats, lengths: tuple[float, float]) -> Floats:
    side = scene.shape[0]
    thing = place(rng, pick(rng, bank.cutouts), side, rng.uniform(*lengths) * side)
    down, right = (int(n) for n in rng.integers(0, side, 2))
    moved = Layer(*(np.roll(part, (down, right), (0, 1)) for part in (thing.colours, thing.alpha)))
    dressed = dress(rng, moved, scene, bank.backgrounds)
    faint = np.float32(rng.uniform(0.35, 1.0))
    return Layer(dressed.colours, dressed.alpha * faint).over(scene)
