from collections.abc import AsyncIterator, Iterator

import pytest

from proxy.cache.link import RedisLink
from tests.support.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def link(redis_server) -> AsyncIterator[RedisLink]:
    link = RedisLink.at(redis_server.url, timeout_s=5.0)
    yield link
    await link.close()
