"""The weights averaged over the last steps: better than any one step's, and what is shipped."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from model_serving.network import InSPyReNet

MEMORY = 0.995


class Average:
    """A second network that follows the trained one, BatchNorm's statistics included."""

    def __init__(self, network: InSPyReNet, memory: float = MEMORY) -> None:
        """`memory` is the share (0 to below 1) of itself that the average keeps at each step."""
        self.memory = memory
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.steps = 0

    @torch.no_grad()
    def follow(self, network: InSPyReNet) -> None:
        """Moves towards the network; the first steps count for more, so that the random start is soon forgotten."""
        self.steps += 1
        keep = min(self.memory, self.steps / (self.steps + 9.0))
        torch._foreach_lerp_(_floats(self.network), _floats(network), 1.0 - keep)

    def settle(self, images: Iterable[Tensor]) -> None:
        """Measures BatchNorm's statistics anew: those of averaged weights are not the average of theirs."""
        update_bn(images, self.network)
        self.network.eval()


def _floats(network: InSPyReNet) -> list[Tensor]:
    return [entry for entry in network.state_dict().values() if entry.is_floating_point()]
