"""Cache poisoning: an attacker sends a file of his own that has another file's unseeded XXH3-128 and length."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import blake2b

import httpx
import redis
import xxhash
from blake3 import blake3
from PIL import Image as Pillow

from proxy.cache.entry import seal, unseal
from proxy.cache.redis import ENTRIES, PREFIX, SEED_KEY
from proxy.core.types import Key
from proxy.settings import Settings
from tests.support.fake_torchserve import FakeTorchServe, open_house
from tests.support.fakes import grey_png
from tests.support.forged import forged_pair
from tests.support.redis_server import RedisServer
from tests.support.scrape import Scrape

VICTIM, FORGED = forged_pair(grey_png(40, 30, level=50), grey_png(30, 40, level=200))
UNSEEDED, SECRET = 0, 0x5EED


def level_of(image: bytes) -> int:
    """The grey that the model answers this image with."""
    return blake2b(image, digest_size=1).digest()[0]


def mask_of(image: bytes) -> bytes:
    return grey_png(4, 3, level_of(image))


class Client:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def level(self, image: bytes) -> int:
        """Of the mask that is served for the image."""
        answer = await self._client.post("/v1/mask", content=image, headers={"content-type": "image/png"})
        assert answer.status_code == 200, answer.text
        darkest, lightest = Pillow.open(io.BytesIO(answer.content)).getextrema()
        assert darkest == lightest
        return int(lightest)

    async def verify_failures(self) -> float:
        return Scrape((await self._client.get("/metrics")).text)["rematte_verify_failures_total"]


@asynccontextmanager
async def proxy(redis_url: str, memory_bytes: int = 0) -> AsyncIterator[Client]:
    """By default without the memory tier; what it keeps is in Redis when it is closed."""
    settings = Settings(
        redis_url=redis_url, memory_bytes=memory_bytes, race_head_start_ms=60_000, redis_timeout_ms=60_000
    )
    async with open_house(FakeTorchServe(mask_of), settings) as (_, client):
        yield Client(client)


async def has_mask_kept(redis_server: RedisServer, image: bytes) -> None:
    async with proxy(redis_server.url) as client:
        await client.level(image)


def believe_without_proof(raw: redis.Redis, image: bytes) -> None:
    """What is kept is taken for the image's own by whoever asks with its key: no proof is left that could refuse."""
    for name in raw.keys(ENTRIES):
        key = Key(name.decode().removeprefix(PREFIX))
        entry = unseal(key, raw.get(name))
        raw.set(name, seal(key, replace(entry, blake3=blake3(image).digest())))


def test_the_pair_is_two_pictures_with_one_length_and_one_unseeded_hash():
    assert len(VICTIM) == len(FORGED)
    assert xxhash.xxh3_128_digest(VICTIM) == xxhash.xxh3_128_digest(FORGED)
    assert xxhash.xxh3_128_digest(VICTIM, SECRET) != xxhash.xxh3_128_digest(FORGED, SECRET)
    assert [Pillow.open(io.BytesIO(file)).size for file in (VICTIM, FORGED)] == [(40, 30), (30, 40)]
    assert level_of(VICTIM) != level_of(FORGED)


async def test_the_pair_gets_two_masks(redis_server):
    await has_mask_kept(redis_server, VICTIM)
    async with proxy(redis_server.url) as client:
        assert [await client.level(image) for image in (VICTIM, FORGED)] == [level_of(VICTIM), level_of(FORGED)]
        assert await client.verify_failures() == 0


async def test_the_proof_alone_keeps_them_apart(redis_server, raw):
    raw.set(SEED_KEY, UNSEEDED)
    await has_mask_kept(redis_server, VICTIM)
    async with proxy(redis_server.url) as client:
        assert await client.level(FORGED) == level_of(FORGED)
        assert await client.verify_failures() >= 1


async def test_the_proof_alone_keeps_them_apart_in_memory_too(redis_server, raw):
    raw.set(SEED_KEY, UNSEEDED)
    async with proxy(redis_server.url, memory_bytes=10**6) as client:
        assert [await client.level(image) for image in (VICTIM, FORGED)] == [level_of(VICTIM), level_of(FORGED)]
        assert await client.verify_failures() >= 1


async def test_the_proof_alone_keeps_them_apart_in_the_air(redis_server, raw):
    raw.set(SEED_KEY, UNSEEDED)
    async with proxy(redis_server.url) as client:
        levels = await asyncio.gather(client.level(VICTIM), client.level(FORGED))
    assert levels == [level_of(VICTIM), level_of(FORGED)]


async def test_the_seed_alone_keeps_them_apart(redis_server, raw):
    raw.set(SEED_KEY, SECRET)
    await has_mask_kept(redis_server, VICTIM)
    believe_without_proof(raw, FORGED)
    async with proxy(redis_server.url) as client:
        assert await client.level(FORGED) == level_of(FORGED)


async def test_without_seed_and_proof_one_would_get_the_others_mask(redis_server, raw):
    """So the tests above can fail."""
    raw.set(SEED_KEY, UNSEEDED)
    await has_mask_kept(redis_server, VICTIM)
    believe_without_proof(raw, FORGED)
    async with proxy(redis_server.url) as client:
        assert await client.level(FORGED) == level_of(VICTIM)
