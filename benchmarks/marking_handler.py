"""A model that does nothing but sign: each image gets a mask that no other has, so that a wrong one can be told.

TorchServe runs this file by itself, and the callers import it to know what to expect.
"""

import io
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from ts.context import Context

MARK = (8, 6)
"""Width and height of a mask, in pixels that are black or white: 48 bits."""
_BITS = MARK[0] * MARK[1]


class MarkingHandler:
    def initialize(self, context: "Context") -> None:
        self._version: str = context.manifest["model"]["modelVersion"]

    def handle(self, rows: Sequence[dict[str, bytes]], context: "Context") -> list[bytes]:
        for index in range(len(rows)):
            context.set_response_content_type(index, "image/png")
            context.set_response_header(index, "x-model-version", self._version)
            context.set_response_header(index, "x-mask-confidence", "1.0")
        return [_mask(row.get("body", b"")) for row in rows]


def bears_mark(png: bytes, image: bytes) -> bool:
    """Whether the mask, or the alpha of the cutout, is the one that is made for that image, at whatever size."""
    with Image.open(io.BytesIO(png)) as picture:
        mask = picture.getchannel(picture.getbands()[-1])
    middles = mask.resize(MARK, Image.Resampling.BOX).tobytes()
    return bytes(255 * (level > 127) for level in middles) == _levels(image)


def _mask(image: bytes) -> bytes:
    file = io.BytesIO()
    Image.frombytes("L", MARK, _levels(image)).save(file, "PNG")
    return file.getvalue()


def _levels(image: bytes) -> bytes:
    name = int.from_bytes(blake2b(image, digest_size=_BITS // 8).digest(), "big")
    return bytes(255 * (name >> bit & 1) for bit in range(_BITS))
