"""Ways to run one network, each in a process of its own: none of them shares threads or memory with another."""

import io
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.report import peak_bytes
from model_serving import pixels
from model_serving.exporting import openvino_ir
from model_serving.exporting.realising import export
from model_serving.network import InSPyReNet
from model_serving.remover import MAX_PIXELS, Mask
from model_serving.runtimes.runtime import Kind, Precision
from model_serving.served import Card, card_in, load_network, open_remover

_WEIGHTS = "weights.safetensors"

Masked = Callable[[bytes], bytes]
"""A picture's file to its mask's."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A runtime, as an archive carries it; `spared` counts in `openvino_ir.SPARED`. Without a `kind` the authors' way:
    float32 eager, the whole picture decoded, Pillow's resize."""

    name: str
    kind: Kind | None = None
    precision: Precision = "equal"
    spared: int = 0

    def stage(self, variant: str, weights: Path, folder: Path, like: Path | None) -> None:
        """Writes what it runs, or copies what lies there for another of its kind. Raises RuntimeUnavailable."""
        network = load_network(weights, variant)
        if like is not None:
            file = card_in(Path(shutil.copytree(like, folder))).weights
        else:
            folder.mkdir()
            file = self._written(network, weights, folder)
        if self.kind == "openvino":
            openvino_ir.spare(folder / file, openvino_ir.SPARED[self.spared])
        Card(variant, file, "static", network.base_size, self.kind or "torch", self.precision).write(folder)

    def _written(self, network: InSPyReNet, weights: Path, folder: Path) -> str:
        if self.kind is None or self.kind == "torch":
            return Path(shutil.copy(weights, folder / _WEIGHTS)).name
        return export(network, self.kind, folder)

    def open(self, variant: str, folder: Path) -> Masked:
        return _authors(folder / _WEIGHTS, variant) if self.kind is None else _ours(folder)


class Process:
    """Where a contender lives."""

    def __init__(self, pool: ProcessPoolExecutor, contender: Contender, variant: str, folder: Path) -> None:
        self._pool = pool
        self.load_s, self._before = pool.submit(_open, contender, variant, folder).result()

    def masks(self, files: Sequence[bytes]) -> list[NDArray[np.uint8]]:
        return self._pool.submit(_masks, files).result()

    def per_second(self, files: Sequence[bytes], seconds: float) -> float:
        """Pictures, one after the other for so long; at least one."""
        return self._pool.submit(_per_second, files, seconds).result()

    def grown(self) -> int:
        """Bytes by which the process is larger, at its largest, than before it had the model; the libraries that it
        shares with all contenders do not count."""
        return self._pool.submit(peak_bytes).result() - self._before


@contextmanager
def process(contender: Contender, variant: str, folder: Path) -> Iterator[Process]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield Process(pool, contender, variant, folder)


def ready_s(contender: Contender, variant: str, folder: Path, picture: Path) -> float:
    """From nothing to the first mask: a fresh interpreter, its imports, the model, one picture."""
    arguments = [contender.kind or "authors", variant, str(folder), str(picture)]
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.contenders", *arguments], check=True)
    return time.perf_counter() - start


def _ours(folder: Path) -> Masked:
    remover = open_remover(folder, torch.device("cpu"))

    def mask(file: bytes) -> bytes:
        [result] = remover.remove([file])
        assert isinstance(result, Mask), result
        return result.png

    return mask


def _authors(weights: Path, variant: str) -> Masked:
    network = load_network(weights, variant)

    @torch.inference_mode()
    def mask(file: bytes) -> bytes:
        prepared = pixels.prepare_static(pixels.decode(file, MAX_PIXELS), network.base_size)
        buffer = io.BytesIO()
        Image.fromarray(pixels.mask(network(prepared.image).pred, prepared.size)).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    return mask


_opened: list[Masked] = []  # in the contender's own process


def _open(contender: Contender, variant: str, folder: Path) -> tuple[float, int]:
    before: int = psutil.Process().memory_info().rss
    start = time.perf_counter()
    _opened.append(contender.open(variant, folder))
    return time.perf_counter() - start, before


def _masks(files: Sequence[bytes]) -> list[NDArray[np.uint8]]:
    return [np.asarray(Image.open(io.BytesIO(_opened[0](file)))) for file in files]


def _per_second(files: Sequence[bytes], seconds: float) -> float:
    start = time.perf_counter()
    for done, file in enumerate(cycle(files), 1):
        _opened[0](file)
        if (taken := time.perf_counter() - start) >= seconds:
            return done / taken
    raise ValueError("no pictures")


if __name__ == "__main__":
    _kind, _variant, _folder, _picture = sys.argv[1:]
    Contender("", None if _kind == "authors" else "torch").open(_variant, Path(_folder))(Path(_picture).read_bytes())
