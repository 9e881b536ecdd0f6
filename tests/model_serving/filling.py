"""Weights and pictures made from nothing: a pure function of a seed, an entry's name and its shape.

Integer hashing gives uniform numbers, and float32 steps alone follow, so everybody who has the names and shapes makes
the same state dict, bit for bit. The numbers are chosen so that no part of the network is silent.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SEED = 20221204
Floats = NDArray[np.float32]

f32 = np.float32


def hash_uniform(key: str, count: int) -> Floats:
    """`count` numbers in [-1, 1): SplitMix64 started at the SHA-256 of the key, its top 24 bits."""
    start = np.uint64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        z = start + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(f32) * f32(2.0**-23) - f32(1.0)


def filled(state: Mapping[str, Tensor], base_size: tuple[int, int]) -> dict[str, Tensor]:
    """A new state dict, by the authors' names; integer entries are kept."""
    return {
        name: torch.from_numpy(np.asarray(_value(name, tuple(entry.shape), base_size)))
        if entry.is_floating_point()
        else entry.clone()
        for name, entry in state.items()
    }


def state_sha256(state: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        if state[name].is_floating_point():
            digest.update(name.encode())
            digest.update(state[name].numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """HxWx3: a gradient, discs, stripes and noise, in integers only."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    image = np.stack([(x * 255) // (width - 1), (y * 255) // (height - 1), ((x + y) * 255) // (height + width - 2)], -1)
    side = min(height, width)
    for top, left, radius, colour in (
        (45, 40, 25, (230, 40, 60)),
        (60, 75, 15, (30, 220, 90)),
        (20, 80, 9, (250, 240, 30)),
    ):
        disc = (y * 100 - top * height) ** 2 + (x * 100 - left * width) ** 2 <= (radius * side) ** 2
        image[disc] = (image[disc] + 3 * np.array(colour)) // 4
    image[((x + 2 * y) // max(side // 32, 1)) % 7 == 0] += 35
    noise = hash_uniform(f"img:{seed}:{height}x{width}", height * width * 3).reshape(height, width, 3)
    return np.clip(image + (noise * f32(24)).astype(np.int64), 0, 255).astype(np.uint8)


def _value(name: str, shape: tuple[int, ...], base_size: tuple[int, int]) -> Floats:
    noise = hash_uniform(f"{SEED}:{name}", int(np.prod(shape))).reshape(shape)
    leaf = name.rsplit(".", 1)[-1]
    scale = _context_scale(name, base_size)
    match leaf:
        case "threshold" | "lthreshold":
            return f32(0.5) + f32(0.125) * noise
        case "gamma":
            return f32(0.5) + f32(0.25) * noise
        case "relative_position_bias_table":
            return f32(2.0) * noise
        case "running_mean":
            return f32(0.125 * scale) * noise
        case "running_var":
            return f32(scale * scale) * (f32(1.0) + f32(0.5) * noise)
        case "bias":
            return f32(0.125) * noise
    return _norm_weight(name, noise) if len(shape) == 1 else _weight(name, noise)


def _norm_weight(name: str, noise: Floats) -> Floats:
    weight = f32(1.0) + f32(0.25) * noise
    return f32(2.0) * weight if name.endswith("conv_out4.bn.weight") else weight


def _weight(name: str, noise: Floats) -> Floats:
    weight = noise * f32(_gain(name, noise.ndim) * (3.0 / int(np.prod(noise.shape[1:]))) ** 0.5)
    balanced = name.startswith(("attention", "context")) and ".conv_key." not in name and ".conv_value." not in name
    if balanced and noise.ndim == 4:
        half = noise.shape[1] // 2
        weight[:, half:] = -weight[:, :half]
    return weight


def _gain(name: str, dimensions: int) -> float:
    if name == "decoder.conv5.conv.weight":
        return 1.25
    if ".query_conv." in name or ".key_conv." in name:
        return 0.3
    if any(part in name for part in (".conv_query.", ".conv_key.", ".conv_value.", ".conv_out")):
        return 1.5
    if name.startswith("backbone.") and dimensions == 4 and "patch_embed" not in name:
        return 0.35 if name.endswith(".conv3.weight") else 1.25
    return 1.0


def _context_scale(name: str, base_size: tuple[int, int]) -> float:
    """SICA sums over its grid without averaging: the first BatchNorm after that sum gets statistics of that size."""
    parts = name.split(".")
    if parts[0].startswith("attention") and parts[1:3] in (["conv_key", "0"], ["conv_value", "0"]):
        step = 2 ** int(parts[0][-1])
        return 0.125 * (base_size[0] // step) * (base_size[1] // step)
    return 1.0
