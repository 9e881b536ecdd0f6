"""The network as exporters want it: one tensor in, two out, no BatchNorm, and quiet."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from model_serving.network import InSPyReNet
from model_serving.runtimes.eager import folded


class Answering(nn.Module):
    """Bx3xHxW at base size -> `pred` Bx1xHxW and `confidence` B."""

    def __init__(self, network: InSPyReNet) -> None:
        super().__init__()
        self.network = folded(network)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        output = self.network(image)
        return output.pred, output.confidence


def example(network: InSPyReNet, batch: int = 1) -> Tensor:
    """An input of base size; noise, so that no part of the network is silent."""
    return torch.randn((batch, 3, *network.base_size), generator=torch.Generator().manual_seed(0))


@contextmanager
def exporting() -> Iterator[None]:
    """No gradients, and none of the exporters' words about what they find in the network."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
