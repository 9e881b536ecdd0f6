"""A replica whose model hangs keeps its own callers waiting, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import redis

from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fake_torchserve import FakeTorchServe, open_house

TYPE = {"content-type": "image/png"}


@asynccontextmanager
async def replica(redis_url: str, torchserve: FakeTorchServe) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(redis_url=redis_url, redis_timeout_ms=5000, race_head_start_ms=5000)
    async with open_house(torchserve, settings) as (_, client):
        yield client


def ask(client: httpx.AsyncClient, picture: bytes) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(client.post("/v1/mask", content=picture, headers=TYPE))


async def test_another_replica_makes_the_mask_that_a_hanging_one_does_not_bring(redis_server):
    quick, slow = file_of(corners(40, 30)), file_of(corners(30, 40))
    torchserve = FakeTorchServe()
    async with replica(redis_server.url, torchserve) as hangs, replica(redis_server.url, FakeTorchServe()) as works:
        assert (await ask(hangs, quick)).status_code == 200  # so it knows how long a mask takes
        torchserve.gate.clear()
        late = ask(hangs, slow)
        with redis.Redis.from_url(redis_server.url) as raw:
            async with asyncio.timeout(10):
                while not raw.keys("rematte:lease:*"):
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            assert (await ask(works, slow)).status_code == 200
        assert not late.done()
        torchserve.gate.set()
        assert (await late).status_code == 200
