"""A replica whose model hangs keeps its own callers waiting, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import redis

from proxy.app import build_app
from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import grey_png
from tests.support.redis_server import RedisServer

TYPE = {"content-type": "image/png"}
HEADERS = TYPE | {"x-mask-confidence": "0.75", "x-model-version": "small-1"}
DESCRIPTION = {"modelName": "inspyrenet", "modelVersion": "small-1", "batchSize": 1, "workers": [{"status": "READY"}]}


class Model:
    """Answers while its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[DESCRIPTION])
        await self.gate.wait()
        return httpx.Response(200, content=grey_png(), headers=HEADERS)


@asynccontextmanager
async def replica(redis_url: str, model: Model) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(redis_url=redis_url, redis_timeout_ms=5000, race_head_start_ms=5000)
    app = build_app(settings, transport=httpx.MockTransport(model))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://it") as client:
        yield client


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def ask(client: httpx.AsyncClient, picture: bytes) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(client.post("/v1/mask", content=picture, headers=TYPE))


async def test_another_replica_makes_the_mask_that_a_hanging_one_does_not_bring(redis_server):
    quick, slow = file_of(corners(40, 30)), file_of(corners(30, 40))
    model = Model()
    async with replica(redis_server.url, model) as hangs, replica(redis_server.url, Model()) as works:
        assert (await ask(hangs, quick)).status_code == 200  # so it knows how long a mask takes
        model.gate.clear()
        late = ask(hangs, slow)
        with redis.Redis.from_url(redis_server.url) as raw:
            async with asyncio.timeout(10):
                while not raw.keys("rematte:lease:*"):
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            assert (await ask(works, slow)).status_code == 200
        assert not late.done()
        model.gate.set()
        assert (await late).status_code == 200
