"""What a caller may ask of a mask."""

from typing import Literal

from pydantic import Field

from proxy.api.negotiation import choose
from proxy.api.refinement_options import RefinementOptions
from proxy.api.service import Service
from proxy.core.types import Renderer
from proxy.imaging.mask_formats import FILES, MaskFile, MaskFormat
from proxy.imaging.refinement import AS_IT_IS

FORMATS = {name: file.media_type for name, file in FILES.items()}
EPSILON = 1.0
"""Pixels. Stairs of one pixel become the line that they were drawn for."""


class MaskOptions(RefinementOptions):
    """Of `/v1/mask` and `/v1/masks/{digest}`."""

    format: MaskFormat | None = Field(
        default=None,
        description="A picture: `png`, `webp` (without loss), `png1` (one bit for each pixel). JSON: `polygons` (rings "
        "with holes), `coco` (compressed run lengths), `box`, `label-studio`, `cvat`, `labelme`. Text: `yolo`. Without "
        "it, `Accept` decides. All but `png` and `webp` say yes or no of each pixel, yes from level 128 on or from "
        "`threshold`.",
        examples=["polygons"],
    )
    size: Literal["image", "model"] = Field(
        default="image",
        description="`image`: as large as the upright image. `model`: as the model made it, never larger than the "
        "image and of the same shape: some thousand bytes, for slow lines. Scaled up (bilinear), it is the other one.",
    )
    epsilon: float = Field(
        default=EPSILON,
        ge=0,
        le=100,
        description="So many pixels of the upright image may outlines be off to have fewer points (Douglas-Peucker); 0 "
        "gives every pixel's corners. For `polygons`, `labelme` and `yolo`.",
    )

    def renderer(self, service: Service, accept: str = "") -> Renderer:
        """Raises NotAcceptable."""
        kind, small = choose(FORMATS, accept, self.format), self.size == "model"
        if kind == "png" and self.refinement == AS_IT_IS:
            return service.model_mask if small else service.mask
        return MaskFile(kind, self.refinement, self.epsilon, small=small)
