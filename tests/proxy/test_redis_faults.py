"""Whatever Redis does, every request gets its own mask."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

import httpx
import pytest
from PIL import Image as Pillow

from proxy.settings import Settings
from tests.support.fake_torchserve import FakeTorchServe, open_house
from tests.support.fakes import grey_png
from tests.support.relay import Relay

PICTURES, REQUESTS, AT_ONCE = 12, 60, 6


def picture(number: int) -> bytes:
    file = io.BytesIO()
    noise = random.Random(number).randbytes(8 * 8 * 3)
    Pillow.frombytes("RGB", (8, 8), noise).save(file, "PNG")
    return file.getvalue()


def level_of(image: bytes) -> int:
    """The grey that the model answers this image with: no two of the pictures here share one."""
    return blake2b(image, digest_size=1).digest()[0]


def mask_of(image: bytes) -> bytes:
    """It tells which image it is of."""
    return grey_png(8, 8, level_of(image))


class Client:
    def __init__(self, client: httpx.AsyncClient, torchserve: FakeTorchServe) -> None:
        self._client = client
        self._torchserve = torchserve

    @property
    def inferences(self) -> int:
        return len(self._torchserve.requests)

    async def mask(self, image: bytes) -> httpx.Response:
        answer = await self._client.post("/v1/mask", content=image, headers={"content-type": "image/png"})
        assert answer.status_code == 200, answer.text
        mask = Pillow.open(io.BytesIO(answer.content))
        assert mask.getextrema() == (level_of(image), level_of(image))
        return answer

    async def storm(self) -> None:
        """Every answer is right."""
        trace = [picture(number % PICTURES) for number in range(REQUESTS)]
        random.Random(1).shuffle(trace)
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(image: bytes) -> None:
            async with turns:
                await self.mask(image)

        async with asyncio.timeout(60):
            await asyncio.gather(*map(one, trace))

    async def recovers(self) -> None:
        """A known picture comes from Redis again."""
        async with asyncio.timeout(60):
            while "hit" not in (await self.mask(picture(0))).headers["cache-status"]:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def proxy(redis_url: str) -> AsyncIterator[Client]:
    """Without the memory tier, so that every request asks Redis."""
    torchserve = FakeTorchServe(mask_of, batch_size=8)
    async with open_house(torchserve, Settings(redis_url=redis_url, memory_bytes=0)) as (_app, client):
        yield Client(client, torchserve)


def test_no_two_of_the_pictures_share_a_grey():
    assert len({level_of(picture(number)) for number in range(PICTURES)}) == PICTURES


async def test_a_healthy_redis_saves_inferences(redis_server):
    async with proxy(redis_server.url) as client:
        await client.recovers()
        await client.storm()
        assert client.inferences < REQUESTS


@pytest.mark.parametrize("fault", ["late", "truncated", "damaged", "out of order", "loading", "nonsense"])
async def test_replies_that_are_not_what_they_should_be_harm_nobody(redis_server, fault: str):
    async with Relay(redis_server.url.removeprefix("unix://")).open() as relay, proxy(relay.url) as client:
        await client.recovers()
        relay.fault = fault
        await client.storm()
        relay.fault = None
        await client.recovers()


async def test_one_that_is_frozen_and_thawed(redis_server):
    async with proxy(redis_server.url) as client:
        await client.recovers()
        redis_server.freeze()
        await client.storm()
        redis_server.thaw()
        await client.recovers()


async def test_one_that_is_killed_and_started_again(redis_server):
    async with proxy(redis_server.url) as client:
        await client.recovers()
        redis_server.kill()
        await client.storm()
        redis_server.start()
        await client.recovers()


async def test_one_that_was_never_there(tmp_path):
    async with proxy(f"unix://{tmp_path}/nothing.sock") as client:
        await client.storm()


async def test_one_that_is_full(redis_server, raw):
    async with proxy(redis_server.url) as client:
        raw.config_set("maxmemory", "1")
        await client.storm()
        raw.config_set("maxmemory", "0")
        await client.recovers()


async def test_one_that_may_only_be_read(redis_server, raw):
    async with proxy(redis_server.url) as client:
        await client.recovers()
        raw.replicaof("127.0.0.1", "1")
        await client.storm()
        raw.replicaof("NO", "ONE")
        await client.recovers()


async def test_one_that_wants_a_password_that_we_do_not_have(redis_server, raw):
    async with proxy(redis_server.url) as client:
        raw.config_set("requirepass", "secret")
        raw.client_kill_filter(_type="normal", skipme=True)
        await client.storm()
        raw.config_set("requirepass", "")
        await client.recovers()
