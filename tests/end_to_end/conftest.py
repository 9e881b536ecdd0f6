"""The real parts: a TorchServe with a tiny network of the real kind, Redis servers, and proxies in front of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from model_serving.archive import Archive, build_archive
from tests.support.models import tiny_weights
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import RunningProxy, running_proxy
from tests.support.torchserve import TorchServe, ready_torchserve

StartProxy = Callable[..., RunningProxy]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("store")
    return build_archive("small", tiny_weights(folder / "tiny.safetensors"), folder)


@pytest.fixture(scope="session")
def backend(archive: Archive) -> Iterator[TorchServe]:
    with ready_torchserve(archive.path.parent, OMP_NUM_THREADS="1") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Shared, so never stopped by a test."""
    with _redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture(scope="session")
def proxy(backend: TorchServe, redis_server: RedisServer) -> Iterator[RunningProxy]:
    """One with the default settings."""
    with running_proxy(backend, redis_server.url) as proxy:
        yield proxy


@pytest.fixture
def start_proxy(backend: TorchServe, redis_server: RedisServer) -> Iterator[StartProxy]:
    """Starts one with settings of its own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_proxy(backend, redis_server.url, **settings))


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """One that the test may do to what it likes."""
    with _redis() as server:
        yield server


@contextmanager
def _redis() -> Iterator[RedisServer]:
    with TemporaryDirectory(dir="/tmp") as folder:  # short, for the path of its socket
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()
