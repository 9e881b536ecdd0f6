"""The life of an entry, on a clock that stands still between two steps, in the memory and in a real Redis alike."""

import pytest
import redis

from proxy.cache.link import RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.redis import RedisCache
from proxy.cache.tiers import RENEWALS_PER_TTL, TieredCache
from proxy.core.keys import aliases_of
from proxy.core.types import Found, Key
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, NAMED

TTL_S = 6000.0
"""Six seconds a thousand times over, so that the machine's own time counts for nothing."""
OFTEN_S = 4000.0
STEP_S = TTL_S / RENEWALS_PER_TTL
MEMORY = 10**7
WRITES = ("set", "pexpire", "del", "getex", "expire", "psetex")


class Time:
    """Passes for the replicas and for their Redis."""

    def __init__(self, raw: redis.Redis) -> None:
        self.clock = Clock()
        self._raw = raw

    def passes(self, seconds: float) -> None:
        self.clock.now += seconds
        for name in self._raw.keys("*"):
            self._raw.pexpire(name, self._raw.pttl(name) - int(seconds * 1000))  # none left: it is gone


class Replica:
    """One proxy's tiers over the shared Redis."""

    def __init__(self, url: str, clock: Clock, memory_bytes: int) -> None:
        self._link = RedisLink.at(url, timeout_s=30.0)
        memory = MemoryCache(memory_bytes, TTL_S, clock)
        self.tiers = TieredCache(memory, RedisCache(self._link, TTL_S), ttl_s=TTL_S, clock=clock)

    async def keep(self) -> None:
        self.tiers.keep(CAT_KEY, NAMED)
        await self.tiers.settle()

    async def read(self) -> Found | None:
        """As a lookup does: the memory, then Redis."""
        found = self.tiers.peek(CAT_KEY) or await self.tiers.get(CAT_KEY)
        await self.tiers.settle()
        return found

    async def follow(self, alias: Key) -> Found | None:
        found = await self.tiers.follow(alias)
        await self.tiers.settle()
        return found

    async def close(self) -> None:
        await self.tiers.settle()
        await self._link.close()


@pytest.fixture
def time(raw):
    return Time(raw)


@pytest.fixture
async def replica(redis_server, time):
    replica = Replica(redis_server.url, time.clock, MEMORY)
    yield replica
    await replica.close()


@pytest.fixture
async def other(redis_server, time):
    """Another replica of the same."""
    other = Replica(redis_server.url, time.clock, MEMORY)
    yield other
    await other.close()


@pytest.fixture
async def without_memory(redis_server, time):
    """A replica that asks Redis each time."""
    replica = Replica(redis_server.url, time.clock, 0)
    yield replica
    await replica.close()


def in_redis(raw: redis.Redis) -> bool:
    return bool(raw.exists(f"rematte:{CAT_KEY.token}"))


async def test_what_is_read_often_enough_lives(without_memory, raw, time):
    await without_memory.keep()
    for _ in range(10):
        time.passes(OFTEN_S)
        assert (await without_memory.read()).tier == "redis"
    assert in_redis(raw)


async def test_its_names_live_as_long(without_memory, time):
    await without_memory.keep()
    for _ in range(10):
        time.passes(OFTEN_S)
        assert await without_memory.read()
    time.passes(TTL_S - 1)
    assert [bool(await without_memory.follow(alias)) for alias in aliases_of(NAMED)] == [True] * 3


async def test_what_is_read_in_memory_only_lives_in_redis_too(replica, raw, time):
    await replica.keep()
    for _ in range(10):
        time.passes(OFTEN_S)
        assert (await replica.read()).tier == "memory"
        assert in_redis(raw)


async def test_what_another_replica_reads_lives_for_all(replica, other, raw, time):
    await replica.keep()
    for _ in range(10):
        time.passes(OFTEN_S)
        assert await other.read()
    assert replica.tiers.peek(CAT_KEY) is None
    assert (await replica.read()).tier == "redis"


async def test_what_is_never_read_goes_when_its_time_is_over(replica, other, raw, time):
    await replica.keep()
    time.passes(TTL_S - 1)
    assert in_redis(raw)
    time.passes(1)
    assert not in_redis(raw)
    assert [await it.read() for it in (replica, other)] == [None, None]


@pytest.mark.parametrize("read_after_s", [0, STEP_S / 2, STEP_S - 1, STEP_S, STEP_S + 1])
async def test_what_is_read_no_more_is_gone_a_thirtieth_later_at_the_latest(replica, other, raw, time, read_after_s):
    """Whether or not Redis was told of the last read, whoever made it."""
    await replica.keep()
    time.passes(read_after_s)
    assert await replica.read()
    time.passes(TTL_S - STEP_S)
    assert in_redis(raw)
    time.passes(2 * STEP_S)
    assert not in_redis(raw)
    assert [await it.read() for it in (replica, other)] == [None, None]


@pytest.mark.parametrize("memory_bytes", [MEMORY, 0])
async def test_a_thousand_hits_within_a_ttl_are_at_most_forty_writes(redis_server, raw, time, memory_bytes):
    replica = Replica(redis_server.url, time.clock, memory_bytes)
    await replica.keep()
    writes = 0
    for _ in range(1000):
        time.passes(TTL_S / 1000)
        raw.config_resetstat()
        assert await replica.read()
        commands = raw.info("commandstats")
        writes += sum(commands.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in WRITES)
    assert RENEWALS_PER_TTL - 1 <= writes <= 40
    await replica.close()
