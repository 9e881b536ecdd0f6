"""A mask, and what an answer makes of it. Pillow works in turn, in a thread: it would hold up everybody else."""

import io
import struct

from PIL import Image as Pillow

from proxy.core.fingerprint import Image
from proxy.core.types import Answer, InTurn, Mask
from proxy.errors import BackendError
from proxy.imaging.png import encode

PNG = "image/png"
IHDR_SIZE = slice(16, 24)
"""Where a PNG's header has its width and height (RFC 2083, 4.1.1)."""


class MaskPng:
    """The mask at the upright image's size: 8-bit grey, 255 where the object is."""

    name = "mask.png"
    needs_image = False

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:  # noqa: ARG002 - a mask is enough here
        if mask.png[IHDR_SIZE] == struct.pack(">II", mask.width, mask.height):
            return Answer(mask.png, PNG)  # as it lies
        return Answer(await in_turn(mask_png, mask), PNG)


class ModelMaskPng:
    """The mask as large as the model made it: some thousand bytes, and whoever knows the image can scale it."""

    name = "mask.model.png"
    needs_image = False

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:  # noqa: ARG002 - a mask is enough here
        return Answer(mask.png, PNG)


def mask_png(mask: Mask) -> bytes:
    return scaled_png(mask.png, (mask.width, mask.height))


def scaled_png(png: bytes, size: tuple[int, int]) -> bytes:
    """The mask in `png`, brought to width and height. Raises BackendError when it is no picture."""
    return encode(scaled(png, size))


def scaled(png: bytes, size: tuple[int, int] | None) -> Pillow.Image:
    """The mask in `png` as a picture of mode L and that size, or its own. Raises BackendError when it is no picture."""
    try:
        grey = Pillow.open(io.BytesIO(png), formats=("PNG",)).convert("L")
    except (OSError, SyntaxError, ValueError) as error:
        raise BackendError("The model server answered with something that is no mask.") from error
    return grey if size in (None, grey.size) else grey.resize(size, Pillow.Resampling.BILINEAR)
