"""Memory in front of Redis, as the one cache that the race knows."""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from proxy.cache.link import RedisAway
from proxy.cache.memory import MemoryCache, Slot
from proxy.cache.redis import LINKS_PER_TTL, RedisCache
from proxy.core.events import SILENT, Events
from proxy.core.types import Entry, Found, Key

logger = logging.getLogger(__name__)

RENEWALS_PER_TTL = 30
"""An entry's expiry in Redis is pushed forward at most this often: 1000 hits are then not 1000 writes."""
ANSWER_FIRST_S = 0.002
"""Whoever waits for an answer does not wait for the writes that it causes."""
LINKS_REMEMBERED = 4096
"""Entries read from Redis whose aliases were told lately: what is not in memory has no other place to note it."""
MAX_SHARED_BYTES = 4 * 1024 * 1024
"""Redis is single-threaded: a larger value would hold up everybody's lookups. It stays in memory."""


class TieredCache:
    """Implements `core.types.Cache`. Without a Redis it is the memory alone."""

    def __init__(
        self,
        memory: MemoryCache,
        redis: RedisCache | None,
        *,
        ttl_s: float,
        clock: Callable[[], float] = time.monotonic,
        events: Events = SILENT,
    ) -> None:
        self._memory = memory
        self._redis = redis
        self._ttl_s = ttl_s
        self._clock = clock
        self._events = events
        self._background: set[asyncio.Task[None]] = set()
        self._sharing: dict[Key, asyncio.Task[None]] = {}
        self._linked: OrderedDict[Key, float] = OrderedDict()

    def peek(self, key: Key) -> Found | None:
        slot = self._memory.get(key)
        if slot is None:
            return None
        self._renew_soon(key, slot)
        return Found(slot.entry, "memory", self._ttl_s)

    async def get(self, *keys: Key) -> Found | None:
        if self._redis is None:
            return None
        try:
            found = await self._fetch(self._redis, *keys)
        except RedisAway:
            self._events.looked_up("redis", "error")
            return None
        self._events.looked_up("redis", "hit" if found else "miss")
        return found

    async def follow(self, alias: Key) -> Found | None:
        if (key := self._memory.resolve(alias)) and (found := self.peek(key)):
            return found
        if self._redis is None:
            return None
        try:
            key = await self._redis.resolve(alias)
            return await self._fetch(self._redis, key) if key else None
        except RedisAway:
            return None

    def keep(self, key: Key, entry: Entry) -> None:
        if self._memory.forgot(entry):
            return
        self._memory.put(key, entry)
        if self._redis is not None:
            self._sharing[key] = sharing = self._later(self._share(self._redis, key, entry))
            sharing.add_done_callback(lambda done: self._sharing.get(key) is done and self._sharing.pop(key))

    async def shared(self, key: Key) -> None:
        """Returns when an entry that is on its way to Redis is there, or never will be."""
        if sharing := self._sharing.get(key):
            await asyncio.wait({sharing})

    async def settle(self) -> None:
        """Waits for the writes under way."""
        while self._background:
            await asyncio.wait(self._background)

    async def _fetch(self, redis: RedisCache, *keys: Key) -> Found | None:
        """Raises RedisAway."""
        stored = await redis.get(*keys)
        if stored is None or self._memory.forgot(stored.entry):  # perhaps while it was on its way
            return None
        age_s = self._ttl_s - stored.ttl_s
        if age_s >= self._ttl_s / RENEWALS_PER_TTL:
            self._later(self._renew(stored.key, stored.entry, link=self._link_is_due(stored.key)))
            age_s = 0.0
        self._memory.put(stored.key, stored.entry, age_s=age_s, linked=False)
        return Found(stored.entry, "redis", self._ttl_s - age_s)

    def _link_is_due(self, key: Key) -> bool:
        now = self._clock()
        if now - self._linked.get(key, -math.inf) < self._ttl_s / LINKS_PER_TTL:
            return False
        self._linked[key] = now
        self._linked.move_to_end(key)
        if len(self._linked) > LINKS_REMEMBERED:
            self._linked.popitem(last=False)
        return True

    def _renew_soon(self, key: Key, slot: Slot) -> None:
        now = self._clock()
        if self._redis is not None and now - slot.renewed_at >= self._ttl_s / RENEWALS_PER_TTL:
            slot.renewed_at = now
            link = now - slot.linked_at >= self._ttl_s / LINKS_PER_TTL
            if link:
                slot.linked_at = now
            self._later(self._renew(key, slot.entry, link))

    async def _renew(self, key: Key, entry: Entry, link: bool) -> None:
        if self._redis is None:
            return
        if not await self._redis.renew(key):
            await self._share(self._redis, key, entry)  # evicted, forgotten, or Redis came back empty
            return
        self._events.renewed()
        if link:
            await self._redis.link(key, entry)

    async def _share(self, redis: RedisCache, key: Key, entry: Entry) -> None:
        small = len(entry.payload) <= MAX_SHARED_BYTES
        if not await (redis.put(key, entry) if small else redis.remembers(entry)):
            self._memory.drop(key)  # another replica was told to forget it, and we did not hear of that

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_forgiving(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


async def _forgiving(work: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.sleep(ANSWER_FIRST_S)
        await work
    except RedisAway as error:
        logger.debug("not kept in Redis: %s", error)
    finally:
        work.close()  # cancelled in its sleep, it never began
