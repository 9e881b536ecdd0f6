"""InSPyReNet (Kim et al. 2022): a saliency map, and the Laplacian pyramid that sharpens it step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model_serving.network.blocks import Size, resize, size_of
from model_serving.network.decoder import AxialDecoder
from model_serving.network.encoder import AxialEncoder
from model_serving.network.pyramid import ImagePyramid, transition
from model_serving.network.sica import ContextAttention

STRIDE = 32

# Side of the ellipse that widens the transition region at stride 4, 2 and 1.
TRANSITION_SIDES = (5, 9, 17)

LEVELS = 4
"""d3, d2, d1, d0."""

Maps = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Logits, coarse to fine: saliency d3, d2, d1, d0 (stride 8 to 1) and Laplacians p2, p1, p0; Bx1xhxw each."""

    saliency: Maps
    laplacian: Maps

    @property
    def finest(self) -> Tensor:
        return self.saliency[-1]


@dataclass(frozen=True, slots=True)
class Output(Pyramid):
    """A pyramid and what is read from it.

    `pred` is Bx1xHxW in 0..1, stretched per image so that the least salient pixel is 0 and the most salient 1.
    `confidence` (B) is the largest probability before that stretching: near 0, there was nothing to find.
    """

    pred: Tensor
    confidence: Tensor


@dataclass(frozen=True, slots=True)
class Look:
    """What backbone, encoders and decoder make of a picture.

    `features` (BxDxhxw) and the `coarsest` logits (Bx1xhxw) are of stride 8; `sides`, the encoded maps that join in the
    first of the `steps` that are to follow, of stride 4.
    """

    features: Tensor
    coarsest: Tensor
    sides: Maps
    steps: int


def read(pyramid: Pyramid) -> Output:
    """The prediction in a pyramid's finest map."""
    probability = torch.sigmoid(pyramid.finest)
    low, high = probability.amin((1, 2, 3), keepdim=True), probability.amax((1, 2, 3), keepdim=True)
    pred = (probability - low) / (high - low + 1e-8)
    return Output(pyramid.saliency, pyramid.laplacian, pred, high.flatten())


class InSPyReNet(nn.Module):
    """Handed its parts: a backbone with five output maps, an encoder for each, the decoder, a SICA for each step.

    `base_size` is the (height, width) the weights were trained at. With a `threshold`, images larger than it on both
    sides are done twice, small and large, and blended.
    """

    def __init__(
        self,
        backbone: nn.Module,
        encoders: Sequence[AxialEncoder],
        decoder: AxialDecoder,
        refiners: Sequence[ContextAttention],
        base_size: Size,
        threshold: int | None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.encoders = nn.ModuleList(encoders)
        self.decoder = decoder
        self.refiners = nn.ModuleList(refiners)
        self.pyramid = ImagePyramid()
        self.base_size = base_size
        self.threshold = threshold

    def forward(self, image: Tensor, image_resized: Tensor | None = None) -> Output:
        """Bx3xHxW, normalised as in `pixels`, H and W multiples of 32; the same pictures at base size, if any.

        `image_resized` counts only where the network has a threshold: up to it, it replaces `image` (the output then
        has its size), above it, both are needed. ValueError for other sizes and for a missing `image_resized`.
        In train mode it is always a single pass over `image`.
        """
        if self.training or self.threshold is None:
            return read(self.single_pass(image))
        if min(size_of(image)) <= self.threshold:
            return read(self.single_pass(image if image_resized is None else image_resized))
        if image_resized is None:
            raise ValueError(f"image_resized is needed for images above {self.threshold} pixels on both sides")
        return read(self.blend(self.single_pass(image_resized), self.single_pass(image)))

    def single_pass(self, image: Tensor, levels: int = LEVELS) -> Pyramid:
        """One run through the network, as far as the first `levels` (1 to 4) of the saliency."""
        return self.sharpen(self.look(image, levels))

    def look(self, image: Tensor, levels: int = LEVELS) -> Look:
        """The coarsest saliency, and what the further levels are made from."""
        _check_size(image)
        maps = self.backbone(image)

        def encoded(*places: int) -> Maps:
            return tuple(self.encoders[place](maps[place]) for place in places)

        features, coarsest = self.decoder(*encoded(2, 3, 4))
        return Look(features, coarsest, sides=encoded(*(1, 0)[: levels - 1]), steps=levels - 1)

    def sharpen(self, look: Look) -> Pyramid:
        """Level by level. Gradients do not flow from one step's SICA maps into the step before."""
        features, saliency, laplacian = look.features, [look.coarsest], list[Tensor]()
        for step in range(look.steps):
            known = saliency[-1].detach()
            height, width = size_of(known)
            joined = torch.cat(
                [resize(x, (2 * height, 2 * width)) for x in (*look.sides[step : step + 1], features)], dim=1
            )
            features, detail = self.refiners[step](joined, known, *(p.detach() for p in laplacian[-1:]))
            laplacian.append(detail)
            saliency.append(self.pyramid.reconstruct(known, detail))
        return Pyramid(tuple(saliency), tuple(laplacian))

    def blend(self, low: Pyramid, high: Pyramid) -> Pyramid:
        """The low-resolution saliency, sharpened by high-resolution detail where it goes from background to object."""
        saliency, laplacian = [resize(low.finest, size_of(high.saliency[0]))], []
        for side, detail in zip(TRANSITION_SIDES, high.laplacian, strict=True):
            edge = resize(transition(saliency[-1], side), size_of(detail))
            laplacian.append(edge * detail)
            saliency.append(self.pyramid.reconstruct(saliency[-1], laplacian[-1]))
        return Pyramid(tuple(saliency), tuple(laplacian))


def _check_size(image: Tensor) -> None:
    height, width = size_of(image)
    if height < STRIDE or width < STRIDE or height % STRIDE or width % STRIDE:
        raise ValueError(f"height and width must be multiples of {STRIDE}, not {height} x {width}")
