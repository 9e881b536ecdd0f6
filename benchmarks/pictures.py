"""Photo-like pictures of a wanted file size, copies that a cache must take for different ones, and a mask."""

import io
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from skimage import data

Size = tuple[int, int]

_QUALITY = 90
_CHELSEA = Path(data.__file__).parent / "chelsea.png"
_serials = count()


def photo(size: Size, file_bytes: int) -> bytes:
    """A JPEG of that size in pixels: soft shapes, under as much grain as makes the file that long, about."""
    steps = [step / 8 for step in range(400)]
    grain = steps[bisect_left(steps, file_bytes, hi=len(steps) - 1, key=lambda grain: len(_jpeg(_scene(size, grain))))]
    return _jpeg(_scene(size, grain))


def cat(size: Size, file_bytes: int) -> bytes:
    """A JPEG of scikit-image's cat Chelsea at that size in pixels, filled up behind its end."""
    return _jpeg(Image.open(_CHELSEA).resize(size, Image.Resampling.BICUBIC)).ljust(file_bytes, b"\0")


def copies(picture: bytes) -> Iterator[bytes]:
    """The same picture without end, each in other bytes: decoders do not read past the end of a JPEG."""
    for serial in _serials:
        yield picture + serial.to_bytes(8, "big")


def soft_mask(size: Size) -> bytes:
    """8-bit grey PNG: an ellipse with a soft edge, as a model gives it."""
    ellipse = Image.radial_gradient("L").point(lambda level: 255 if level < 140 else 0).resize(size)
    return _encode(ellipse.filter(ImageFilter.GaussianBlur(2)), "PNG")


def _scene(size: Size, grain: float) -> Image.Image:
    random = np.random.default_rng(seed=7)
    coarse = Image.fromarray(random.integers(0, 256, (9, 16, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    noise = random.normal(0, grain, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image) -> bytes:
    return _encode(image, "JPEG", quality=_QUALITY)


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
