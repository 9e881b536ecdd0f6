"""A hundred different pictures as people send them: four scenes in 25 sizes and three formats."""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import Image
from skimage import data

COUNT = 100
_SCENES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
_SHAPES = ((4, 3), (3, 2), (1, 1), (3, 4), (16, 9))
_LEAST, _MOST = 0.05, 12.0
"""Megapixels of the smallest and the largest."""
_STEPS = COUNT // len(_SCENES)


def album(count: int = COUNT) -> Iterator[bytes]:
    """Image files, small and large ones mixed: seven in ten are JPEG, two WebP, one PNG. Always the same."""
    for number in range(count):
        # 11 and 25 share no factor, so each step comes once in every 25.
        size = _size(number * 11 % _STEPS)
        kind = ("JPEG", "JPEG", "WEBP", "JPEG", "PNG", "JPEG", "JPEG", "WEBP", "JPEG", "JPEG")[number % 10]
        yield _file(_scene(_SCENES[number // _STEPS % len(_SCENES)]), size, kind)


def _size(step: int) -> tuple[int, int]:
    """From the least to the most, each step as many times the one before."""
    pixels = 1e6 * _LEAST * (_MOST / _LEAST) ** (step / (_STEPS - 1))
    across, down = _SHAPES[step % len(_SHAPES)]
    unit = (pixels / (across * down)) ** 0.5
    return round(across * unit), round(down * unit)


@cache
def _scene(name: str) -> Image.Image:
    return Image.open(Path(data.__file__).parent / name).convert("RGB")


def _file(scene: Image.Image, size: tuple[int, int], kind: str) -> bytes:
    buffer = io.BytesIO()
    scene.resize(size, Image.Resampling.BILINEAR).save(buffer, kind, quality=90)
    return buffer.getvalue()
