"""The image pyramid: how a map grows and shrinks by two, and where a saliency map is undecided."""

import math
from functools import reduce as fold

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_serving.network.blocks import resize_corners, size_of

RADIUS = 3

# Flat ellipses, as ones per row, centred, top to bottom (OpenCV's MORPH_ELLIPSE of side 5, 9 and 17).
ELLIPSES = {
    5: (1, 5, 5, 5, 1),
    9: (1, 7, 7, 9, 9, 9, 7, 7, 1),
    17: (1, 9, 11, 13, 15, 15, 17, 17, 17, 17, 17, 15, 15, 13, 11, 9, 1),
}


def gaussian() -> Tensor:
    """1x1x7x7, sigma 1, sum 1; made in float64, rounded once."""
    row = torch.exp(torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64).square() / -2)
    row /= row.sum()
    return torch.outer(row, row).float()[None, None]


class ImagePyramid(nn.Module):
    """Gaussian pyramid of one-channel maps; Burt and Adelson 1983."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", gaussian(), persistent=False)

    def expand(self, x: Tensor) -> Tensor:
        """Bx1xhxw -> Bx1x2hx2w: zeros between the pixels, then four times the blur."""
        batch, _, height, width = x.shape
        spread = x.new_zeros(batch, 1, 2 * height, 2 * width)
        spread[..., ::2, ::2] = x
        return self._blur(spread, 4 * self.kernel)

    def reduce(self, x: Tensor) -> Tensor:
        """Bx1xHxW -> half the size: blur, then every second pixel from 0."""
        return self._blur(x, self.kernel, stride=2)

    def reconstruct(self, coarse: Tensor, detail: Tensor) -> Tensor:
        """Bx1xhxw and its Laplacian -> Bx1x2hx2w."""
        expanded = self.expand(coarse)
        return expanded + resize_corners(detail, size_of(expanded))

    def _blur(self, x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
        return F.conv2d(F.pad(x, (RADIUS,) * 4, mode="reflect"), kernel, stride=stride)


def dilate(x: Tensor, rows: tuple[int, ...]) -> Tensor:
    """Largest value under a flat structuring element given as ones per row. Pixels outside the map are ignored."""
    height, reach = x.shape[-2], len(rows) // 2
    padded = F.pad(x, (0, 0, reach, reach), value=-math.inf)
    along = {width: F.max_pool2d(padded, (1, width), stride=1, padding=(0, width // 2)) for width in set(rows)}
    return fold(torch.maximum, (along[width][..., top : top + height, :] for top, width in enumerate(rows)))


def transition(logits: Tensor, side: int) -> Tensor:
    """Bx1xhxw logits -> 1.0 where the probability changes by more than 0.5 within an ellipse of that side, else 0.0."""
    probability, rows = torch.sigmoid(logits), ELLIPSES[side]
    change = dilate(probability, rows) + dilate(-probability, rows)
    return (change > 0.5).to(logits.dtype)
