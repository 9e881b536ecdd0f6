"""The processes that were started here: how they are awaited, watched and, last come first gone, stopped."""

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from proxy.signals import Signals
from proxy.up.child import Child
from proxy.up.report import Report

TICK_S = 0.1


class CannotRun(Exception):
    """Something does not start, or does not go on. `str(error)` says what; `said` is what it said at the end."""

    def __init__(self, message: str, said: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.said = said


class Stopped(Exception):
    """Somebody asked us to stop: no error."""


class Crew:
    """Starts processes whose output goes to `logs`."""

    def __init__(self, logs: Path, signals: Signals, report: Report) -> None:
        self._logs = logs
        self._signals = signals
        self._report = report
        self._all: list[Child] = []
        self._watched: list[Child] = []

    @contextmanager
    def on_duty(self, patience_s: float = 10) -> Iterator[Self]:
        """None of them is left when the block ends."""
        try:
            yield self
        finally:
            while self._all:
                child = self._all.pop()
                with self._report.doing(f"stopping {child.name}"):
                    child.stop(patience_s, self._signals.rest)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """A process that is to stay. Raises OSError when its log cannot be written."""
        child = self._launch(name, command, environment)
        self._watched.append(child)
        return child

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str], doing: str) -> Child:
        """A process that is to end well, and has. Raises CannotRun, Stopped, OSError."""
        child = self._launch(name, command, environment)
        self.wait(doing, lambda: child.status is not None)
        if child.status:
            raise CannotRun(f"{name} failed.", child.last_words())
        return child

    def wait(self, doing: str, until: Callable[[], bool], patience_s: float = math.inf) -> None:
        """Shows what is awaited. Raises CannotRun when it does not come or somebody ends meanwhile, and Stopped."""
        deadline = time.monotonic() + patience_s
        with self._report.doing(doing):
            while not until():
                self.look_after()
                if time.monotonic() > deadline:
                    raise CannotRun(f"Gave up after {patience_s:.0f} s: {doing}.", self._watched[-1].last_words())

    def look_after(self) -> None:
        """A moment's rest. Raises CannotRun when one that is to stay has ended, Stopped when somebody asks for it."""
        if self._signals.rest(TICK_S):
            raise Stopped
        for child in self._watched:
            if child.status is not None:
                raise CannotRun(f"{child.name} has ended ({_how(child.status)}).", child.last_words())

    def _launch(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        child = Child.start(name, command, environment, self._logs / f"{name.lower()}.log")
        self._all.append(child)
        return child


def _how(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name
