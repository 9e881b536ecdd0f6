"""The shared tier. A Redis that is down, slow or lying is an empty cache, never an error page.

Reads are GET and PTTL: GETEX would turn every hit into a write for replicas and the append-only file.
"""

import logging
import secrets
from dataclasses import dataclass
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from proxy.cache.entry import BadEntry, seal, unseal
from proxy.core.keys import aliases_of
from proxy.core.types import Entry, Key

logger = logging.getLogger(__name__)

PREFIX = "rematte:"
SEED_KEY = PREFIX + "seed"
SEED_BITS = 64
CONNECTIONS = 32
LINKS_PER_TTL = 3
"""An alias is told again this often while its entry is in use, and lives a little longer than that needs: it is 32
bytes, and worth nothing without its entry."""


class RedisAway(Exception):
    """Redis did not do as it was asked. Known to the tiers only."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as Redis gave it, and how long Redis will keep it if nobody renews it."""

    key: Key
    entry: Entry
    ttl_s: float


class RedisCache:
    """Entries under an idle TTL, shared by every proxy that uses the same Redis."""

    def __init__(self, client: Redis, ttl_s: float) -> None:
        self._client = client
        self._ttl_ms = int(ttl_s * 1000)
        self._alias_ms = int(ttl_s * 1000 * (1 + 1 / LINKS_PER_TTL))
        self.trouble: str | None = None
        """What went wrong last, or None since the last call that went well."""

    @classmethod
    def at(cls, url: str, *, ttl_s: float, timeout_s: float) -> Self:
        """Raises ValueError for a URL that is none. Does not connect yet: Redis may come later.

        A connection that had gone stale is replaced at once; apart from that nothing is tried again, and nothing waits
        for a connection longer than for an answer: the race has something better to do.
        """
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        return cls(Redis.from_pool(pool), ttl_s)  # unlike Redis(connection_pool=...), it closes the pool with it

    async def get(self, key: Key, *others: Key) -> Stored | None:
        """The entry of the first key that has one; one trip when none has. Raises RedisAway.

        What does not open is dropped and counts as a miss.
        """
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.get(_name(key))
            pipe.pttl(_name(key))
            for other in others:
                pipe.exists(_name(other))
            stored, ttl_ms, *exist = await self._do(pipe.execute())
        if stored is not None and (opened := await self._opened(key, stored, ttl_ms)):
            return opened
        there = [other for other, exists in zip(others, exist, strict=True) if exists]
        return await self.get(*there) if there else None

    async def put(self, key: Key, entry: Entry) -> None:
        """Raises RedisAway, also when Redis is full."""
        async with self._client.pipeline(transaction=False) as pipe:
            pipe.set(_name(key), seal(key, entry), px=self._ttl_ms)
            self._tell_aliases(pipe, key, entry)
            await self._do(pipe.execute())

    async def link(self, key: Key, entry: Entry) -> None:
        """Tells the entry's aliases again. Raises RedisAway."""
        async with self._client.pipeline(transaction=False) as pipe:
            self._tell_aliases(pipe, key, entry)
            await self._do(pipe.execute())

    async def resolve(self, alias: Key) -> Key | None:
        """The key that the alias points to. Raises RedisAway."""
        token = await self._do(self._client.get(_alias_name(alias)))
        return Key(token.decode("ascii", "replace")) if isinstance(token, bytes) else None

    async def renew(self, key: Key) -> bool:
        """Pushes the expiry forward; False when the entry is gone. Raises RedisAway."""
        return bool(await self._do(self._client.pexpire(_name(key), self._ttl_ms)))

    async def share_seed(self, own: int) -> int:
        """The seed that every replica uses: the one kept in Redis, or `own` if there was none. Raises RedisAway."""
        kept = await self._do(self._client.get(SEED_KEY))
        if kept is None:
            await self._do(self._client.set(SEED_KEY, own, nx=True))
            kept = await self._do(self._client.get(SEED_KEY))
        try:
            return int(kept)
        except (TypeError, ValueError) as error:
            raise RedisAway(f"{SEED_KEY} holds no seed; delete it") from error

    async def close(self) -> None:
        await self._client.aclose()

    def _tell_aliases(self, pipe: Pipeline, key: Key, entry: Entry) -> None:
        for alias in aliases_of(entry):
            pipe.set(_alias_name(alias), key.token, px=self._alias_ms)

    async def _opened(self, key: Key, stored: object, ttl_ms: object) -> Stored | None:
        try:
            return Stored(key, unseal(key, stored), _seconds(ttl_ms))
        except BadEntry as error:
            logger.warning("dropped an entry: %s", error)
            await self._do(self._client.delete(_name(key)))
            return None

    async def _do(self, command: Any) -> Any:  # redis-py's own annotations mix its two clients
        try:
            result = await command
        except (RedisError, OSError, TimeoutError) as error:
            if not isinstance(error, ResponseError):  # a Redis that is full refuses to write, and is not away
                self._note(f"{type(error).__name__}: {error}")
            raise RedisAway(str(error)) from error
        self._note(None)
        return result

    def _note(self, trouble: str | None) -> None:
        if trouble and not self.trouble:
            logger.warning("Redis is away: %s", trouble)
        elif self.trouble and not trouble:
            logger.info("Redis is back")
        self.trouble = trouble


def new_seed() -> int:
    return secrets.randbits(SEED_BITS)


def _seconds(ttl_ms: object) -> float:
    if not isinstance(ttl_ms, int):
        raise BadEntry("its time to live is no number")
    return max(ttl_ms, 0) / 1000


def _name(key: Key) -> str:
    return PREFIX + key.token


def _alias_name(alias: Key) -> str:
    return PREFIX + "alias:" + alias.token
