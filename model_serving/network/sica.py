"""SICA, scale-invariant context attention: the detail that one step of the saliency pyramid is missing."""

import torch
from torch import Tensor, nn

from model_serving.network.blocks import ConvBlock, Size, resize, size_of


def _regions(logits: Tensor, threshold: Tensor, size: Size) -> tuple[Tensor, Tensor, Tensor]:
    """How far above, how far below and how near to the threshold each pixel's probability is."""
    margin = torch.sigmoid(resize(logits, size)) - threshold
    return margin.clamp(0, 1), (-margin).clamp(0, 1), threshold - margin.abs()


def _pair(inputs: int, depth: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(ConvBlock(inputs, depth, kernel, relu=True), ConvBlock(depth, depth, kernel, relu=True))


class ContextSum(nn.Module):
    """The sum over the grid. A module of its own, so that who runs the rest with fewer digits can spare it.

    It has up to a million terms: more than float16 can hold, and bfloat16 loses the small ones.
    """

    def forward(self, weights: Tensor, pixels: Tensor) -> Tensor:
        """BxMxN and BxNxC -> BxMxC."""
        return weights @ pixels


class ContextAttention(nn.Module):
    """Each pixel attends to a handful of context vectors: foreground, background, contour[, detail, no detail].

    A context vector is a plain sum over a grid whose size is fixed by the network's base size, never by the input:
    this makes the attention scale-invariant. The sum is not divided by the pixel count.
    """

    def __init__(self, inputs: int, depth: int, grid: Size, *, sees_detail: bool) -> None:
        super().__init__()
        self.grid = grid
        self.scale = depth**-0.5
        self.threshold = nn.Parameter(torch.tensor([0.5]))
        if sees_detail:
            self.detail_threshold = nn.Parameter(torch.tensor([0.5]))
        self.total = ContextSum()
        self.query = _pair(inputs, depth, 3)
        self.key = _pair(inputs, depth, 1)
        self.value = _pair(inputs, depth, 1)
        self.answer = ConvBlock(depth, depth, 3, relu=True)
        self.join = ConvBlock(inputs + depth, depth, 3, relu=True)
        self.smooth = ConvBlock(depth, depth, 3, relu=True)
        self.head = ConvBlock(depth, 1, 1)

    def forward(self, x: Tensor, saliency: Tensor, detail: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Features BxCxhxw and coarser logits Bx1x.x. -> features BxDxhxw and Laplacian logits Bx1xhxw."""
        context = self._context(x, self._maps(size_of(x), saliency, detail))
        features: Tensor = self.smooth(self.join(torch.cat([x, self._attend(x, context)], dim=1)))
        return features, self.head(features)

    def _maps(self, size: Size, saliency: Tensor, detail: Tensor | None) -> Tensor:
        maps = [*_regions(saliency, self.threshold, size)]
        if detail is not None:
            maps += _regions(detail, self.detail_threshold, size)[:2]
        return torch.cat(maps, dim=1)

    def _context(self, x: Tensor, maps: Tensor) -> Tensor:
        """BxCxMx1, one vector per map. The features' memory is read as (pixels, C) rows, as published: no transpose."""
        batch, channels = x.shape[:2]
        pixels = resize(x, self.grid).contiguous().view(batch, -1, channels)
        weights = resize(maps, self.grid).flatten(2)
        total: Tensor = self.total(weights, pixels)
        return total.transpose(1, 2).unsqueeze(-1)

    def _attend(self, x: Tensor, context: Tensor) -> Tensor:
        query = self.query(x).flatten(2)
        key, value = self.key(context).squeeze(-1), self.value(context).squeeze(-1)
        weights = torch.softmax(key.transpose(1, 2) @ query * self.scale, dim=1)
        answer: Tensor = self.answer((value @ weights).unflatten(2, size_of(x)))
        return answer
