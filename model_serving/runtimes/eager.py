"""torch as it is: every device, every size. BatchNorm is folded into the convolutions before it."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model_serving.network import InSPyReNet
from model_serving.network.blocks import ConvBlock, Size
from model_serving.network.sica import ContextAttention, ContextSum
from model_serving.runtimes.runtime import Precision, Prediction


class Eager:
    """Runs the network on a device. What is asked of the network later is not seen: its layers are copied."""

    def __init__(
        self, network: InSPyReNet, *, device: torch.device | str = "cpu", precision: Precision = "equal"
    ) -> None:
        self._device = torch.device(device)
        self._network = folded(network).to(self._device)
        self._halved = precision == "reduced"
        if self._halved:
            _spare_the_sums(self._network)
        self.base_size: Size = network.base_size

    @torch.inference_mode()
    def __call__(self, image: Tensor, image_resized: Tensor | None = None) -> Prediction:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._halved):
            small = None if image_resized is None else image_resized.to(self._device)
            output = self._network(image.to(self._device), small)
        return Prediction(output.pred.float().cpu(), output.confidence.float().cpu())


def folded(network: InSPyReNet) -> InSPyReNet:
    """A copy in eval mode whose convolutions do what their BatchNorm did after them."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for block in copy.modules():
        if isinstance(block, ConvBlock):
            block.conv = fuse_conv_bn_eval(block.conv, block.bn)
            block.bn = nn.Identity()  # type: ignore[assignment]  # nothing is left to do
    return copy


class _InFloat32(nn.Module):
    def __init__(self, total: ContextSum) -> None:
        super().__init__()
        self.total = total

    def forward(self, weights: Tensor, pixels: Tensor) -> Tensor:
        with torch.autocast(pixels.device.type, enabled=False):
            summed: Tensor = self.total(weights.float(), pixels.float())
            return summed


def _spare_the_sums(network: InSPyReNet) -> None:
    for part in network.modules():
        if isinstance(part, ContextAttention):
            part.total = _InFloat32(part.total)  # type: ignore[assignment]  # the same sum
