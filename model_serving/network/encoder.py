"""PAA-e, the parallel axial attention encoder: one backbone map to `depth` channels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_serving.network.blocks import ConvBlock, CrossAttention

RADII = (3, 5, 7)


class AxialBranch(nn.Module):
    """A receptive field of one radius: two strip convolutions, attention along both axes, a dilated convolution."""

    def __init__(self, inputs: int, depth: int, radius: int) -> None:
        super().__init__()
        self.enter = ConvBlock(inputs, depth, 1)
        self.row = ConvBlock(depth, depth, (1, radius))
        self.column = ConvBlock(depth, depth, (radius, 1))
        self.attention = CrossAttention(depth)
        self.spread = ConvBlock(depth, depth, 3, dilation=radius)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.spread(self.attention(self.column(self.row(self.enter(x)))))
        return y


class AxialEncoder(nn.Module):
    """BxCxHxW -> BxDxHxW, D the network's depth; not negative."""

    def __init__(self, inputs: int, depth: int) -> None:
        super().__init__()
        self.direct = ConvBlock(inputs, depth, 1)
        self.branches = nn.ModuleList(AxialBranch(inputs, depth, radius) for radius in RADII)
        self.join = ConvBlock((1 + len(RADII)) * depth, depth, 3)
        self.residual = ConvBlock(inputs, depth, 1)

    def forward(self, x: Tensor) -> Tensor:
        fields = [self.direct(x), *(branch(x) for branch in self.branches)]
        return F.relu(self.join(torch.cat(fields, dim=1)) + self.residual(x))
