import asyncio
from collections.abc import Awaitable, Callable

import pytest

from proxy.cache.entry import seal
from proxy.cache.link import RedisAway
from proxy.cache.redis import SEED_KEY, RedisCache, new_seed
from proxy.core.types import Key
from tests.support.entries import CAT_KEY, DOG_KEY, MASK, RENDERED

TTL_S = 1800.0


@pytest.fixture
def cache(link):
    return RedisCache(link, TTL_S)


class Liar:
    """A link to a Redis that answers every script alike."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def script(self, text: str) -> Callable[..., Awaitable[object]]:
        return self._lie

    async def do(self, command: Awaitable[object]) -> object:
        return await command

    async def _lie(self, keys: list[str], args: list[int]) -> object:
        return self._answer


@pytest.mark.parametrize("entry", [MASK, RENDERED])
async def test_what_is_put_is_found_with_its_time_to_live(cache, entry):
    await cache.put(CAT_KEY, entry)
    stored = await cache.get(CAT_KEY)
    assert stored.entry == entry
    assert TTL_S - 60 < stored.ttl_s <= TTL_S
    assert await cache.get(DOG_KEY) is None


async def test_of_several_keys_the_first_that_has_an_entry_counts(cache):
    await cache.put(DOG_KEY, MASK)
    stored = await cache.get(CAT_KEY, DOG_KEY)
    assert (stored.key, stored.entry) == (DOG_KEY, MASK)
    await cache.put(CAT_KEY, RENDERED)
    stored = await cache.get(CAT_KEY, DOG_KEY)
    assert (stored.key, stored.entry) == (CAT_KEY, RENDERED)


async def test_of_several_keys_the_first_entry_comes_in_one_trip_whichever_it_is(cache, raw):
    await cache.put(DOG_KEY, MASK)
    await cache.get(CAT_KEY)
    raw.config_resetstat()
    await cache.get(CAT_KEY, DOG_KEY)
    trips = raw.info("commandstats")
    assert trips["cmdstat_evalsha"]["calls"] == 1
    assert trips["cmdstat_get"]["calls"] == 2


async def test_where_the_first_entry_does_not_open_the_next_one_counts(cache, raw):
    raw.set(f"rematte:{CAT_KEY.token}", b"\x00")
    await cache.put(DOG_KEY, MASK)
    assert (await cache.get(CAT_KEY, DOG_KEY)).entry == MASK


async def test_what_is_no_entry_at_all_spoils_no_lookup_that_shares_its_trip(cache, raw):
    await cache.put(CAT_KEY, MASK)
    raw.rpush(f"rematte:{DOG_KEY.token}", "1")
    alone, wrong, right = await asyncio.gather(cache.get(Key("c" * 32)), cache.get(DOG_KEY), cache.get(CAT_KEY))
    assert (alone, wrong, right.entry) == (None, None, MASK)


async def test_reading_writes_nothing(cache, raw):
    await cache.put(CAT_KEY, MASK)
    raw.config_resetstat()
    for _ in range(10):
        await cache.get(CAT_KEY)
    commands = raw.info("commandstats")
    assert commands["cmdstat_get"]["calls"] == 10
    assert not {"cmdstat_getex", "cmdstat_expire", "cmdstat_pexpire", "cmdstat_set"} & set(commands)


async def test_renewing_pushes_the_expiry_forward_and_says_whether_there_was_anything(cache, raw):
    await cache.put(CAT_KEY, MASK)
    raw.pexpire(f"rematte:{CAT_KEY.token}", 1000)
    assert await cache.renew(CAT_KEY)
    assert raw.pttl(f"rematte:{CAT_KEY.token}") > 1000
    assert not await cache.renew(DOG_KEY)


@pytest.mark.parametrize(
    "answer", [7, [], [7], [[]], [[0, b"", 1]], [[3, b"", 1]], [[1, b""]], [None, None], "nonsense"]
)
async def test_what_is_no_answer_to_a_lookup_is_as_good_as_none(answer):
    with pytest.raises(RedisAway):
        await RedisCache(Liar(answer), TTL_S).get(CAT_KEY, DOG_KEY)


async def test_an_entry_that_belongs_to_another_key_is_dropped_and_missed(cache, raw):
    raw.set(f"rematte:{CAT_KEY.token}", seal(DOG_KEY, MASK))
    assert await cache.get(CAT_KEY) is None
    assert not raw.exists(f"rematte:{CAT_KEY.token}")


async def test_rubbish_is_dropped_and_missed(cache, raw):
    raw.set(f"rematte:{CAT_KEY.token}", b"\x00")
    assert await cache.get(CAT_KEY) is None
    assert not raw.exists(f"rematte:{CAT_KEY.token}")


async def test_all_who_share_a_redis_share_the_seed_of_the_first(cache):
    first, second = new_seed(), new_seed()
    assert first != second
    assert await cache.share_seed(first) == first
    assert await cache.share_seed(second) == first


async def test_a_seed_that_is_none_is_not_taken(cache, raw):
    raw.set(SEED_KEY, b"garbage")
    with pytest.raises(RedisAway, match="holds no seed"):
        await cache.share_seed(new_seed())


async def test_a_full_redis_still_tells_its_seed_and_is_not_away(cache, link, raw):
    seed = await cache.share_seed(new_seed())
    raw.config_set("maxmemory", "1")
    assert await cache.share_seed(new_seed()) == seed
    with pytest.raises(RedisAway):
        await cache.put(DOG_KEY, MASK)
    assert link.trouble is None


async def test_the_seed_never_expires(cache, raw):
    await cache.share_seed(new_seed())
    assert raw.ttl(SEED_KEY) == -1


async def test_a_full_redis_refuses_writes_and_still_answers_reads(cache, raw):
    await cache.put(CAT_KEY, MASK)
    raw.config_set("maxmemory", "1")
    with pytest.raises(RedisAway, match="maxmemory"):
        await cache.put(DOG_KEY, MASK)
    assert (await cache.get(CAT_KEY)).entry == MASK
