from dataclasses import replace

import pytest

from proxy.cache.link import RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.redis import RedisCache
from proxy.cache.tiers import MAX_SHARED_BYTES, TieredCache
from proxy.core.keys import alias_of, aliases_of
from tests.support.clock import Clock
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, NAMED, RENDERED
from tests.support.fakes import Heard

TTL_S = 1800.0
STEP_S = TTL_S / 30


class Replica:
    """One proxy's tiers over the shared Redis."""

    def __init__(self, url: str | None, clock: Clock) -> None:
        self.heard = Heard()
        self.link = RedisLink.at(url, timeout_s=5.0, events=self.heard) if url else None
        redis = RedisCache(self.link, TTL_S) if self.link else None
        memory = MemoryCache(10**7, TTL_S, clock)
        self.tiers = TieredCache(memory, redis, ttl_s=TTL_S, clock=clock, events=self.heard)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def replicas(redis_server, clock):
    both = [Replica(redis_server.url, clock) for _ in range(2)]
    yield [replica.tiers for replica in both]
    for replica in both:
        await replica.tiers.settle()
        await replica.link.close()


NAME = f"rematte:{CAT_KEY.token}"


async def test_what_one_replica_keeps_another_finds_in_redis_and_then_in_its_memory(replicas):
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    await one.settle()
    assert one.peek(CAT_KEY).tier == "memory"
    assert other.peek(CAT_KEY) is None
    assert (await other.get(CAT_KEY)).tier == "redis"
    assert other.peek(CAT_KEY).entry == MASK


async def test_what_is_found_under_the_second_key_is_kept_and_renewed_under_that(replicas, raw):
    one, other = replicas
    one.keep(DOG_KEY, MASK)
    await one.settle()
    raw.pexpire(f"rematte:{DOG_KEY.token}", 1000)
    assert (await other.get(CAT_KEY, DOG_KEY)).entry == MASK
    assert other.peek(DOG_KEY)
    assert other.peek(CAT_KEY) is None
    await other.settle()
    assert raw.pttl(f"rematte:{DOG_KEY.token}") > 1000
    assert not raw.exists(NAME)


async def test_many_reads_renew_the_expiry_once_in_a_thirtieth_of_the_ttl(replicas, raw, clock):
    tiers, _ = replicas
    tiers.keep(CAT_KEY, MASK)
    await tiers.settle()
    raw.config_resetstat()
    for _ in range(90):
        clock.now += STEP_S / 30
        tiers.peek(CAT_KEY)
    await tiers.settle()
    assert raw.info("commandstats")["cmdstat_pexpire"]["calls"] == 3


async def test_an_entry_read_only_in_memory_stays_alive_in_redis(replicas, raw, clock):
    tiers, _ = replicas
    tiers.keep(CAT_KEY, MASK)
    await tiers.settle()
    raw.pexpire(NAME, 1000)
    clock.now += STEP_S
    tiers.peek(CAT_KEY)
    await tiers.settle()
    assert raw.pttl(NAME) > 1000


async def test_an_entry_read_from_redis_is_renewed_only_when_it_has_aged(replicas, raw):
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    await one.settle()
    raw.config_resetstat()
    await other.get(CAT_KEY)
    await other.settle()
    assert "cmdstat_pexpire" not in raw.info("commandstats")
    raw.pexpire(NAME, int((TTL_S - STEP_S) * 1000))
    await other.get(CAT_KEY)
    await other.settle()
    assert raw.pttl(NAME) > (TTL_S - STEP_S) * 1000


async def test_an_entry_read_from_redis_is_renewed_by_redis_own_clock(replicas, raw, clock):
    """What Redis had heard of 59 s before it was read is renewed at the first read after 60 s, not after 119."""
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    await one.settle()
    raw.pexpire(NAME, int((TTL_S - STEP_S + 1) * 1000))
    await other.get(CAT_KEY)
    clock.now += 2
    other.peek(CAT_KEY)
    await other.settle()
    assert raw.pttl(NAME) > (TTL_S - STEP_S + 1) * 1000


async def test_a_redis_that_came_back_empty_is_filled_again_by_what_is_read(replicas, raw, redis_server, clock):
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    await one.settle()
    redis_server.kill()
    redis_server.start()
    clock.now += STEP_S
    one.peek(CAT_KEY)
    await one.settle()
    assert (await other.get(CAT_KEY)).entry == MASK


