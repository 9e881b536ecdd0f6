"""Several processes behind one port: started, replaced when they die, and stopped together."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Semaphore
from typing import Any

from proxy.signals import Signals

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Between a death and its replacement; doubled each time, until one has lived for longer than the longest."""
TRIES = 5
"""How often in a row a process may die before it was of any use; one that is out of memory may do so once."""

Work = Callable[..., None]


class CannotStart(Exception):
    """`str(error)` is one line that says how often it was tried, and how the last try ended."""


@dataclass
class Place:
    """Where one process lives after the other."""

    ready: Semaphore
    first_pause_s: float = FIRST_PAUSE_S
    process: SpawnProcess | None = None
    serves: bool = False
    failed_starts: int = 0
    """In a row."""
    due: float = 0.0
    """When the next process may be started."""
    _born: float = 0.0
    _setbacks: int = 0

    def move_in(self, process: SpawnProcess, now: float) -> None:
        self.process, self._born = process, now

    def move_out(self, now: float) -> None:
        self.failed_starts = 0 if self.hear() else self.failed_starts + 1
        self.process, self.serves = None, False
        if now - self._born > LONGEST_PAUSE_S:
            self._setbacks = 0

    def hear(self) -> bool:
        """Whether its process has been of use yet."""
        self.serves = self.serves or self.ready.acquire(block=False)
        return self.serves

    def pause(self, now: float) -> float:
        """Seconds that it stays empty."""
        pause_s: float = min(self.first_pause_s * 2 ** min(self._setbacks, 10), LONGEST_PAUSE_S)
        self._setbacks += 1
        self.due = now + pause_s
        return pause_s


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
        tick_s: float = FIRST_PAUSE_S,
    ) -> None:
        """`announce` is called once, when all are ready; `bury` with the number of each that dies.

        All are looked at every `tick_s`, which is also the first pause between a death and its replacement.
        """
        self._spawn = get_context("spawn")
        self._places = [Place(self._spawn.Semaphore(0), tick_s) for _ in range(count)]
        self._work = work
        self._arguments = arguments
        self._announce = announce
        self._bury = bury
        self._tick_s = tick_s
        self._announced = False

    def run(self, patience_s: float) -> None:
        """Until a signal comes; then they have so long to end by themselves. A second signal ends the patience.

        Raises CannotStart, when all have ended, if one of them died at its start again and again.
        """
        with Signals() as signals:
            try:
                self._look()
                while not signals.rest(self._tick_s):
                    self._look()
            finally:
                self._stop(signals, patience_s)

    def _look(self) -> None:
        for place in self._places:
            if place.process is not None and place.process.exitcode is not None:
                self._clear(place, place.process)
            if place.process is None and time.monotonic() >= place.due:
                self._fill(place)
        if not self._announced and all(place.hear() for place in self._places):
            self._announced = True
            self._announce()

    def _fill(self, place: Place) -> None:
        process = self._spawn.Process(target=self._work, args=(*self._arguments, place.ready))
        try:
            process.start()
        except OSError as error:  # the machine has no memory, or may have no more processes or files, just now
            pause_s = place.pause(time.monotonic())
            logger.warning("a process cannot be started (%s); tried again in %g s", error.strerror, pause_s)
            return
        place.move_in(process, time.monotonic())

    def _clear(self, place: Place, process: SpawnProcess) -> None:
        """Raises CannotStart."""
        assert process.pid is not None
        self._bury(process.pid)
        place.move_out(time.monotonic())
        how = _ending(process.exitcode)
        if place.failed_starts == TRIES:
            raise CannotStart(f"A worker process ended {TRIES} times before it could serve, at last with {how}.")
        pause_s = place.pause(time.monotonic())
        logger.warning("process %s ended with %s and is replaced in %g s", process.pid, how, pause_s)

    def _stop(self, signals: Signals, patience_s: float) -> None:
        processes = [place.process for place in self._places if place.process]
        for process in processes:
            process.terminate()
        rests = int(patience_s / self._tick_s) + 1
        while rests and any(process.is_alive() for process in processes) and not signals.rest(self._tick_s):
            rests -= 1
        for process in processes:
            process.kill()
            process.join()


def _ending(status: int | None) -> str:
    """multiprocessing puts a minus before the signal that killed."""
    return f"signal {-status}" if status and status < 0 else f"exit status {status}"
