"""Carrying weights from one base size to another."""

import torch
from torch import nn

from model_serving.network import InSPyReNet


@torch.no_grad()
def with_weights(old: InSPyReNet, new: InSPyReNet) -> InSPyReNet:
    """`new` with the weights of `old`, ready to run at its own base size.

    SICA sums over a grid of the base size. Its sums, and the statistics of what normalises them, grow with the area.
    """
    new.load_state_dict(old.state_dict())
    growth = (new.base_size[0] * new.base_size[1]) / (old.base_size[0] * old.base_size[1])
    for refiner in new.refiners:
        for part in ("key", "value"):
            _scale_input(refiner.get_submodule(part), growth)
    return new


def _scale_input(part: nn.Module, growth: float) -> None:
    """The first BatchNorm follows a convolution without bias, so its input grows as the convolution's does."""
    norm = next(module for module in part.modules() if isinstance(module, nn.BatchNorm2d))
    if norm.running_mean is not None and norm.running_var is not None:
        norm.running_mean *= growth
        norm.running_var *= growth**2
