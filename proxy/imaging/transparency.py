"""Pictures that come with holes of their own, where a caller wants them back as they are, or the holes filled."""

from PIL import Image as Pillow

from proxy.core.fingerprint import Image
from proxy.core.types import Answer, InTurn, Mask, Renderer
from proxy.imaging.colours import in_rgb
from proxy.imaging.picture import opened, reading, upright
from proxy.imaging.png import encode


class InputIfTransparent:
    """The image file itself if one of its pixels can be seen through, else what another renderer makes of it."""

    needs_image = True

    def __init__(self, renderer: Renderer, max_pixels: int) -> None:
        self.name = f"input if transparent: {renderer.name}"
        self._renderer = renderer
        self._max_pixels = max_pixels

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        assert image is not None
        media_type = await in_turn(_media_type_with_holes, image, self._max_pixels)
        if media_type:
            return Answer(b"".join(image.chunks), media_type)
        return await self._renderer.render(image, mask, in_turn)


class WithoutHoles:
    """What another renderer makes of an image whose holes are filled with the colours that lie under them."""

    needs_image = True

    def __init__(self, renderer: Renderer, max_pixels: int) -> None:
        self.name = f"without holes: {renderer.name}"
        self._renderer = renderer
        self._max_pixels = max_pixels

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        assert image is not None
        filled = await in_turn(_filled, image, self._max_pixels)
        return await self._renderer.render(filled, mask, in_turn)


def _media_type_with_holes(image: Image, max_pixels: int) -> str | None:
    """None for an image without holes. Raises BadImage."""
    if not _may_have_holes(image, max_pixels):
        return None
    picture = in_rgb(upright(image, max_pixels))
    has_holes = picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255)
    with reading():
        return Pillow.MIME[opened(image, max_pixels).format or "PNG"] if has_holes else None


def _filled(image: Image, max_pixels: int) -> Image:
    if not _may_have_holes(image, max_pixels):
        return image
    picture = in_rgb(upright(image, max_pixels))
    plain = picture.convert("RGB")
    plain.info = picture.info
    data = encode(plain)
    return Image((data,), len(data), image.xxh3)


def _may_have_holes(image: Image, max_pixels: int) -> bool:
    """Told by the header alone: most images have no such thing, and are not decoded for it."""
    with reading():
        return opened(image, max_pixels).has_transparency_data
