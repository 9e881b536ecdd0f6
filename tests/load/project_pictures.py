"""The pictures of a project: made on demand, the same for the same number."""

import io
import random
from functools import lru_cache

from PIL import Image

Size = tuple[int, int]

SIZES: dict[Size, float] = {(640, 480): 0.60, (1280, 720): 0.30, (2000, 1500): 0.09, (3000, 2000): 0.01}
"""Their shares in annotation projects: web pictures, video frames, camera pictures; the large ones scaled down."""

_KEPT = 256


@lru_cache(_KEPT)
def jpeg(number: int, *, reencoded: bool = False) -> bytes:
    """A JPEG of blurred noise, some 100 kB at 640 x 480. `reencoded`: the same pixels in other bytes."""
    chance = random.Random(number)
    ((width, height),) = chance.choices(list(SIZES), list(SIZES.values()))
    coarse = width // 2, height // 2
    noise = Image.frombytes("RGB", coarse, chance.randbytes(coarse[0] * coarse[1] * 3))
    buffer = io.BytesIO()
    noise.resize((width, height), Image.Resampling.BICUBIC).save(buffer, "JPEG", comment=b"again" * reencoded)
    return buffer.getvalue()
