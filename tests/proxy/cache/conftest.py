from collections.abc import AsyncIterator

import pytest

from proxy.cache.link import RedisLink


@pytest.fixture
async def link(redis_server) -> AsyncIterator[RedisLink]:
    link = RedisLink.at(redis_server.url, timeout_s=5.0)
    yield link
    await link.close()
