"""Whatever Redis does, every request gets its own mask."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

import httpx
import pytest
import redis
from PIL import Image as Pillow

from proxy.app import build_app
from proxy.settings import Settings
from tests.support.redis_server import RedisServer
from tests.support.relay import Relay

MODEL = [
    {
        "modelName": "inspyrenet",
        "modelVersion": "small-00000000",
        "batchSize": 8,
        "workers": [{"status": "READY"}],
    }
]
PICTURES, REQUESTS, AT_ONCE = 12, 60, 6


def picture(number: int) -> bytes:
    file = io.BytesIO()
    noise = random.Random(number).randbytes(8 * 8 * 3)
    Pillow.frombytes("RGB", (8, 8), noise).save(file, "PNG")
    return file.getvalue()


def level_of(image: bytes) -> int:
    """The grey that the model answers this image with: no two of the pictures here share one."""
    return blake2b(image, digest_size=1).digest()[0]


class Model:
    """A model server whose masks tell which image they are of."""

    def __init__(self) -> None:
        self.inferences = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=MODEL)
        self.inferences += 1
        mask = io.BytesIO()
        Pillow.new("L", (8, 8), level_of(await request.aread())).save(mask, "PNG")
        headers = {"x-mask-confidence": "1", "x-model-version": "small-00000000"}
        return httpx.Response(200, content=mask.getvalue(), headers=headers)


class Client:
    def __init__(self, client: httpx.AsyncClient, model: Model) -> None:
        self._client = client
        self.model = model

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
    model = Model()
    app = build_app(Settings(redis_url=redis_url, memory_bytes=0), transport=httpx.MockTransport(model))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://rematte", timeout=60) as client:
            yield Client(client, model)


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def raw(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def test_no_two_of_the_pictures_share_a_grey():
    assert len({level_of(picture(number)) for number in range(PICTURES)}) == PICTURES


async def test_a_healthy_redis_saves_inferences(redis_server):
    async with proxy(redis_server.url) as client:
        await client.recovers()
        await client.storm()
        assert client.model.inferences < REQUESTS


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
