"""Names of a picture, whatever file it is in: two files that share one show the model the same pixels.

The model gives a name too (`x-picture-name`), made as `pixels_name` makes it.
"""

import asyncio
import os
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from blake3 import blake3

from proxy.core.fingerprint import Image
from proxy.errors import BadImage, TooManyPixels
from proxy.imaging import jpeg
from proxy.imaging.chunks import open_chunks
from proxy.imaging.colours import as_the_model_sees
from proxy.imaging.picture import reading, upright

CONTEXT = "rematte 2026-11 upright pixels"
BAND_BYTES = 1024 * 1024
"""So much is converted and hashed at a time: nothing but the picture itself is of its size."""

_HEAD_BYTES = 8
_BOXED = (b"ftyp", b"jP  ")
_CODESTREAM = b"\xff\x4f\xff\x51"
"""How AVIF, HEIF and JPEG 2000 begin: the slowest to decode, and hardly what anybody saves a picture into again."""

Name = Callable[[Image, int], bytes | None]


class PictureNames:
    """Implements `core.twins.Names` for pictures of at most `max_pixels`.

    It decodes in threads of its own, one for two cores: no hit waits for a picture that is being named.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), thread_name_prefix="names")

    async def of(self, image: Image) -> bytes | None:
        """A JPEG's without decoding it; AVIF, HEIF and JPEG 2000 have none."""
        head = _head(image)
        if head.startswith(jpeg.SIGNATURE):
            return await asyncio.to_thread(_name, jpeg.coded_name, image, self._max_pixels)
        if _slow(head):
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _name, pixels_name, image, self._max_pixels)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def pixels_name(image: Image, max_pixels: int) -> bytes:
    """BLAKE3 of mode, width, height and pixels as the model sees them. Raises BadImage, TooManyPixels."""
    picture = upright(image, max_pixels)
    width, height = picture.size
    rows = max(1, BAND_BYTES // (4 * width))
    state = blake3(derive_key_context=CONTEXT)
    for top in range(0, height, rows):
        with reading():
            band = as_the_model_sees(picture.crop((0, top, width, min(top + rows, height))))
            pixels = band.tobytes()
        if not top:
            state.update(struct.pack(">4sII", band.mode.encode(), width, height))
        state.update(pixels)
    return state.digest()


def _name(name: Name, image: Image, max_pixels: int) -> bytes | None:
    """What has no name is a picture like others: the model will say what is wrong with it, if anything is."""
    try:
        return name(image, max_pixels)
    except (BadImage, TooManyPixels, MemoryError):
        return None


def _head(image: Image) -> bytes:
    return open_chunks(image.chunks).read(_HEAD_BYTES)


def _slow(head: bytes) -> bool:
    return head[4:] in _BOXED or head.startswith(_CODESTREAM)
