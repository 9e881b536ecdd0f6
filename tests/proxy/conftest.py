from collections.abc import Iterator

import pytest
import redis

from tests.support.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def raw(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """Redis itself, past everything of ours."""
    with redis.Redis.from_url(redis_server.url) as client:
        yield client
