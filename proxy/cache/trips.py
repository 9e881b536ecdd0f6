"""Lookups that share a trip: a client library's work for one answer is several times what a second one adds to it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 8
"""Questions of one trip: Redis answers nobody else meanwhile, and an answer may have megabytes."""


class Trips(Generic[Q, A]):
    """Who comes while a trip is under way shares the next one; who comes alone does not wait."""

    def __init__(self, travel: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        """`travel` brings an answer for each question, in order."""
        self._travel = travel
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._driver: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """Raises what the trip raises."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())
        return await answer

    async def _drive(self) -> None:
        try:
            while self._waiting:
                together = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                if wanted := [pair for pair in together if not pair[1].done()]:
                    await self._go(wanted)
        finally:
            self._driver = None

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
