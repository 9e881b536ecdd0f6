"""Ctrl-C, `kill` and a closed terminal, as something to look at between two steps and not as exceptions anywhere."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Listens while it is entered."""

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._handlers = {number: signal.signal(number, _take_note) for number in _STOPS}
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def rest(self, seconds: float) -> bool:
        """Waits so long, or until somebody asks us to stop: then True. Each asking is told once."""
        readable, _, _ = select.select([self._reader], [], [], seconds)
        # Whatever else has a handler in this process (an event loop's for SIGCHLD) comes through the same pipe.
        return bool(readable) and os.read(self._reader, 1)[0] in _STOPS


def _take_note(_number: int, _frame: FrameType | None) -> None:
    """The pipe already knows; without a handler of its own the signal would still do what it does by default."""
