"""The losses InSPyReNet is trained with (Kim et al. 2022, section 3.4, in the authors' implementation).

Every level of the saliency pyramid is compared at full size with the truth blurred as far as that level, and finer
levels keep coarser ones consistent with themselves.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from model_serving.network.inspyrenet import LEVELS
from model_serving.network.pyramid import ImagePyramid

CONSISTENCY_WEIGHT = 1e-4
EDGE_WEIGHT = 5.0
EDGE_WINDOW = 31


def pyramid_loss(saliency: Sequence[Tensor], truth: Tensor, pyramid: ImagePyramid) -> Tensor:
    """The scalar to minimise. `saliency` is logits, coarse to fine: d3, d2, d1, d0. `truth` is Bx1xHxW in 0..1.

    d0 has the truth's size, each other one half that of the next; finer ones may be missing.
    """
    size = (truth.shape[-2], truth.shape[-1])
    truths = truth_pyramid(truth, LEVELS, pyramid)[: len(saliency)]
    levels = [_level(_nearest(d, size), _nearest(y, size)) for d, y in zip(saliency, truths, strict=True)]
    loss = torch.stack(levels).sum()
    return loss + CONSISTENCY_WEIGHT * consistency(saliency, pyramid) if len(saliency) > 1 else loss


def truth_pyramid(truth: Tensor, levels: int, pyramid: ImagePyramid) -> list[Tensor]:
    """The truth at as many sizes, coarse to fine."""
    truths = [truth]
    for _ in range(levels - 1):
        truths.insert(0, pyramid.reduce(truths[0]))
    return truths


def consistency(saliency: Sequence[Tensor], pyramid: ImagePyramid) -> Tensor:
    """L1 between each map and the next finer one reduced; only the coarser one learns from it."""
    gaps = [F.l1_loss(coarse, pyramid.reduce(fine.detach())) for coarse, fine in pairwise(saliency)]
    return torch.stack(gaps).sum()


def weighted_bce(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy, up to six times as heavy near the truth's edges; mean over pixels, not over weights."""
    weight = 1.0 + EDGE_WEIGHT * (neighbourhood(truth) - truth).abs()
    return (weight * F.binary_cross_entropy_with_logits(logits, truth, reduction="none")).mean()


def neighbourhood(truth: Tensor) -> Tensor:
    """Mean over 31 x 31 pixels, zeros beyond the frame counted; rows, then columns, which is many times faster."""
    rows = F.avg_pool2d(truth, (1, EDGE_WINDOW), stride=1, padding=(0, EDGE_WINDOW // 2))
    return F.avg_pool2d(rows, (EDGE_WINDOW, 1), stride=1, padding=(EDGE_WINDOW // 2, 0))


def pixel_iou(logits: Tensor, truth: Tensor) -> Tensor:
    """One minus a smoothed IoU of every pixel by itself, then the mean: no sums over the picture."""
    s = torch.sigmoid(logits)
    both = s * truth
    return (1.0 - (both + 1.0) / (s + truth - both + 1.0)).mean()


def _level(logits: Tensor, truth: Tensor) -> Tensor:
    return weighted_bce(logits, truth) + pixel_iou(logits, truth)


def _nearest(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size, mode="nearest")
