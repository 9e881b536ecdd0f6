"""What a caller may ask of an answer, one model for each door; and the renderer that does what was asked.

The same names in a query, in a form's fields and in a JSON body. None of them enters the mask's key: whatever is asked
of a picture, its mask is made once.
"""

from proxy.api.mask_options import MaskOptions
from proxy.api.negotiation import choose
from proxy.api.refinement_options import Options
from proxy.api.service import Service
from proxy.core.types import Renderer

CUTOUT_FORMATS = {"png": "image/png"}


class CutoutOptions(Options):
    """Of `/v1/cutout` and `/v1/cutouts/{digest}`."""

    def renderer(self, service: Service, accept: str = "") -> Renderer:
        """Raises NotAcceptable."""
        choose(CUTOUT_FORMATS, accept)
        return service.cutout


__all__ = ["CutoutOptions", "MaskOptions"]
