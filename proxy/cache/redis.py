"""The shared tier. Reads are GET and PTTL: GETEX would turn every hit into a write, for replicas and on disk."""

import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgpack

from proxy.cache.entry import BadEntry, seal, unseal
from proxy.cache.link import Pipeline, RedisAway, RedisLink
from proxy.cache.trips import Trips
from proxy.core.keys import aliases_of
from proxy.core.types import Entry, Key

logger = logging.getLogger(__name__)

PREFIX = "rematte:"
SEED_KEY = PREFIX + "seed"
SEED_BITS = 64
ENTRIES = PREFIX + "?" * 32
SCANNED = 500
TAIL_BYTES = 400
"""Of a sealed entry: more than digest, BLAKE3, version and two numbers take."""
LINKS_PER_TTL = 3
"""An alias is told again this often while its entry is in use, and lives a little longer than that needs: it is 32
bytes, and worth nothing without its entry."""
FIRST = """
local answers, before = {}, 0
for lookup, many in ipairs(ARGV) do
  answers[lookup] = false
  for place = 1, many do
    local name = KEYS[before + place]
    local stored = redis.call('GET', name)
    if stored then
      answers[lookup] = {place, stored, redis.call('PTTL', name)}
      break
    end
  end
  before = before + many
end
return answers
"""
"""Several lookups, and of each the first key that has an entry. A script, because three commands in a pipeline cost the
client half as much again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as Redis gave it, and how long Redis will keep it if nobody renews it."""

    key: Key
    entry: Entry
    ttl_s: float


