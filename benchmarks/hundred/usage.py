"""What a span of work took of the machine."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]

from benchmarks.report import peak_bytes

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Usage:
    """`cores` and `gpu` are means over the span: processors kept busy by worker and proxy together, and the share of
    the GPU's time, None without one. Peaks are of the processes' whole lives."""

    cores: float
    gpu: float | None
    worker_peak_bytes: int
    proxy_peak_bytes: int


class Watched:
    """Measures the span of its block; `usage` is there afterwards."""

    usage: Usage

    def __init__(self, worker: int, proxy: int) -> None:
        self._worker, self._proxy = psutil.Process(worker), psutil.Process(proxy)
        self._over = Event()
        self._gpu: list[float] = []
        self._looking = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._began, self._busy = time.perf_counter(), self._busy_s()
        self._looking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._looking.join()
        cores = (self._busy_s() - self._busy) / (time.perf_counter() - self._began)
        gpu = sum(self._gpu) / len(self._gpu) if self._gpu else None
        self.usage = Usage(cores, gpu, peak_bytes(self._worker.pid), peak_bytes(self._proxy.pid))

    def _busy_s(self) -> float:
        return sum(times.user + times.system for times in (p.cpu_times() for p in (self._worker, self._proxy)))

    def _look(self) -> None:
        program = shutil.which("nvidia-smi")
        while program and not self._over.wait(_LOOK_S):
            command = [program, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            told = subprocess.run(command, capture_output=True, text=True)
            self._gpu += [float(line) / 100 for line in told.stdout.split() if line.isdigit()]
