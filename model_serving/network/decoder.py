"""PAA-d, the parallel axial attention decoder: the three deep maps to the coarsest saliency."""

import torch
from torch import Tensor, nn

from model_serving.network.blocks import ConvBlock, CrossAttention, resize_corners, size_of


class AxialDecoder(nn.Module):
    """Joins the maps of stride 8, 16 and 32 at stride 8."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.join = ConvBlock(3 * depth, depth, 3)
        self.attention = CrossAttention(depth)
        self.smooth = nn.Sequential(*(ConvBlock(depth, depth, 3) for _ in range(3)))
        self.head = nn.Conv2d(depth, 1, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.head.weight)

    def forward(self, fine: Tensor, middle: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """BxDxhxw and two coarser maps -> features BxDxhxw and saliency logits Bx1xhxw."""
        size = size_of(fine)
        joined = torch.cat([resize_corners(deep, size), resize_corners(middle, size), fine], dim=1)
        features: Tensor = self.smooth(self.attention(self.join(joined)))
        return features, self.head(features)
