"""A pass whose dear half is cheap: what the training runs instead of `InSPyReNet.single_pass`."""

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from model_serving.network import InSPyReNet
from model_serving.network.inspyrenet import Maps

Precision = Literal["auto", "float32", "bfloat16", "float16"]

FAST_BFLOAT16 = bool(torch.cpu._is_avx512_bf16_supported())  # torch has no public name for it


def half_of(precision: Precision, device: torch.device) -> torch.dtype | None:
    """The 16-bit type to train in, None for float32; "auto" is what the device is quick at."""
    if precision != "auto":
        return {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if device.type == "cpu" and FAST_BFLOAT16 else None


def quick_pass(network: InSPyReNet, image: Tensor, levels: int, *, half: torch.dtype | None) -> Maps:
    """The first `levels` (1 to 4) of the logits d3, d2, d1, d0.

    With a `half`, backbone, encoders and decoder run in that type; SICA, whose sums need float32, does not.
    """
    with torch.autocast(image.device.type, half, enabled=half is not None):
        look = network.look(image, levels)
    exact = replace(
        look,
        features=look.features.float(),
        coarsest=look.coarsest.float(),
        sides=tuple(side.float() for side in look.sides),
    )
    return network.sharpen(exact).saliency
