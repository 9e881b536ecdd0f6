"""Pictures with their truth, from wherever they are: the photos, a manifest's held-out pairs, composed scenes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from model_serving import pixels
from model_serving.datasets.checking import MOST_PIXELS
from model_serving.datasets.manifest import HELD_OUT, Pair
from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.metrics import Map
from model_serving.evaluation.photos import photos
from model_serving.training.bank import Bank
from model_serving.training.composite import compose

SCENE_SEED = 2026
SCENE_SIDE = 384
"""Of a composed test picture: larger than the small network's base size, as photos are."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`file` is what a user would send, `image` what it shows, upright; `truth` is HxW in 0..1."""

    file: bytes
    image: Image.Image
    truth: Map


@dataclass(frozen=True, slots=True)
class Example:
    """One picture of a source, read when asked for. Reading raises EvaluationError."""

    source: str
    name: str
    read: Callable[[], Picture]


def of_photos() -> list[Example]:
    """The real photos of this package."""
    return [Example("photos", photo.name, partial(_read, photo.image, photo.mask)) for photo in photos()]


def of_pairs(pairs: Sequence[Pair]) -> list[Example]:
    """The held-out pairs of a manifest. EvaluationError where it has none."""
    held_out = [pair for pair in pairs if pair.split == HELD_OUT]
    if not held_out:
        raise EvaluationError(f"none of the manifest's {len(pairs)} pairs is held out; run data_preprocessing again")
    return [Example(pair.source, str(pair.image), partial(_read, pair.image, pair.mask)) for pair in held_out]


def of_scenes(bank: Bank, count: int) -> list[Example]:
    """Always the same scenes for the same bank, which is of the held-out side."""
    return [Example("composites", f"scene-{number}", partial(_scene, bank, number)) for number in range(count)]


def _read(image: Path, mask: Path) -> Picture:
    file, shown = _decoded(image)
    if not mask.is_file():
        raise EvaluationError(f"{mask}: no such mask of {image}; put it there or leave the picture out")
    _, truth = _decoded(mask)
    if truth.size != shown.size:
        raise EvaluationError(f"{mask}: {_told(truth)}, and {image}: {_told(shown)}; they must be of one size")
    return Picture(file, shown, np.asarray(truth.convert("L"), np.float32) / 255.0)


def _decoded(path: Path) -> tuple[bytes, Image.Image]:
    try:
        file = path.read_bytes()
        return file, pixels.decode(file, MOST_PIXELS)
    except (OSError, pixels.UnreadableImage) as error:
        raise EvaluationError(f"{path}: cannot be read: {error}") from error


def _told(image: Image.Image) -> str:
    return f"{image.width} x {image.height} pixels"


def _scene(bank: Bank, number: int) -> Picture:
    scene = compose(np.random.default_rng((SCENE_SEED, number)), bank, SCENE_SIDE)
    image, file = Image.fromarray(scene.image), io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return Picture(file.getvalue(), image, np.asarray(scene.mask, np.float32) / 255.0)
