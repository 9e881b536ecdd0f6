"""A circuit breaker: what has failed several times in a row is left alone for a while (Nygard, Release It!, 2007)."""

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half-open"]

FAILURES = 5
"""In a row, until it opens: one lost packet is no outage, and one pause is not either."""
REST_S = 1.0
"""How long nothing is tried; then one call is, and no other for as long again."""


class Breaker:
    """Closed, every call may go. Open, none may. After a rest it is half-open: one call goes and decides for all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.failures = 0
        """In a row, as far as they count."""
        self._next_try = 0.0

    @property
    def state(self) -> State:
        if self.failures < FAILURES:
            return "closed"
        return "open" if self._clock() < self._next_try else "half-open"

    def admits(self) -> bool:
        """Whether a call may go now. In the half-open state, asking is taking the one try."""
        state = self.state
        if state == "half-open":
            self._rest()
        return state != "open"

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, known: int) -> None:
        """`known`: `failures` when the call began. Calls that one pause has caught together are one failure: only the
        first of them began with as many as there are now."""
        if known != self.failures:
            return
        self.failures += 1
        if self.failures == FAILURES:
            self._rest()

    def _rest(self) -> None:
        self._next_try = self._clock() + REST_S
