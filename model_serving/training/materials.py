"""What surfaces look like: plain, shaded, grainy, striped, spotted, furry or cut from a photo."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from model_serving.training.arrays import Floats, Pixels, floats, resized

Photos = Sequence[Pixels]


def material(rng: Generator, photos: Photos, height: int, width: int) -> Floats:
    """HxWx3 in 0..1: one surface, lit from somewhere."""
    kind = PAINTS[rng.choice(len(PAINTS), p=ODDS)]
    surface = kind(rng, photos, height, width)
    lit: Floats = np.clip(surface * light(rng, height, width, rng.uniform(0.0, 0.5)), 0.0, 1.0)
    return lit


def pick(rng: Generator, pictures: Photos) -> Pixels:
    return pictures[int(rng.integers(len(pictures)))]


def light(rng: Generator, height: int, width: int, depth: float) -> Floats:
    """HxWx1 brightness ramp in a random direction, 1 - depth .. 1 + depth / 3."""
    angle = rng.uniform(0.0, 2.0 * np.pi)
    across = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :] * np.cos(angle)
    down = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None] * np.sin(angle)
    ramp = np.clip(0.5 + 0.5 * (across + down), 0.0, 1.0)
    return np.asarray((1.0 - depth + ramp * depth * 4.0 / 3.0)[..., None], np.float32)


def colour(rng: Generator) -> Floats:
    """One colour; greys, browns and darks are as common as paint."""
    value = rng.beta(1.2, 1.4)
    saturation = rng.uniform(0.0, 1.0) ** 2.0
    hue = rng.uniform(0.0, 1.0, 3)
    return np.asarray(value * (1.0 - saturation + saturation * hue), np.float32)


def crop(rng: Generator, photo: Pixels, height: int, width: int, smallest: float = 0.3) -> Floats:
    """A random window of the photo, of the asked shape, either way round."""
    tall, wide = photo.shape[:2]
    zoom = min(tall / height, wide / width) * rng.uniform(smallest, 1.0)
    h, w = max(8, int(height * zoom)), max(8, int(width * zoom))
    top, left = rng.integers(0, max(1, tall - h + 1)), rng.integers(0, max(1, wide - w + 1))
    window = resized(np.ascontiguousarray(photo[top : top + h, left : left + w]), width, height)
    return floats(window[:, ::-1] if rng.random() < 0.5 else window)


def noise(rng: Generator, height: int, width: int, cells: int) -> Floats:
    """HxW smooth noise, 0..1, about `cells` bumps across."""
    grid = rng.integers(0, 256, (max(2, cells), max(2, cells)), dtype=np.uint8)
    return floats(resized(grid, width, height))


def mixed(first: Floats, second: Floats, share: Floats) -> Floats:
    """Two colours or surfaces, HxW `share` of the first."""
    return np.asarray(second + (first - second) * share[..., None], np.float32)


def plain(rng: Generator, _: Photos, height: int, width: int) -> Floats:
    return np.broadcast_to(colour(rng), (height, width, 3)).astype(np.float32)


def blend(rng: Generator, _: Photos, height: int, width: int) -> Floats:
    return mixed(colour(rng), colour(rng), noise(rng, height, width, int(rng.integers(2, 5))))


def grain(rng: Generator, _: Photos, height: int, width: int) -> Floats:
    """Several octaves of noise between two near colours: stone, cloth, skin."""
    octaves = [noise(rng, height, width, cells) / n for n, cells in enumerate((4, 12, 36, 90), start=1)]
    first = colour(rng)
    second: Floats = np.clip(first + rng.normal(0.0, 0.18, 3), 0.0, 1.0).astype(np.float32)
    return mixed(first, second, np.asarray(np.sum(octaves, axis=0) / 2.1, np.float32))


def stripes(rng: Generator, _: Photos, height: int, width: int) -> Floats:
    angle, bands = rng.uniform(0.0, np.pi), rng.uniform(2.0, 14.0)
    x, y = np.linspace(0.0, 1.0, width)[None, :], np.linspace(0.0, 1.0, height)[:, None]
    wave = np.sin(2.0 * np.pi * bands * (x * np.cos(angle) + y * np.sin(angle)))
    ramp = np.clip(wave * rng.uniform(1.0, 6.0) * 0.5 + 0.5, 0.0, 1.0)
    return mixed(colour(rng), colour(rng), ramp)


def spots(rng: Generator, photos: Photos, height: int, width: int) -> Floats:
    field = noise(rng, height, width, int(rng.integers(6, 26)))
    edge = np.clip((field - rng.uniform(0.4, 0.7)) * 12.0, 0.0, 1.0)
    return mixed(colour(rng), blend(rng, photos, height, width), edge)


def fur(rng: Generator, _: Photos, height: int, width: int) -> Floats:
    """Noise drawn out along one direction, between a dark and a light tone."""
    along, across = int(rng.integers(4, 12)), int(rng.integers(40, 110))
    rows, columns = (along, across) if rng.random() < 0.5 else (across, along)
    strands = floats(resized(rng.integers(0, 256, (rows, columns), dtype=np.uint8), width, height))
    first = colour(rng)
    return mixed(first, first * rng.uniform(0.3, 0.8), 0.6 * strands + 0.4 * noise(rng, height, width, 3))


def photo(rng: Generator, photos: Photos, height: int, width: int) -> Floats:
    return crop(rng, pick(rng, photos), height, width, smallest=0.1)


PAINTS: tuple[Callable[[Generator, Photos, int, int], Floats], ...] = (
    plain, blend, grain, stripes, spots, fur, photo,
)  # fmt: skip
ODDS = (0.2, 0.14, 0.16, 0.08, 0.08, 0.1, 0.24)
