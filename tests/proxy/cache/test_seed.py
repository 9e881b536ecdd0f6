import pytest

from proxy.cache.redis import RedisCache
from proxy.cache.seed import Seed


@pytest.fixture
def cache(link):
    return RedisCache(link, 1800)


async def test_the_second_replica_takes_the_seed_of_the_first(cache):
    first, second = Seed(cache), Seed(cache)
    own = first.value
    await first.share()
    await second.share()
    assert first.value == second.value == own


async def test_a_redis_that_came_back_empty_learns_the_seed_again(cache, redis_server):
    seed = Seed(cache)
    await seed.share()
    kept = seed.value
    redis_server.kill()
    await seed.share()
    redis_server.start()
    await seed.share()
    assert seed.value == kept
    assert await cache.share_seed(0) == kept


async def test_without_redis_every_process_has_a_seed_of_its_own():
    first, second = Seed(None), Seed(None)
    await first.share()
    assert first.value != second.value
