"""Lookups that share a trip: a client library's work for one answer is several times what a second one adds to it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 8
"""Questions of one trip: Redis answers nobody else meanwhile, and an answer may have megabytes."""
LANES = 16
"""Trips at once, where so many wait that one trip could not take them all: the line is slow, or they are large."""
MOST_WAITING = 8 * LANES * MOST


class Crowded(Exception):
    """So many wait that whoever joined them would come too late."""


class Trips(Generic[Q, A]):
    """Who comes while a trip is under way shares the next one; who comes alone does not wait."""

    def __init__(self, travel: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        """`travel` brings an answer for each question, in order."""
        self._travel = travel
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._drivers: set[asyncio.Task[None] | None] = set()

    async def ask(self, question: Q) -> A:
        """Raises Crowded, and what the trip raises."""
        if len(self._waiting) >= MOST_WAITING:
            raise Crowded
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if not self._drivers or (len(self._waiting) >= MOST and len(self._drivers) < LANES):
            self._drivers.add(asyncio.create_task(self._drive()))
        return await answer

    async def _drive(self) -> None:
        try:
            while self._waiting:
                together = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                if wanted := [pair for pair in together if not pair[1].done()]:
                    await self._go(wanted)
        finally:  # and not in a callback: who asks before that would wait for nobody
            self._drivers.discard(asyncio.current_task())

    async def _go(self, together: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._travel([question for question, _ in together])
        except Exception as error:
            for _, waiting in together:
                if not waiting.done():
                    waiting.set_exception(error)
        else:
            for (_, waiting), answer in zip(together, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)
