"""Trainings small enough for tests: a few made-up pairs, a network of 8 channels, pictures of 64 pixels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from model_serving.datasets.manifest import Pair, write_manifest
from model_serving.training.parameters import Parameters

CONF = Path(__file__).parents[2] / "model_serving" / "conf" / "base" / "parameters_model_training.yml"

TINY: Mapping[str, Any] = {
    "overrides": {"depth": 8, "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 1, 1], "window_size": 4},
    "size": 64,
    "start": "nothing",
    "device": "cpu",
    "precision": "float32",
    "batch": 2,
    "epochs": 2,
    "warm_up": 2,
    "settling": 1,
    "workers": 0,
    "checkpoint_every_s": 300,
    "tensorboard": False,
}


def manifest_of(folder: Path, learned: int = 4, held_out: int = 2) -> Path:
    """Bright boxes before noise, each with its mask."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    pairs = [
        Pair(*_pair(folder, rng, number), "boxes", "train" if number < learned else "held-out")
        for number in range(learned + held_out)
    ]
    write_manifest(folder / "manifest.csv", pairs)
    return folder / "manifest.csv"


def parameters(folder: Path, **others: Any) -> Parameters:
    """Those of conf/base, made tiny, with the manifest of `folder`; `others` over them."""
    given = {"manifest": folder / "manifest.csv", "out": folder / "training", **TINY, **others}
    return Parameters.read(configured() | given)


def configured() -> dict[str, Any]:
    """As conf/base has them."""
    values: dict[str, Any] = yaml.safe_load(CONF.read_text())["model_training"]
    return values


def _pair(folder: Path, rng: np.random.Generator, number: int) -> tuple[Path, Path]:
    picture, mask = rng.integers(0, 120, (48, 64, 3), np.uint8), np.zeros((48, 64), np.uint8)
    top, left = rng.integers(4, 16, 2)
    mask[top : top + 24, left : left + 36] = 255
    picture[mask > 0] += 130
    image, truth = folder / f"{number}.png", folder / f"{number}-mask.png"
    Image.fromarray(picture).save(image)
    Image.fromarray(mask).save(truth)
    return image, truth
