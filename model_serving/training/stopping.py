"""Ctrl-C in a training: the step is finished, and all is saved."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SAID = b"\nstopping after this step; once more ends at once\n"


@contextmanager
def asked_to_stop() -> Iterator[Event]:
    """Set by the first SIGINT or SIGTERM; the next is KeyboardInterrupt, wherever the training then is."""
    stop = Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals are for the main thread alone
        return

    def ask(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, SAID)  # print may have been interrupted in the middle of itself

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
