"""One flight per key. Waiters come and go; the flight stays for as long as anybody, or the back end, needs it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from proxy.core.events import SILENT, Events

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True, eq=False)
class Flight(Generic[V]):
    """Work under way. `withdraw` takes it back if that is still free of cost, and says whether it did."""

    task: asyncio.Task[V]
    withdraw: Callable[[], bool]
    waiters: int = 0


@dataclass(frozen=True, slots=True)
class Landing(Generic[V]):
    """What a flight brought. `collapsed`: it was already under way when this waiter came."""

    value: V
    collapsed: bool


class Flights(Generic[K, V]):
    """Equal keys share one flight, in this process."""

    def __init__(self, events: Events = SILENT, costly: Callable[[V], bool] = lambda _value: True) -> None:
        """`costly`: whether what a flight brought took work, which is wasted when nobody waits for it."""
        self._events = events
        self._costly = costly
        self._aloft: dict[K, Flight[V]] = {}

    async def board(self, key: K, take_off: Callable[[], Flight[V]]) -> Landing[V]:
        """The value of the flight under way for `key`, or of the one that `take_off` starts.

        A waiter who is cancelled leaves alone. When the last one leaves, the flight is withdrawn if it can be;
        otherwise it lands without an audience, and whoever comes before then still boards it.
        """
        flight = self._aloft.get(key)
        collapsed = flight is not None
        if flight is None:
            flight = self._launch(key, take_off)
        else:
            self._events.collapsed()
        flight.waiters += 1
        try:
            # Without the shield, one impatient waiter would cancel everybody.
            return Landing(await asyncio.shield(flight.task), collapsed)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done() and flight.withdraw():
                self._events.withdrew()
                self._forget(key, flight)

    async def close(self, patience_s: float) -> None:
        """Waits so long for those in the air."""
        if tasks := {flight.task for flight in self._aloft.values()}:
            await asyncio.wait(tasks, timeout=patience_s)

    def __len__(self) -> int:
        return len(self._aloft)

    def _launch(self, key: K, take_off: Callable[[], Flight[V]]) -> Flight[V]:
        flight = self._aloft[key] = take_off()
        self._events.took_off()
        flight.task.add_done_callback(partial(self._landed, key, flight))
        return flight

    def _landed(self, key: K, flight: Flight[V], task: asyncio.Task[V]) -> None:
        self._forget(key, flight)
        # Nobody may be waiting: asyncio would complain that an exception was never looked at.
        if not task.cancelled() and not task.exception() and not flight.waiters and self._costly(task.result()):
            self._events.wasted()

    def _forget(self, key: K, flight: Flight[V]) -> None:
        # A withdrawn flight may still be ending while its successor is in the air.
        if self._aloft.get(key) is flight:
            del self._aloft[key]
