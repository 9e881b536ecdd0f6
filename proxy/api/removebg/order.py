"""What a caller of `/v1.0/removebg` wishes, as our own composition of a cutout."""

from collections.abc import Mapping

from proxy.api.removebg.errors import Refused
from proxy.api.removebg.wishes import SIZES, Size, Wishes, region_fault
from proxy.api.service import Service
from proxy.core.fingerprint import Image
from proxy.core.types import Answer, InTurn, Mask, Renderer
from proxy.imaging.backgrounds import Backdrop
from proxy.imaging.composition import Composition
from proxy.imaging.containers import Format
from proxy.imaging.geometry import Placing, Region
from proxy.imaging.shadow import Shadow

PIXELS: Mapping[Size, int] = {
    "preview": 250_000,
    "medium": 1_500_000,
    "hd": 4_000_000,
    "full": 25_000_000,
    "50mp": 50_000_000,
}
"""The most that an answer has."""
PNG_PIXELS = 10_000_000


class WithinBounds:
    """Refuses a region of interest that does not lie within the image: told for sure once its size is known."""

    needs_image = True

    def __init__(self, renderer: Renderer, region: Region) -> None:
        self.name = f"within bounds: {renderer.name}"
        self._renderer = renderer
        self._region = region

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        """Raises Refused, and what its renderer does."""
        if fault := region_fault(self._region, (mask.width, mask.height)):
            raise Refused(fault)
        return await self._renderer.render(image, mask, in_turn)


def renderer_of(wishes: Wishes, backdrop: Backdrop | None, service: Service) -> Renderer:
    renderer = service.compose(composition_of(wishes, SIZES[service.removebg_default_size], backdrop))
    return WithinBounds(renderer, wishes.roi) if wishes.roi else renderer


def composition_of(wishes: Wishes, default_size: Size, backdrop: Backdrop | None = None) -> Composition:
    background = backdrop or wishes.bg_color
    kind = _format(wishes)
    return Composition(
        roi=wishes.roi,
        placing=Placing(
            crop=wishes.crop_margin if wishes.crop else None,
            scale=wishes.scale,
            position=wishes.position,
            max_pixels=most_pixels(wishes.size or default_size, kind, has_holes=background is None),
        ),
        background=background if wishes.channels == "rgba" else None,
        shadow=_shadow(wishes) if wishes.channels == "rgba" else None,
        channels=wishes.channels,
        format=kind,
    )


def most_pixels(size: Size, kind: Format, *, has_holes: bool) -> int:
    """`auto` becomes a PNG where there are holes."""
    is_png = kind == "png" or (kind == "auto" and has_holes)
    return min(PIXELS[size], PNG_PIXELS) if is_png else PIXELS[size]


def _format(wishes: Wishes) -> Format:
    """A mask that nobody wants as something else is a PNG: JPEG would smear its levels."""
    return "png" if wishes.channels == "alpha" and wishes.format == "auto" else wishes.format


def _shadow(wishes: Wishes) -> Shadow | None:
    """remove.bg's old field is for cars alone, and it sees for itself what that is; we take the caller's word."""
    wanted = wishes.shadow_type.lower() != "none" or (wishes.add_shadow and wishes.type.lower() == "car")
    if not wanted:
        return None
    return Shadow() if wishes.shadow_opacity is None else Shadow(opacity=wishes.shadow_opacity)
