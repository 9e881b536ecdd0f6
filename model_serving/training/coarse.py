"""The network without its last step, which is most of its cost: how a run begins."""

import torch
from torch import Tensor

from model_serving.network import InSPyReNet
from model_serving.network.blocks import resize


def coarse_pass(network: InSPyReNet, image: Tensor) -> list[Tensor]:
    """The logits d3, d2, d1 as `InSPyReNet.single_pass` computes them; d1 is Bx1xH/2xW/2."""
    maps = zip(network.encoders, network.backbone(image), strict=True)
    x1, x2, x3, x4, x5 = (encode(x) for encode, x in maps)
    height, width = image.shape[-2:]
    f3, d3 = network.decoder(x3, x4, x5)
    f2, p2 = network.refiners[0](torch.cat([x2, resize(f3, (height // 4, width // 4))], dim=1), d3.detach())
    d2 = network.pyramid.reconstruct(d3.detach(), p2)
    half = (height // 2, width // 2)
    _, p1 = network.refiners[1](torch.cat([resize(x1, half), resize(f2, half)], dim=1), d2.detach(), p2.detach())
    return [d3, d2, network.pyramid.reconstruct(d2.detach(), p1)]
