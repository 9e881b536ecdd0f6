"""Answers made of masks, once for all who wait for the same, and in threads of their own: no hit waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        answer = await renderer.render(image, mask, self._in_turn)
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

    async def make_and_keep(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer) -> Rendered:
        """Once for all who wait for the same. Raises BadImage."""
        landing = await self._flights.board(key, partial(self._take_off, key, image, mask, renderer))
        if landing.value.blake3 == mask.blake3:
            return landing.value
        # Two images with one seeded hash at the same time.
        return await self._kept(key, image, mask, renderer)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _take_off(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer) -> Flight[Rendered]:
        return Flight(asyncio.create_task(self._kept(key, image, mask, renderer)), withdraw=lambda: False)

    async def _kept(self, key: Key, image: Image | None, mask: Mask, renderer: Renderer) -> Rendered:
        rendered = await self.make(image, mask, renderer)
        self._cache.keep(key, rendered)
        return rendered

    async def _in_turn(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        async with self._turns:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
