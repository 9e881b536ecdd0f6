"""The network's coarser saliency alone: the finer steps are most of the cost, and learn late."""

import torch
from torch import Tensor

from model_serving.network import InSPyReNet
from model_serving.network.blocks import resize

LEVELS = 4
"""d3, d2, d1, d0."""


def partial_pass(network: InSPyReNet, image: Tensor, levels: int, *, halved: bool = False) -> list[Tensor]:
    """The first `levels` (1 to 4) of the logits d3, d2, d1, d0 as `InSPyReNet.single_pass` computes them.

    `halved`: backbone, encoders and decoder run in bfloat16; SICA, whose sums need float32, does not.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=halved):
        maps = network.backbone(image)
        features, coarsest = network.decoder(*(network.encoders[n](maps[n]) for n in (2, 3, 4)))
        sides = [network.encoders[n](maps[n]).float() for n in (1, 0)[: levels - 1]]
    features, found, details = features.float(), [coarsest.float()], list[Tensor]()
    for step in range(levels - 1):
        saliency = found[-1].detach()
        size = (2 * saliency.shape[-2], 2 * saliency.shape[-1])
        joined = torch.cat([resize(x, size) for x in (*sides[step : step + 1], features)], dim=1)
        features, detail = network.refiners[step](joined, saliency, *(d.detach() for d in details[-1:]))
        details.append(detail)
        found.append(network.pyramid.reconstruct(saliency, detail))
    return found
