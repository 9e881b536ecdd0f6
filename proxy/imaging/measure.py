"""The size that the mask will have, known before the model is asked."""

import asyncio

from proxy.core.fingerprint import Image
from proxy.imaging.picture import upright_size


class Measure:
    """Width and height of the upright image. Raises BadImage, and TooManyPixels above `max_pixels`."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    async def __call__(self, image: Image) -> tuple[int, int]:
        return await asyncio.to_thread(upright_size, image, self._max_pixels)
