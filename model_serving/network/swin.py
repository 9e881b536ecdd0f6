"""Swin Transformer (Liu et al. 2021) as InSPyReNet uses it, built from timm's parts."""

from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_serving.timm_import import (
    PatchEmbed,
    PatchMerging,
    SwinTransformerBlock,
    window_partition,
    window_reverse,
)

PATCH = 4


class ShiftedBlock(SwinTransformerBlock):  # type: ignore[misc]  # timm is partly typed
    """timm's block, except that the map is padded before it is rolled, as in the authors' code.

    timm rolls first, which gives other numbers whenever a side is no multiple of the window.
    """

    def _attn(self, x: Tensor) -> Tensor:
        """BxHxWxC -> BxHxWxC."""
        height, width = x.shape[1:3]
        padded = F.pad(x, (0, 0, 0, -width % self.window_size[1], 0, -height % self.window_size[0]))
        down, right = self.shift_size
        shifted = torch.roll(padded, (-down, -right), (1, 2)) if down or right else padded
        attended = self._attend(shifted)
        restored = torch.roll(attended, (down, right), (1, 2)) if down or right else attended
        return restored[:, :height, :width]

    def _attend(self, x: Tensor) -> Tensor:
        windows = window_partition(x, self.window_size).flatten(1, 2)
        attended = self.attn(windows, mask=self.get_attn_mask(x)).unflatten(1, self.window_size)
        whole: Tensor = window_reverse(attended, self.window_size, x.shape[1], x.shape[2])
        return whole


class Stage(nn.Module):
    """Blocks at one resolution, and the merging that leads to the next stage, where there is one."""

    def __init__(self, dim: int, heads: int, window: int, drops: Sequence[float], *, last: bool) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(_block(dim, heads, window, index, drop) for index, drop in enumerate(drops)),
        )
        self.downsample = nn.Identity() if last else PatchMerging(dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """BxHxWxC -> the stage's output, of the same shape, and what the next stage takes: BxH/2xW/2x2C."""
        y = self.blocks(x)
        return y, self.downsample(y)


def _block(dim: int, heads: int, window: int, index: int, drop: float) -> ShiftedBlock:
    return ShiftedBlock(
        dim,
        input_resolution=(window, window),
        num_heads=heads,
        window_size=window,
        shift_size=window // 2 if index % 2 else 0,
        always_partition=True,  # windows keep their size and shift at every input size
        dynamic_mask=True,
        drop_path=drop,
    )


class Swin(nn.Module):
    """Bx3xHxW -> five maps of stride 4, 4, 8, 16, 32: the patch embedding, then each stage's output under its own norm.

    The maps that go on from stage to stage are the un-normalised ones.
    """

    def __init__(
        self, embed_dim: int, depths: Sequence[int], num_heads: Sequence[int], window_size: int, drop_path: float
    ) -> None:
        super().__init__()
        dims = [embed_dim << stage for stage in range(len(depths))]
        blocks = sum(depths)
        drops = (drop_path * index / max(1, blocks - 1) for index in range(blocks))
        self.channels = (embed_dim, *dims)
        self.patch_embed = PatchEmbed(
            None, PATCH, embed_dim=embed_dim, norm_layer=nn.LayerNorm, flatten=False, output_fmt="NHWC"
        )
        self.layers = nn.ModuleList(
            Stage(dim, heads, window_size, list(islice(drops, depth)), last=dim == dims[-1])
            for dim, heads, depth in zip(dims, num_heads, depths, strict=True)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for dim in dims)
        self.apply(_initialise)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        y = self.patch_embed(image)
        maps = [y]
        for stage, norm in zip(self.layers, self.norms, strict=True):
            whole, y = stage(y)
            maps.append(norm(whole))
        return tuple(x.permute(0, 3, 1, 2).contiguous() for x in maps)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
