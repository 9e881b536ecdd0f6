"""Why bytes are no image, for doors that tell it apart. Only asked once somebody has refused them."""

from typing import Literal

from PIL import Image as Pillow

from proxy.core.fingerprint import Image
from proxy.imaging.chunks import open_chunks
from proxy.imaging.picture import FORMATS
from proxy.imaging.png import SIGNATURE

Fault = Literal["format", "dimensions", "data"]

HEAD_BYTES = 32
"""Enough for every format's signature, and for a PNG's width and height."""
PNG_SIDES = slice(16, 20), slice(20, 24)


def fault_of(image: Image) -> Fault:
    """`format`: the first bytes are those of no format that is known here. `dimensions`: a PNG without pixels.
    `data`: anything else."""
    head = open_chunks(image.chunks).read(HEAD_BYTES)
    if head.startswith(SIGNATURE):
        return "dimensions" if any(head[side] == bytes(4) for side in PNG_SIDES) else "data"
    return "data" if any(_begins(head, name) for name in FORMATS) else "format"


def _begins(head: bytes, name: str) -> bool:
    """Whether a file of that format may begin so."""
    Pillow.init()
    _, accepts = Pillow.OPEN.get(name, (None, None))
    return accepts is not None and accepts(head) is True
