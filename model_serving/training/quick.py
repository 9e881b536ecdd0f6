"""A pass whose dear half is cheap: what the training runs instead of `InSPyReNet.single_pass`."""

from dataclasses import replace

import torch
from torch import Tensor

from model_serving.network import InSPyReNet
from model_serving.network.inspyrenet import Maps


def quick_pass(network: InSPyReNet, image: Tensor, levels: int, *, halved: bool) -> Maps:
    """The first `levels` (1 to 4) of the logits d3, d2, d1, d0.

    `halved`: backbone, encoders and decoder run in bfloat16; SICA, whose sums need float32, does not.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=halved):
        look = network.look(image, levels)
    exact = replace(
        look,
        features=look.features.float(),
        coarsest=look.coarsest.float(),
        sides=tuple(side.float() for side in look.sides),
    )
    return network.sharpen(exact).saliency
