"""What an administrator may ask of the cache: to count what it holds, and to forget."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from proxy.cache.link import RedisAway
from proxy.cache.memory import MemoryCache
from proxy.cache.notices import Notices
from proxy.cache.redis import RedisCache
from proxy.cache.tombstones import EVERYTHING
from proxy.errors import CacheAway

FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one tier holds. `idle_s`: how long its oldest entry has not been read; None when there is no entry."""

    entries: int
    bytes: int
    idle_s: float | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Entries that are gone, by tier. `memory` is this process's; the other replicas are told. `redis` None: there is
    no Redis."""

    memory: int
    redis: int | None


class Keeper:
    """Over one process's memory, the Redis that it shares, and the notices that reach the other replicas."""

    def __init__(
        self,
        memory: MemoryCache,
        redis: RedisCache | None,
        notices: Notices | None,
        forget_too: Callable[[], object] = lambda: None,
    ) -> None:
        """`forget_too` is called whenever something is forgotten, for what remembers masks besides the tiers."""
        self._memory = memory
        self._redis = redis
        self._notices = notices
        self._forget_too = forget_too
        if notices:
            notices.on(FORGET, self._drop)

    async def forget(self, digest: str) -> Forgotten:
        """Everything that any model made of the image of that SHA-256. Raises CacheAway."""
        return await self._gone(digest)

    async def purge(self, model_version: str | None) -> Forgotten:
        """Everything that this version of a model made, or everything. Raises CacheAway."""
        return await self._gone(model_version or EVERYTHING)

    def in_memory(self) -> Holding:
        return Holding(len(self._memory), self._memory.bytes, self._memory.idle_s)

    async def in_redis(self) -> Holding | None:
        """Reads the length of every entry: for people, not for scrapers. None: there is no Redis. Raises CacheAway."""
        if self._redis is None:
            return None
        try:
            return Holding(*await self._redis.weigh())
        except RedisAway as error:
            raise CacheAway(f"Redis cannot be asked: {error}.") from error

    async def _gone(self, word: str) -> Forgotten:
        """Redis first: a replica that has forgotten must not find it there again."""
        if self._redis is None or self._notices is None:
            return Forgotten(self._drop(word), None)
        try:
            from_redis = await self._redis.forget(word, time.time())
            await self._notices.tell(f"{FORGET} {word}")
        except RedisAway as error:
            self._drop(word)
            raise CacheAway(f"This process has forgotten; Redis and the other replicas have not: {error}.") from error
        return Forgotten(self._drop(word), from_redis)

    def _drop(self, word: str) -> int:
        self._forget_too()
        return self._memory.forget(word, time.time())
