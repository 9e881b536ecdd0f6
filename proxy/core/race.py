"""Lookup against inference: the first verified result answers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from proxy.core.types import Found

V = TypeVar("V")

SHORTEST_S = 0.001
LONGEST_S = 0.005
"""A Redis that has just died may cost a new image 10 ms in all: the rest is for finding out."""
REMEMBERED = 512
"""Lookups that `auto` learns from: enough for a p99, few enough to follow a Redis that changes."""
PROMPTLY = 32
"""So many at first, and later one in so many, are learned from at once: ranking them all costs as much as a lookup."""

_searching: set[asyncio.Task[Any]] = set()


class HeadStart:
    """How long the lookup runs alone. `fixed_s=None` means `auto`: the p99 of recent lookups, within 1..5 ms.

    The Tail at Scale (2013) hedges at the p95 of the first try; every needless inference here costs a whole GPU pass,
    so we wait a little longer. Where half of the lookups take longer than that, all waiting is in vain: 1 ms.
    """

    def __init__(self, fixed_s: float | None = None) -> None:
        self._fixed_s = fixed_s
        self._recent: deque[float] = deque(maxlen=REMEMBERED)
        self._learned = 0
        self._futile = False
        self.seconds = LONGEST_S if fixed_s is None else fixed_s

    def learn(self, lookup_s: float) -> None:
        self._recent.append(lookup_s)
        self._learned += 1
        if self._fixed_s is None and (self._learned <= PROMPTLY or self._learned % PROMPTLY == 0):
            ranked = sorted(self._recent)
            self._futile = ranked[len(ranked) // 2] > LONGEST_S
            p99 = ranked[int(0.99 * (len(ranked) - 1) + 0.5)]
            self.seconds = SHORTEST_S if self._futile else min(max(p99, SHORTEST_S), LONGEST_S)

    @property
    def rest_s(self) -> float:
        """For a second lookup: under `auto`, both together wait no longer than the longest head start."""
        if self._fixed_s is not None:
            return self._fixed_s
        return SHORTEST_S if self._futile else LONGEST_S - self.seconds


async def race(
    lookup: Coroutine[Any, Any, Found | None],
    infer: Callable[[bool], Awaitable[V]],
    head_start_s: float,
) -> Found | V:
    """The hit that `lookup` brings, or what `infer` brings, whichever is there first.

    `lookup` gives only verified hits and never raises. `infer` takes off when the lookup says miss or its head start
    is over, not before, and is told whether the lookup has answered; 0 is the literal race. The loser is never
    cancelled: a lookup ends by itself, and leaving an inference is its owner's business (`Flights`).
    """
    search = asyncio.create_task(lookup)
    _searching.add(search)  # the loop itself holds tasks only weakly
    search.add_done_callback(_searching.discard)
    if head_start_s > 0:
        await asyncio.wait({search}, timeout=head_start_s)
    if search.done() and (found := search.result()):
        return found
    inference: asyncio.Future[V] = asyncio.ensure_future(infer(search.done()))
    try:
        return await _first(search, inference)
    finally:
        # A waiter leaves its flight; what has landed does not notice, and what has failed need not be told.
        inference.cancel() or inference.cancelled() or inference.exception()


async def _first(search: asyncio.Task[Found | None], inference: asyncio.Future[V]) -> Found | V:
    runners: set[asyncio.Future[Any]] = {search, inference}
    await asyncio.wait(runners, return_when=asyncio.FIRST_COMPLETED)
    if search.done() and (found := search.result()):
        return found
    if not inference.done() or _succeeded(inference):
        return await inference
    # The inference failed first: the lookup is now the only hope.
    return await asyncio.shield(search) or inference.result()


def _succeeded(inference: asyncio.Future[V]) -> bool:
    return not inference.cancelled() and inference.exception() is None
