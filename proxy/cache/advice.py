"""Whether Redis is set to do what we want of it when its memory is full."""

from proxy.cache.redis import RedisCache

WANTED = "volatile-lru, volatile-lfu or volatile-ttl"


async def advice(redis: RedisCache) -> str | None:
    """What should be set otherwise, and why; None when all is well. Raises RedisAway."""
    limit, policy = await redis.eviction()
    if not limit:
        return "maxmemory is 0: it grows until the machine has no memory left"
    if policy == "noeviction":
        return f"maxmemory-policy is noeviction: when it is full it keeps no new masks; better {WANTED}"
    if policy.startswith("allkeys"):
        return f"maxmemory-policy is {policy}: when it is full it may drop the seed of all lookups; better {WANTED}"
    return None
