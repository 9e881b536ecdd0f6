"""Carrying weights to a larger base size, or to a deeper backbone."""

import torch
from torch import Tensor, nn

from model_serving.network import InSPyReNet
from model_serving.network.swin import ShiftedBlock


@torch.no_grad()
def with_weights(old: InSPyReNet, new: InSPyReNet) -> InSPyReNet:
    """`new` with the weights of `old`, ready to run at its own base size; blocks that `old` lacks change nothing yet.

    SICA sums over a grid of the base size. Its sums, and the statistics of what normalises them, grow with the area.
    RuntimeError where they differ in more than base size and depths.
    """
    new.load_state_dict(_with_idle_blocks(new) | old.state_dict())
    growth = (new.base_size[0] * new.base_size[1]) / (old.base_size[0] * old.base_size[1])
    for refiner in new.refiners:
        for part in ("key", "value"):
            _scale_input(refiner.get_submodule(part), growth)
    return new


def _with_idle_blocks(network: InSPyReNet) -> dict[str, Tensor]:
    """The network's entries, with zeros where a block adds to its input: each block then hands on what it is given."""
    state = dict(network.state_dict())
    for name, block in network.named_modules():
        if isinstance(block, ShiftedBlock):
            for part in ("attn.proj", "mlp.fc2"):
                for kind in ("weight", "bias"):
                    state[f"{name}.{part}.{kind}"] = torch.zeros_like(state[f"{name}.{part}.{kind}"])
    return state


def _scale_input(part: nn.Module, growth: float) -> None:
    """The first BatchNorm follows a convolution without bias, so its input grows as the convolution's does."""
    norm = next(module for module in part.modules() if isinstance(module, nn.BatchNorm2d))
    if norm.running_mean is not None and norm.running_var is not None:
        norm.running_mean *= growth
        norm.running_var *= growth**2
