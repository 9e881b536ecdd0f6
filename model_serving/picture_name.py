"""A picture's name, whatever file it came in: whoever keeps masks knows the same picture again by it."""

import struct

from blake3 import blake3
from PIL import Image

CONTEXT = "rematte 2026-11 upright pixels"
BAND_BYTES = 1024 * 1024
"""So much is hashed at a time: while it still lies in the processor's cache."""


def picture_name(image: Image.Image) -> bytes:
    """BLAKE3 (32 bytes) of mode, width, height and pixels of an upright picture, as `pixels.decode` gives it.

    The proxy makes the same name of a file that it decodes itself (`proxy.imaging.names`).
    """
    width, height = image.size
    rows = max(1, BAND_BYTES // (4 * width))
    state = blake3(struct.pack(">4sII", image.mode.encode(), width, height), derive_key_context=CONTEXT)
    for top in range(0, height, rows):
        state.update(image.crop((0, top, width, min(top + rows, height))).tobytes())
    return state.digest()
