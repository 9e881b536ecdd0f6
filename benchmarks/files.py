"""What a picture costs besides the network: decoding, resizing, encoding."""

import io
import time
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.field import Field
from benchmarks.pictures import Size, cat, soft_mask
from benchmarks.report import Table, milliseconds
from model_serving import pixels
from model_serving.remover import MAX_PIXELS, png

_PICTURES: Sequence[Size] = ((640, 480), (1920, 1080), (4000, 3000))
_BASE_SIZES: Sequence[Size] = ((256, 256), (384, 384), (1024, 1024))
_ABOUT = """\
A JPEG (a cat) on its way into a network of that base size, and its mask on the way out, without the network;
milliseconds, medians, in turns. *Decode* is Pillow's; *scaled* is the same with the JPEG's own scaling down to no less
than twice the base size, which is not used (docs/why.md: the masks do not stay equal); *resize* is Pillow's antialiased
bilinear filter and the normalising; *mask* is Pillow's PNG at compression level 1."""
_COLUMNS = ("picture", "base size", "decode ms", "scaled ms", "resize ms", "mask ms")


def files(field: Field) -> Table:
    rows = [_row(field, size, base) for size in _PICTURES for base in _BASE_SIZES]
    return Table("Files in and out", _ABOUT, _COLUMNS, rows)


def _row(field: Field, size: Size, base: Size) -> Sequence[str]:
    file = cat(size, 0)
    decoded = pixels.decode(file, MAX_PIXELS)
    mask = np.asarray(Image.open(io.BytesIO(soft_mask(base))))
    jobs: Sequence[Callable[[], object]] = (
        lambda: pixels.decode(file, MAX_PIXELS),
        lambda: _scaled(file, base),
        lambda: pixels.prepare_static(decoded, base),
        lambda: png(mask),
    )
    seconds: list[list[float]] = [[] for _ in jobs]
    for _ in field.rounds(f"files, {size[0]} x {size[1]}"):
        for taken, job in zip(seconds, jobs, strict=True):
            start = time.perf_counter()
            job()
            taken.append(time.perf_counter() - start)
    names = f"{size[0]} x {size[1]}", f"{base[0]} x {base[1]}"
    return *names, *(milliseconds(median(taken)) for taken in seconds)


def _scaled(file: bytes, base: Size) -> None:
    image = Image.open(io.BytesIO(file))
    image.draft("RGB", (2 * base[0], 2 * base[1]))
    image.load()
