"""What every other part is made of: the conv block, the axis attention, the two resizes."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Size = tuple[int, int]


def resize(x: Tensor, size: Size) -> Tensor:
    """Bilinear, corners not aligned. The tensor itself where the size is already right."""
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


def resize_corners(x: Tensor, size: Size) -> Tensor:
    """Bilinear, corners aligned. The tensor itself where the size is already right."""
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def size_of(x: Tensor) -> Size:
    """Height and width of a BxCxHxW tensor."""
    return x.shape[-2], x.shape[-1]


class ConvBlock(nn.Module):
    """Convolution without bias, BatchNorm, and a ReLU where one is asked for. Keeps the map's size; odd kernels."""

    def __init__(self, inputs: int, outputs: int, kernel: int | Size, *, dilation: int = 1, relu: bool = False) -> None:
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (dilation * (height // 2), dilation * (width // 2))
        self.conv = nn.Conv2d(inputs, outputs, (height, width), padding=padding, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(self.bn(self.conv(x)))
        return y


class AxisAttention(nn.Module):
    """Self-attention along one axis, after which `gamma` times the result is added to the input.

    The axis only sets a length L: rows of L numbers are cut from the memory of the contiguous map. Along the width
    these are image rows. Along the height they are not columns, but runs of H numbers across image rows; the
    published weights were trained so.
    """

    def __init__(self, channels: int, axis: Literal["height", "width"]) -> None:
        super().__init__()
        self.dim = -2 if axis == "height" else -1
        self.query = ConvBlock(channels, channels // 8, 1)
        self.key = ConvBlock(channels, channels // 8, 1)
        self.value = ConvBlock(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """BxCxHxW -> BxCxHxW."""
        query, key, value = (self._rows(part(x)) for part in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
        mixed = (value @ weights.transpose(1, 2)).view(x.shape)
        return self.gamma * mixed + x

    def _rows(self, x: Tensor) -> Tensor:
        return x.contiguous().view(x.shape[0], -1, x.shape[self.dim])


class CrossAttention(nn.Module):
    """Attention along the height plus attention along the width: the input is in the sum twice."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.height = AxisAttention(channels, "height")
        self.width = AxisAttention(channels, "width")

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.height(x) + self.width(x)
        return y