class RedisCache:
    """Entries under an idle TTL, shared by every proxy that uses the same Redis."""

    def __init__(self, link: RedisLink, ttl_s: float) -> None:
        self._link = link
        self._first = link.script(FIRST)
        self._trips: Trips[Sequence[Key], object] = Trips(self._look_up)
        self._ttl_ms = int(ttl_s * 1000)
        self._alias_ms = int(ttl_s * 1000 * (1 + 1 / LINKS_PER_TTL))

    async def get(self, *keys: Key) -> Stored | None:
        """The entry of the first key that has one, in one trip. Raises RedisAway.

        What does not open is dropped and counts as a miss.
        """
        answer = await self._trips.ask(keys)
        if answer is None:
            return None
        key, stored, ttl_ms = _understood(answer, keys)
        opened = await self._opened(key, stored, ttl_ms)
        others = keys[keys.index(key) + 1 :]
        return opened or (await self.get(*others) if others else None)

    async def _look_up(self, lookups: Sequence[Sequence[Key]]) -> Sequence[object]:
        names = [entry_name(key) for keys in lookups for key in keys]
        answers = await self._link.do(self._first(keys=names, args=[len(keys) for keys in lookups]))
        if not isinstance(answers, list) or len(answers) != len(lookups):
            raise RedisAway(f"it answered {len(lookups)} lookups with {answers!r:.100}")
        return answers

    async def put(self, key: Key, entry: Entry) -> None:
        """Raises RedisAway, also when Redis is full."""
        async with self._link.pipeline() as pipe:
            pipe.set(entry_name(key), seal(key, entry), px=self._ttl_ms)
            self._tell_aliases(pipe, key, entry)
            await self._link.do(pipe.execute())

    async def link(self, key: Key, entry: Entry) -> None:
        """Tells the entry's aliases again. Raises RedisAway."""
        async with self._link.pipeline() as pipe:
            self._tell_aliases(pipe, key, entry)
            await self._link.do(pipe.execute())

    async def resolve(self, alias: Key) -> Key | None:
        """The key that the alias points to. Raises RedisAway."""
        token = await self._link.do(self._link.client.get(_alias_name(alias)))
        return Key(token.decode("ascii", "replace")) if isinstance(token, bytes) else None

    async def renew(self, key: Key) -> bool:
        """Pushes the expiry forward; False when the entry is gone. Raises RedisAway."""
        return bool(await self._link.do(self._link.client.pexpire(entry_name(key), self._ttl_ms)))

    async def eviction(self) -> tuple[int, str]:
        """Its memory limit in bytes (0: none), and what it does when that is reached. Raises RedisAway."""
        memory = await self._link.do(self._link.client.info("memory"))
        return int(memory.get("maxmemory", 0)), str(memory.get("maxmemory_policy", ""))

    async def drop_all(self, mark: str) -> int:
        """Every entry of an image's digest or a model's version; all entries for "". How many. Raises RedisAway.

        An entry's image lies in front, who it is of behind: the end is enough to tell.
        """
        sought = msgpack.packb(mark) if mark else b""  # with its length in front: no part of a longer word
        dropped = 0
        async for names in self._names():
            async with self._link.pipeline() as pipe:
                for name in names:
                    pipe.getrange(name, -TAIL_BYTES, -1)
                tails = await self._link.do(pipe.execute())
            meant = [name for name, tail in zip(names, tails, strict=True) if sought in tail]
            if meant:
                dropped += await self._link.do(self._link.client.unlink(*meant))
        return dropped

    async def weigh(self) -> tuple[int, int, float | None]:
        """Entries, their bytes, and for how many seconds the oldest has not been read. Raises RedisAway."""
        entries, weight, shortest_ms = 0, 0, self._ttl_ms
        async for names in self._names():
            async with self._link.pipeline() as pipe:
                for name in names:
                    pipe.strlen(name)
                    pipe.pttl(name)
                answers = await self._link.do(pipe.execute())
            entries += len(names)
            weight += sum(answers[::2])
            shortest_ms = min(shortest_ms, *(ttl for ttl in answers[1::2] if ttl >= 0), self._ttl_ms)
        return entries, weight, (self._ttl_ms - shortest_ms) / 1000 if entries else None

    async def _names(self) -> AsyncIterator[list[bytes]]:
        """The entries' names, some hundreds at a time. Redis goes on answering others meanwhile."""
        cursor = 0
        while True:
            cursor, names = await self._link.do(self._link.client.scan(cursor, match=ENTRIES, count=SCANNED))
            if names:
                yield names
            if not cursor:
                return

    async def share_seed(self, own: int) -> int:
        """The seed that every replica uses: the one kept in Redis, or `own` if there was none. Raises RedisAway."""
        kept = await self._link.do(self._link.client.get(SEED_KEY))
        if kept is None:
            await self._link.do(self._link.client.set(SEED_KEY, own, nx=True))
            kept = await self._link.do(self._link.client.get(SEED_KEY))
        try:
            return int(kept)
        except (TypeError, ValueError) as error:
            raise RedisAway(f"{SEED_KEY} holds no seed; delete it") from error

    def _tell_aliases(self, pipe: Pipeline, key: Key, entry: Entry) -> None:
        for alias in aliases_of(entry):
            pipe.set(_alias_name(alias), key.token, px=self._alias_ms)

    async def _opened(self, key: Key, stored: object, ttl_ms: object) -> Stored | None:
        try:
            return Stored(key, unseal(key, stored), _seconds(ttl_ms))
        except BadEntry as error:
            logger.warning("dropped an entry: %s", error)
            await self._link.do(self._link.client.delete(entry_name(key)))
            return None


def _understood(answer: object, keys: Sequence[Key]) -> tuple[Key, object, object]:
    """What FIRST said. Raises RedisAway for anything else: a Redis that lies is as good as none."""
    match answer:
        case [int(place), stored, ttl_ms] if 0 < place <= len(keys):
            return keys[place - 1], stored, ttl_ms
    raise RedisAway(f"it answered a lookup with {answer!r:.100}")


def new_seed() -> int:
    return secrets.randbits(SEED_BITS)


def _seconds(ttl_ms: object) -> float:
    if not isinstance(ttl_ms, int):
        raise BadEntry("its time to live is no number")
    return max(ttl_ms, 0) / 1000


def entry_name(key: Key) -> str:
    return PREFIX + key.token


def _alias_name(alias: Key) -> str:
    return PREFIX + "alias:" + alias.token
