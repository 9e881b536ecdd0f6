"""The shared tier. Reads are GET and PTTL: GETEX would turn every hit into a write, for replicas and on disk."""

import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgpack

from proxy.cache.entry import BadEntry, seal, unseal
from proxy.cache.link import RedisAway, RedisLink
from proxy.cache.tombstones import EVERYTHING, LIFE_PER_TTL, words_of
from proxy.cache.trips import Crowded, Trips
from proxy.core.keys import aliases_of
from proxy.core.types import Entry, Key

logger = logging.getLogger(__name__)

PREFIX = "rematte:"
SEED_KEY = PREFIX + "seed"
SEED_BITS = 64
ENTRIES = PREFIX + "[0-9a-f]" * 32
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
    local stored = redis.pcall('GET', name)
    if type(stored) == 'string' then
      answers[lookup] = {place, stored, redis.call('PTTL', name)}
      break
    end
  end
  before = before + many
end
return answers
"""
"""Several lookups, and of each the first key that has an entry. A script, because three commands in a pipeline cost the
client a quarter more. What is no string is no entry: an error would be everybody's who shares the trip."""
REMEMBERED = """
for i = 1, 3 do
  local forgotten_at = redis.call('get', KEYS[i])
  if forgotten_at and tonumber(forgotten_at) >= tonumber(ARGV[1]) then return 0 end
end
"""
"""Goes on only if no tombstone is as young as the entry."""
PUT = f"""{REMEMBERED}
redis.call('set', KEYS[4], ARGV[2], 'PX', ARGV[3])
for i = 5, #KEYS do redis.call('set', KEYS[i], ARGV[4], 'PX', ARGV[5]) end
return 1
"""
"""An entry and its aliases. In one step: between a look at the tombstones and the writing, one could be laid."""


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
        self._tombstone_ms = int(ttl_s * 1000 * LIFE_PER_TTL)
        self._put = link.script(PUT)
        self._remembers = link.script(REMEMBERED + "return 1")

    async def get(self, *keys: Key) -> Stored | None:
        """The entry of the first key that has one, in one trip. Raises RedisAway.

        What does not open is dropped and counts as a miss.
        """
        try:
            answer = await self._trips.ask(keys)
        except Crowded:
            raise RedisAway("it is too slow for the lookups that wait for it") from None
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

    async def put(self, key: Key, entry: Entry) -> bool:
        """Writes it and its aliases; False when it was forgotten after it was made. Raises RedisAway, also when Redis
        is full."""
        names = [*_tombstones_of(entry), entry_name(key), *map(_alias_name, aliases_of(entry))]
        values: list[float | bytes | str] = [entry.made_at, seal(key, entry), self._ttl_ms, key.token, self._alias_ms]
        return bool(await self._link.do(self._put(keys=names, args=values)))

    async def remembers(self, entry: Entry) -> bool:
        """Whether it was not forgotten after it was made. Raises RedisAway."""
        return bool(await self._link.do(self._remembers(keys=_tombstones_of(entry), args=[entry.made_at])))

    async def link(self, key: Key, entry: Entry) -> None:
        """Tells the entry's aliases again. Raises RedisAway."""
        async with self._link.pipeline() as pipe:
            for alias in aliases_of(entry):
                pipe.set(_alias_name(alias), key.token, px=self._alias_ms)
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

    async def forget(self, word: str, at: float) -> int:
        """Every entry of an image's digest or a model's version, or EVERYTHING, and for good: what was made until `at`
        (seconds since the epoch) is not taken again. How many there were. Raises RedisAway.
        """
        with suppress(RedisAway):  # a full Redis has no room for a tombstone yet
            await self._bury(word, at)
        dropped = await self._drop(word)
        await self._bury(word, at)
        return dropped

    async def _bury(self, word: str, at: float) -> None:
        await self._link.do(self._link.client.set(_tombstone_name(word), at, px=self._tombstone_ms))

    async def _drop(self, word: str) -> int:
        """An entry's image lies in front, who it is of behind: the end is enough to tell."""
        sought = b"" if word == EVERYTHING else msgpack.packb(word)  # its length in front: no part of a longer word
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


def _tombstones_of(entry: Entry) -> list[str]:
    return [_tombstone_name(word) for word in words_of(entry)]


def _tombstone_name(word: str) -> str:
    return PREFIX + "forgotten:" + word
