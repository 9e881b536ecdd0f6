"""What was forgotten stays forgotten, also where nobody heard of it."""

import time
from dataclasses import replace

import pytest

from proxy.cache.keeper import Keeper
from proxy.cache.link import RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.notices import Notices
from proxy.cache.redis import RedisCache
from proxy.cache.tiers import MAX_SHARED_BYTES, RENEWALS_PER_TTL, TieredCache
from proxy.core.keys import alias_of
from proxy.errors import CacheAway
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, RENDERED

TTL_S = 1800.0
NAME = f"rematte:{CAT_KEY.token}"
LARGE = replace(MASK, png=b"x" * (MAX_SHARED_BYTES + 1))


class Replica:
    """One proxy's tiers and their keeper. It does not listen to what the others say."""

    def __init__(self, url: str | None, clock: Clock) -> None:
        self._clock = clock
        self.link = RedisLink.at(url, timeout_s=5.0) if url else None
        redis = RedisCache(self.link, TTL_S) if self.link else None
        self.memory = MemoryCache(10**7, TTL_S, clock)
        self.tiers = TieredCache(self.memory, redis, ttl_s=TTL_S, clock=clock)
        self.keeper = Keeper(self.memory, redis, Notices(self.link) if self.link else None)

    async def keep(self, entry, key=CAT_KEY) -> None:
        self.tiers.keep(key, entry)
        await self.tiers.settle()

    async def read(self) -> None:
        """From memory, when it is time to renew."""
        self._clock.now += TTL_S / RENEWALS_PER_TTL
        assert self.tiers.peek(CAT_KEY)
        await self.tiers.settle()

    async def has(self, key=CAT_KEY) -> bool:
        return bool(self.tiers.peek(key) or await self.tiers.get(key))

    async def close(self) -> None:
        await self.tiers.settle()
        if self.link:
            await self.link.close()


@pytest.fixture
async def replicas(redis_server):
    clock = Clock()
    both = [Replica(redis_server.url, clock) for _ in range(2)]
    yield both
    for replica in both:
        await replica.close()


async def forget(replica: Replica, what: str) -> None:
    if what == "the image":
        await replica.keeper.forget(MASK.digest)
    else:
        await replica.keeper.purge(MASK.model_version if what == "its model's" else None)


@pytest.mark.parametrize("entry", [MASK, RENDERED, LARGE], ids=["mask", "answer", "too large for Redis"])
@pytest.mark.parametrize("what", ["the image", "its model's", "everything"])
async def test_a_replica_that_did_not_hear_of_it_brings_nothing_back(replicas, raw, what: str, entry):
    deaf, other = replicas
    await deaf.keep(entry)
    await forget(other, what)
    await deaf.read()
    assert not await deaf.has()
    assert not raw.exists(NAME)
    assert await other.tiers.follow(alias_of(entry)) is None


@pytest.mark.parametrize("what", ["the image", "its model's", "everything"])
async def test_what_is_made_anew_is_kept_again_by_all(replicas, raw, what: str):
    deaf, other = replicas
    await deaf.keep(MASK)
    await forget(other, what)
    await other.keep(replace(MASK, made_at=time.time()))
    await deaf.read()
    for replica in replicas:
        assert await replica.has()
    raw.delete(NAME)  # as if it were evicted
    await other.read()
    assert raw.exists(NAME)


async def test_what_others_made_is_not_touched(replicas):
    deaf, other = replicas
    await other.keeper.forget(MASK.digest)
    await deaf.keep(replace(MASK, digest="e" * 64), DOG_KEY)
    assert await other.has(DOG_KEY)


@pytest.mark.parametrize("shared", [True, False], ids=["with Redis", "without"])
async def test_what_was_made_before_is_not_kept_afterwards(redis_server, shared: bool):
    replica = Replica(redis_server.url if shared else None, Clock())
    await replica.keep(MASK)
    await replica.keeper.forget(MASK.digest)
    replica.tiers.keep(CAT_KEY, MASK)
    assert replica.tiers.peek(CAT_KEY) is None
    await replica.tiers.settle()
    assert not await replica.has()
    await replica.close()


async def test_what_was_on_its_way_from_redis_while_it_was_forgotten_does_not_arrive(replicas, raw):
    here, there = replicas
    await there.keep(MASK)
    here.memory.forget(MASK.digest, time.time())
    assert not await here.has()


async def test_what_a_process_could_only_forget_by_itself_it_does_not_share_later(replicas, raw, redis_server):
    replica, _ = replicas
    redis_server.kill()
    with pytest.raises(CacheAway):
        await replica.keeper.forget(MASK.digest)
    redis_server.start()
    await replica.keep(MASK)
    assert not raw.exists(NAME)


async def test_a_full_redis_forgets_for_good_too(replicas, raw):
    deaf, other = replicas
    await deaf.keep(replace(MASK, png=b"x" * 10**6))
    raw.config_set("maxmemory", raw.info("memory")["used_memory"] - 1000)
    assert (await other.keeper.forget(MASK.digest)).redis == 1
    await deaf.read()
    assert not await deaf.has()


async def test_the_names_of_what_was_forgotten_are_no_entries_and_go_by_themselves(replicas, raw):
    replica, _ = replicas
    await replica.keeper.purge("a version of 22 bytes.")
    assert (await replica.keeper.in_redis()).entries == 0
    (name,) = raw.keys("rematte:forgotten:*")
    assert TTL_S < raw.ttl(name) <= 2 * TTL_S
