import asyncio
from dataclasses import replace

import pytest

from proxy.cache.keeper import Keeper
from proxy.cache.link import RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.notices import Notices
from proxy.cache.redis import RedisCache
from proxy.core.types import Key
from proxy.errors import CacheAway
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, RENDERED

TTL_S = 1800.0
DOG_MASK = replace(MASK, digest="e" * 64, model_version="other-00000000")
RENDERED_KEY = Key("e" * 32)


class Replica:
    """One proxy's tiers over the shared Redis, and their keeper."""

    def __init__(self, url: str) -> None:
        self.link = RedisLink.at(url, timeout_s=5.0)
        self.memory, self.redis = MemoryCache(10**7, TTL_S), RedisCache(self.link, TTL_S)
        self.notices = Notices(self.link)
        self.keeper = Keeper(self.memory, self.redis, self.notices)
        self.listening = asyncio.create_task(self.notices.run())

    async def fill(self) -> None:
        for key, entry in ((CAT_KEY, MASK), (RENDERED_KEY, RENDERED), (DOG_KEY, DOG_MASK)):
            self.memory.put(key, entry)
            await self.redis.put(key, entry)


@pytest.fixture
async def replicas(redis_server):
    both = [Replica(redis_server.url) for _ in range(2)]
    async with asyncio.timeout(10):
        for replica in both:
            await replica.notices.listening.wait()
    for replica in both:
        await replica.fill()
    yield both
    for replica in both:
        replica.listening.cancel()
        await replica.link.close()


async def hold(replica: Replica, entries: int) -> None:
    async with asyncio.timeout(10):
        while len(replica.memory) != entries:
            await asyncio.sleep(0.01)


async def test_an_image_is_forgotten_in_every_tier_of_every_replica(replicas):
    first, second = replicas
    forgotten = await first.keeper.forget(MASK.digest)
    assert (forgotten.memory, forgotten.redis) == (2, 2)
    await hold(second, 1)
    assert await second.redis.get(CAT_KEY, RENDERED_KEY) is None
    assert (await second.redis.get(DOG_KEY)).entry == DOG_MASK


async def test_what_a_model_made_is_forgotten_and_what_others_made_is_not(replicas):
    first, second = replicas
    forgotten = await first.keeper.purge(DOG_MASK.model_version)
    assert (forgotten.memory, forgotten.redis) == (1, 1)
    await hold(second, 2)
    assert await second.redis.get(DOG_KEY) is None
    assert (await second.redis.get(CAT_KEY)).entry == MASK


@pytest.mark.parametrize("part", ["other", "0", "small"])
async def test_a_part_of_a_version_is_no_version(replicas, part):
    first, _ = replicas
    forgotten = await first.keeper.purge(part)
    assert (forgotten.memory, forgotten.redis) == (0, 0)


async def test_everything_is_forgotten_and_the_seed_is_not(replicas):
    first, second = replicas
    seed = await first.redis.share_seed(7)
    forgotten = await first.keeper.purge(None)
    assert (forgotten.memory, forgotten.redis) == (3, 3)
    await hold(second, 0)
    assert await first.redis.share_seed(8) == seed


async def test_thousands_are_forgotten_too(replicas):
    first, _ = replicas
    for number in range(1000, 2200):
        await first.redis.put(Key(f"{number:032x}"), MASK)
    assert (await first.keeper.purge(None)).redis == 1203


async def test_a_redis_that_is_away_is_an_error_and_the_memory_is_empty_all_the_same(replicas, redis_server):
    first, _ = replicas
    redis_server.kill()
    with pytest.raises(CacheAway, match="other replicas have not"):
        await first.keeper.purge(None)
    assert len(first.memory) == 0
    with pytest.raises(CacheAway):
        await first.keeper.in_redis()


async def test_without_a_redis_the_memory_is_all_there_is():
    memory = MemoryCache(10**7, TTL_S)
    memory.put(CAT_KEY, MASK)
    keeper = Keeper(memory, None, None)
    assert await keeper.in_redis() is None
    forgotten = await keeper.forget(MASK.digest)
    assert (forgotten.memory, forgotten.redis) == (1, None)


async def test_what_is_held_is_counted_and_weighed(replicas):
    first, _ = replicas
    in_memory, in_redis = first.keeper.in_memory(), await first.keeper.in_redis()
    assert in_memory.entries == in_redis.entries == 3
    assert in_memory.bytes == first.memory.bytes
    payload = sum(len(entry.payload) for entry in (MASK, RENDERED, DOG_MASK))
    assert payload < in_redis.bytes < payload + 3 * 400
    assert 0 <= in_redis.idle_s < 60


def test_the_oldest_in_memory_is_the_one_that_was_read_longest_ago():
    clock = Clock()
    memory = MemoryCache(10**7, TTL_S, clock)
    keeper = Keeper(memory, None, None)
    assert keeper.in_memory().idle_s is None
    memory.put(CAT_KEY, MASK)
    clock.now = 10.0
    memory.put(DOG_KEY, MASK)
    clock.now = 30.0
    assert keeper.in_memory().idle_s == 30.0
    memory.get(CAT_KEY)
    assert keeper.in_memory().idle_s == 20.0
