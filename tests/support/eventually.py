"""Waiting for what other processes do, without guessing how long they take."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_TICK_S = 0.05


def eventually(condition: Callable[[], T], seconds: float = 30) -> T:
    """What `condition` gives as soon as that is true; it is asked again and again. After `seconds` the test fails."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still {found!r} after {seconds:g} s"
        time.sleep(_TICK_S)
    return found