async def test_without_redis_lookups_are_misses_and_memory_still_works(replicas, redis_server):
    tiers, _ = replicas
    redis_server.kill()
    assert await tiers.get(CAT_KEY) is None
    tiers.keep(CAT_KEY, MASK)
    await tiers.settle()
    assert tiers.peek(CAT_KEY).entry == MASK


async def test_memory_alone_is_a_cache_too(clock):
    tiers = Replica(None, clock).tiers
    tiers.keep(CAT_KEY, MASK)
    assert tiers.peek(CAT_KEY).entry == MASK
    assert await tiers.get(CAT_KEY) is None
    await tiers.settle()


async def test_an_alias_leads_to_its_entry_in_every_replica(replicas):
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    assert (await one.follow(alias_of(MASK))).tier == "memory"
    await one.settle()
    assert (await other.follow(alias_of(MASK))).entry == MASK
    assert await other.follow(alias_of(RENDERED)) is None


async def test_a_picture_is_found_by_its_names_in_every_replica(replicas):
    one, _ = replicas
    one.keep(CAT_KEY, NAMED)
    await one.settle()
    for tiers in replicas:
        assert [(await tiers.follow(alias)).entry for alias in aliases_of(NAMED)] == [NAMED] * 3


async def test_an_alias_whose_entry_is_gone_leads_nowhere(replicas, raw):
    one, other = replicas
    one.keep(CAT_KEY, MASK)
    await one.settle()
    raw.delete(NAME)
    assert await other.follow(alias_of(MASK)) is None


async def test_without_redis_an_alias_leads_as_far_as_the_memory(clock):
    tiers = Replica(None, clock).tiers
    tiers.keep(CAT_KEY, MASK)
    assert (await tiers.follow(alias_of(MASK))).entry == MASK
    clock.now += TTL_S
    assert await tiers.follow(alias_of(MASK)) is None


async def test_an_alias_lives_as_long_as_its_entry_is_read(replicas, raw, clock):
    tiers, _ = replicas
    tiers.keep(CAT_KEY, NAMED)
    await tiers.settle()
    raw.delete(*raw.keys("rematte:alias:*"))
    clock.now += TTL_S / 3
    tiers.peek(CAT_KEY)
    await tiers.settle()
    names = raw.keys("rematte:alias:*")
    assert len(names) == len(aliases_of(NAMED))
    assert min(map(raw.pttl, names)) > TTL_S * 1000


async def test_a_thousand_hits_within_a_ttl_are_at_most_forty_writes(replicas, raw, clock):
    tiers, _ = replicas
    tiers.keep(CAT_KEY, NAMED)
    await tiers.settle()
    raw.config_resetstat()
    for _ in range(1000):
        clock.now += TTL_S / 1000
        tiers.peek(CAT_KEY)
        await tiers.settle()
    counts = {name: stat["calls"] for name, stat in raw.info("commandstats").items()}
    assert 30 <= counts["cmdstat_pexpire"] + counts["cmdstat_set"] <= 40


async def test_an_entry_that_would_hold_up_redis_stays_in_memory(replicas, raw):
    tiers, _ = replicas
    tiers.keep(CAT_KEY, replace(MASK, png=b"x" * (MAX_SHARED_BYTES + 1)))
    await tiers.settle()
    assert not raw.exists(NAME)
    assert tiers.peek(CAT_KEY)


async def test_what_redis_was_asked_and_did_is_told(redis_server, clock):
    one, other = Replica(redis_server.url, clock), Replica(redis_server.url, clock)
    one.tiers.keep(CAT_KEY, MASK)
    await one.tiers.settle()
    await other.tiers.get(DOG_KEY)
    await other.tiers.get(DOG_KEY, CAT_KEY)
    await other.tiers.follow(alias_of(MASK))
    clock.now += STEP_S
    other.tiers.peek(CAT_KEY)
    await other.tiers.settle()
    redis_server.kill()
    await other.tiers.get(DOG_KEY)
    told = [other.heard.times("looked_up", "redis", answer) for answer in ("miss", "hit", "error")]
    assert told == [1, 1, 1], "asking by digest is no lookup"
    assert other.heard.times("renewed") == 1
    assert [event[:2] for event in other.heard.events if event[0] == "failed"] == [("failed", "redis")]
    for replica in (one, other):
        await replica.tiers.settle()
        await replica.link.close()
