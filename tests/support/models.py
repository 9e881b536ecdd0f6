"""A network small enough for tests, with random weights."""

from pathlib import Path

import torch

from model_serving.build import Overrides, build_network
from model_serving.weights import save_weights

TINY: Overrides = {
    "base_size": 64,
    "embed_dim": 16,
    "depth": 8,
    "depths": (2, 1, 1, 1),  # a stage's second block is the first one that shifts its windows
    "num_heads": (1, 1, 2, 4),
    "window_size": 4,
}


def tiny_weights(path: Path, seed: int = 0) -> Path:
    """Weights of the variant small, in the file format that we ship; another seed, another network."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        save_weights(path, build_network("small", **TINY), "small", TINY)
    return path


def flip_a_bit(weights: Path) -> None:
    """The last one: such weights load, and make other masks. Flipped twice they are whole again."""
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
