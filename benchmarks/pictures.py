"""Photo-like pictures of a wanted file size, copies that a cache must take for different ones, and a mask."""

import io
import random
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageFilter
from skimage import data

pillow_heif.register_heif_opener()  # for those who write them too

Size = tuple[int, int]

_QUALITY = 90
_CHELSEA = Path(data.__file__).parent / "chelsea.png"
_serials = count()
_SHOWN = Image.merge("RGBA", [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180, 270)])
_KINDS = [
    *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
    *(("TIFF", mode) for mode in ("1", "L", "RGBA", "CMYK", "F", "I;16")),
    *((kind, "RGBA") for kind in ("WEBP", "AVIF", "HEIF", "JPEG2000")),
    *(("GIF", "P"), ("BMP", "RGB"), ("PPM", "RGB")),
]
_SIZES: list[Size] = [(1, 1), (2, 3), (1, 300), (64, 48)]
_LARGE: list[Size] = [(640, 480), (2000, 1500), (65_000, 1)]
_LONG: list[Size] = [(70_000, 1), (3, 20_000)]
"""Longer than some formats have room for."""


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


def of_every_kind(chance: random.Random) -> list[bytes]:
    """Files of every format and mode, from one pixel up; each also damaged, and some that only seem so."""
    whole = [_encode(_SHOWN.resize(size).convert(mode), kind) for kind, mode in _KINDS for size in _SIZES]
    whole += [_encode(_SHOWN.resize(size).convert("RGB"), "JPEG") for size in _LARGE]
    whole += [_encode(_SHOWN.resize(size), "PNG") for size in _LONG]
    cut = [file[: chance.randrange(len(file))] for file in whole]
    return [
        *whole,
        *cut,
        *(_flipped(chance, file) for file in whole),
        _huge(),
        b"no picture",
        b"GIF89a",
        b"\xff\xd8\xff",
    ]


def _flipped(chance: random.Random, file: bytes) -> bytes:
    at = chance.randrange(min(len(file), 64))  # where it says what it is
    return file[:at] + bytes([file[at] ^ 1 << chance.randrange(8)]) + file[at + 1 :]


def _huge() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels."""
    file = _encode(_SHOWN, "PNG")
    return file[:16] + (60_000).to_bytes(4, "big") * 2 + file[24:]


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
