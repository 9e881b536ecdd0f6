"""Answers made of masks, once for all who wait for the same, and in threads of their own: no hit waits for them.

Who waits for a turn waits here and not in the threads' own queue, which holds what it was given until it comes to it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TypeVar, TypeVarTuple

from proxy.core.fingerprint import Image
from proxy.core.flights import Flight, Flights
from proxy.core.types import Cache, Key, Mask, Rendered, Renderer

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Renders:
    """At most `at_once` are worked on; the others wait for their turn."""

    def __init__(self, cache: Cache, at_once: int) -> None:
        self._cache = cache
        self._turns = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="renders")
        self._flights: Flights[Key, Rendered] = Flights()

    async def make(self, image: Image | None, mask: Mask, renderer: Renderer) -> Rendered:
        """For one caller alone. Raises BadImage."""
        return await self._made(image, mask, renderer, self._turn())

    async def make_and_keep(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer) -> Rendered:
        """Once for all who wait for the same. Raises BadImage."""
        landing = await self._flights.board(key, partial(self._take_off, key, image, mask, renderer))
        if landing.value.blake3 == mask.blake3:
            return landing.value
        # Two images with one seeded hash at the same time.
        return await self._kept(key, image, mask, renderer, self._turn())

    def __len__(self) -> int:
        """Those that are shared, under way or waiting for their turn."""
        return len(self._flights)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _turn(self) -> "_Turn":
        return _Turn(self._turns, self._threads)

    def _take_off(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer) -> Flight[Rendered]:
        turn = self._turn()
        task = asyncio.create_task(self._kept(key, image, mask, renderer, turn))
        return Flight(task, partial(turn.withdraw, task))

    async def _kept(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer, turn: "_Turn") -> Rendered:
        rendered = await self._made(image, mask, renderer, turn)
        self._cache.keep(key, rendered)
        return rendered

    async def _made(self, image: Image | None, mask: Mask, renderer: Renderer, turn: "_Turn") -> Rendered:
        answer = await renderer.render(image, mask, turn)
        return Rendered(
            body=answer.body,
            media_type=answer.media_type,
            rendering=renderer.name,
            digest=mask.digest,
            blake3=mask.blake3,
            model_version=mask.model_version,
            confidence=mask.confidence,
            made_at=mask.made_at,
            facts=answer.facts,
        )


class _Turn:
    """One answer's turn: where its renderer has its work done. `taken`: it has begun."""

    def __init__(self, turns: asyncio.Semaphore, threads: Executor) -> None:
        self.taken = False
        self._turns = turns
        self._threads = threads

    async def __call__(self, work: Callable[[*Ts], T], /, *args: *Ts) -> T:
        await self._turns.acquire()
        self.taken = True
        working = asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        working.add_done_callback(lambda _: self._turns.release())  # and not when the caller has had enough
        return await asyncio.shield(working)

    def withdraw(self, task: asyncio.Task[Rendered]) -> bool:
        """What a thread has begun it would do anyway."""
        return not self.taken and task.cancel()
