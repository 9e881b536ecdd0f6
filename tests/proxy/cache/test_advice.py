import pytest
import redis

from proxy.cache.advice import advice
from proxy.cache.redis import RedisCache


@pytest.mark.parametrize(
    ("limit", "policy", "words"),
    [
        ("100mb", "volatile-lru", None),
        ("100mb", "volatile-ttl", None),
        ("0", "volatile-lru", "no memory left"),
        ("100mb", "noeviction", "no new masks"),
        ("100mb", "allkeys-lfu", "the seed"),
    ],
)
async def test_redis_should_evict_among_what_expires(link, redis_server, limit: str, policy: str, words: str | None):
    with redis.Redis.from_url(redis_server.url) as raw:
        raw.config_set("maxmemory", limit)
        raw.config_set("maxmemory-policy", policy)
    given = await advice(RedisCache(link, 1800))
    assert (given is None) if words is None else (words in given)
