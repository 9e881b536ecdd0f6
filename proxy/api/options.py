"""What a caller may ask of an answer, one model for each door; and the renderer that does what was asked.

The same names in a query, in a form's fields and in a JSON body. None of them enters the mask's key: whatever is asked
of a picture, its mask is made once.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from proxy.api.negotiation import choose
from proxy.api.service import Service
from proxy.core.types import Renderer

MASK_FORMATS = {"png": "image/png"}
CUTOUT_FORMATS = {"png": "image/png"}


class Options(BaseModel):
    """An option that is unknown is a mistake that somebody wants to hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MaskOptions(Options):
    """Of `/v1/mask` and `/v1/masks/{digest}`."""

    size: Literal["image", "model"] = Field(
        default="image",
        description="`image`: as large as the upright image. `model`: as the model made it, never larger than the "
        "image and of the same shape: some thousand bytes, for slow lines. Scaled up (bilinear), it is the other one.",
    )

    def renderer(self, service: Service, accept: str = "") -> Renderer:
        """Raises NotAcceptable."""
        choose(MASK_FORMATS, accept)
        return service.model_mask if self.size == "model" else service.mask


class CutoutOptions(Options):
    """Of `/v1/cutout` and `/v1/cutouts/{digest}`."""

    def renderer(self, service: Service, accept: str = "") -> Renderer:
        """Raises NotAcceptable."""
        choose(CUTOUT_FORMATS, accept)
        return service.cutout
