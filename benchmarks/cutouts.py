"""What a cutout of a large photo costs when its mask is kept, against what Pillow alone needs for a plain one."""

import io
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import psutil  # type: ignore[import-untyped]
from PIL import Image as Pillow

from benchmarks.field import Field
from benchmarks.pictures import cat, soft_mask
from benchmarks.report import Table, mebibytes, peak_bytes
from proxy.core.fingerprint import image_of
from proxy.core.types import Mask
from proxy.imaging.composition import Composition, composed
from proxy.imaging.containers import QUALITY, Format

_SIZE, _MASK_SIZE = (4000, 3000), (1024, 768)
_PIXELS = _SIZE[0] * _SIZE[1]
_KINDS: Mapping[Format, Mapping[str, int]] = {"png": {"compress_level": 1}, "webp": QUALITY["WEBP"]}
_ABOUT = f"""\
A photo of 12 megapixels (a cat, as JPEG) whose mask of {_MASK_SIZE[0]} x {_MASK_SIZE[1]} is kept: read, cut out with
clean edges, and written. *Pillow* reads the same JPEG, is handed an alpha of the photo's size, and writes the plain
RGBA: PNG at compression level 1, WebP with the same options as we. Milliseconds of the processor, all threads
together, medians, in turns. *Peak* is what the process grew by, at most, while it did this once."""
_COLUMNS = ("format", "Rematte ms", "Pillow ms", "ratio", "bar", "Rematte peak", "Pillow peak")

Job = Callable[[], object]


def cutouts(field: Field) -> Table:
    return Table("Cutouts", _ABOUT, _COLUMNS, [_row(field, kind) for kind in _KINDS])


def _row(field: Field, kind: Format) -> Sequence[str]:
    photo = cat(_SIZE, 0)
    jobs = [_ours(photo, kind), _pillows(photo, kind)]
    seconds: list[list[float]] = [[] for _ in jobs]
    for _ in field.rounds(f"cutouts, {kind}"):
        for taken, job in zip(seconds, jobs, strict=True):
            taken.append(_cpu_s(job))
    ours, pillows = map(median, seconds)
    figures = (f"{1000 * figure:.0f}" for figure in (ours, pillows))
    peaks = (mebibytes(_alone(maker, kind)) for maker in (_ours, _pillows))
    return kind, *figures, f"{ours / pillows:.2f}", "≤ 1.20", *peaks


def _ours(photo: bytes, kind: Format) -> Job:
    mask = Mask(soft_mask(_MASK_SIZE), *_SIZE, "d" * 64, b"", "benchmark", 1.0, 0.0)
    return partial(composed, image_of(photo, seed=1), mask, Composition(format=kind), _PIXELS)


def _pillows(photo: bytes, kind: Format) -> Job:
    alpha = Pillow.open(io.BytesIO(soft_mask(_MASK_SIZE))).resize(_SIZE, Pillow.Resampling.BILINEAR)
    return partial(_plain, photo, alpha, kind)


def _plain(photo: bytes, alpha: Pillow.Image, kind: Format) -> bytes:
    picture, buffer = Pillow.open(io.BytesIO(photo)), io.BytesIO()
    picture.putalpha(alpha)
    picture.save(buffer, kind, **_KINDS[kind])
    return buffer.getvalue()


def _cpu_s(job: Job) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def _alone(maker: Callable[[bytes, Format], Job], kind: Format) -> int:
    """Bytes by which a fresh process grows."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_growth, maker, cat(_SIZE, 0), kind).result()


def _growth(maker: Callable[[bytes, Format], Job], photo: bytes, kind: Format) -> int:
    job = maker(photo, kind)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten (proc(5))
    before: int = psutil.Process().memory_info().rss
    job()
    return peak_bytes() - before
