"""The secret of the lookup hash: one for all who share a Redis, made once and kept there."""

import asyncio
import logging

from proxy.cache.link import RedisAway
from proxy.cache.redis import RedisCache, new_seed

logger = logging.getLogger(__name__)

SHARE_EVERY_S = 5.0
"""How soon a Redis that came back empty knows the seed again."""


class Seed:
    """`value` is this process's own until Redis says otherwise. Entries named with another seed are never found."""

    def __init__(self, redis: RedisCache | None) -> None:
        self._redis = redis
        self.value = new_seed()

    async def share(self) -> None:
        """Asks Redis once; keeps what it has when Redis is away."""
        if self._redis is None:
            return
        try:
            shared = await self._redis.share_seed(self.value)
        except RedisAway:
            return
        if shared != self.value:
            logger.info("took the seed that the other proxies use")
            self.value = shared

    async def run(self) -> None:
        """Shares until cancelled."""
        while True:
            await self.share()
            await asyncio.sleep(SHARE_EVERY_S)
