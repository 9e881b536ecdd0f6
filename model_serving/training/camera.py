"""What a camera and a file format do to a finished scene."""

import io

import numpy as np
from numpy.random import Generator
from PIL import Image

from model_serving.training.arrays import Floats, Pixels, blurred, pixels


def shoot(rng: Generator, scene: Floats) -> Pixels:
    """HxWx3 uint8: exposure, tint, sometimes black and white, vignette, shake, noise, JPEG."""
    seen = _exposed(rng, scene)
    if rng.random() < 0.12:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.2:
        seen = seen * _vignette(rng, scene.shape[0])
    if rng.random() < 0.2:
        seen = blurred(seen, rng.uniform(0.3, 1.1) * scene.shape[0] / 128)
    if rng.random() < 0.35:
        seen = seen + rng.standard_normal(seen.shape, np.float32) * np.float32(rng.uniform(0.005, 0.03))
    taken = pixels(seen)
    return _compressed(taken, int(rng.integers(25, 96))) if rng.random() < 0.5 else taken


def _exposed(rng: Generator, scene: Floats) -> Floats:
    gain = rng.normal(1.0, 0.06, 3).astype(np.float32) * np.float32(np.exp(rng.normal(0.08, 0.14)))
    gamma = np.float32(np.exp(rng.normal(-0.1, 0.16)))
    return np.asarray(np.clip(scene * gain, 0.0, 1.0) ** gamma, np.float32)


def _vignette(rng: Generator, side: int) -> Floats:
    across = np.linspace(-1.0, 1.0, side, dtype=np.float32)
    distance = across[:, None] ** 2 + across[None, :] ** 2
    return (1.0 - np.float32(rng.uniform(0.1, 0.35)) * distance)[..., None]


def _compressed(image: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
