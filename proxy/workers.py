"""Several processes behind one port: started, replaced when they die, and stopped together."""

import logging
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Semaphore
from typing import Any

from proxy.signals import Signals

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""Also the least time between a death and its replacement: what dies at once does not spin."""

Work = Callable[..., None]


class Workers:
    """`work(*arguments, ready)` in `count` fresh processes; each releases `ready` when it can be of use."""

    def __init__(
        self,
        count: int,
        work: Work,
        arguments: tuple[Any, ...],
        *,
        announce: Callable[[], None],
        bury: Callable[[int], None],
    ) -> None:
        """`announce` is called once, when all are ready; `bury` with the number of each that dies."""
        self._spawn = get_context("spawn")
        self._ready: Semaphore = self._spawn.Semaphore(0)
        self._count = count
        self._work = work
        self._arguments = arguments
        self._announce = announce
        self._bury = bury
        self._missing = count
        self._processes: list[SpawnProcess] = []

    def run(self, patience_s: float) -> None:
        """Until a signal comes; then they have so long to end by themselves. A second signal ends the patience."""
        with Signals() as signals:
            try:
                self._processes = [self._start() for _ in range(self._count)]
                while not signals.rest(TICK_S):
                    self._hear()
                    self._replace()
            finally:
                self._stop(signals, patience_s)

    def _start(self) -> SpawnProcess:
        process = self._spawn.Process(target=self._work, args=(*self._arguments, self._ready))
        process.start()
        return process

    def _hear(self) -> None:
        while self._missing and self._ready.acquire(block=False):
            self._missing -= 1
            if not self._missing:
                self._announce()

    def _replace(self) -> None:
        for place, process in enumerate(self._processes):
            if process.exitcode is not None and process.pid is not None:
                self._bury(process.pid)
                logger.warning("process %s ended (%s) and is replaced", process.pid, process.exitcode)
                self._processes[place] = self._start()

    def _stop(self, signals: Signals, patience_s: float) -> None:
        for process in self._processes:
            process.terminate()
        rests = int(patience_s / TICK_S) + 1
        while rests and any(process.is_alive() for process in self._processes) and not signals.rest(TICK_S):
            rests -= 1
        for process in self._processes:
            process.kill()
            process.join()
