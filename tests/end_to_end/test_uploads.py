"""What is no image gets a problem that says so, and leaves nothing behind."""

import struct
import zlib
from collections.abc import Iterator

import httpx
import pytest
import redis

from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.pictures import picture
from tests.support.running_proxy import RunningProxy, served_from

MIB = 1024 * 1024
LIMIT = 32 * MIB
ENTRIES_PER_IMAGE = 2
"""Its mask and its finished answer."""


def png(width: int, height: int) -> bytes:
    """A PNG that declares its size and has hardly a pixel of it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


BAD_BODIES = {
    "empty": (b"", 400, "empty-upload"),
    "truncated JPEG": (picture(640, 480)[:4000], 422, "bad-image"),
    "text": (b"This is no picture.\n" * 50, 422, "bad-image"),
    "no pixels": (png(0, 100), 422, "bad-image"),
    "pixel bomb": (png(60_000, 60_000), 422, "too-many-pixels"),
    "20 MiB over the limit": (bytes(LIMIT + 20 * MIB), 413, "upload-too-large"),
}


@pytest.fixture
def nothing_cached(proxy: RunningProxy, redis_client: redis.Redis) -> Iterator[None]:
    """Redis is written to in the background and in order: a good image at the end shows that nothing is on its way."""
    before = entries(redis_client)
    yield
    proxy.mask(new_image())
    eventually(lambda: entries(redis_client) >= before + ENTRIES_PER_IMAGE)
    assert entries(redis_client) == before + ENTRIES_PER_IMAGE


def entries(redis_client: redis.Redis) -> int:
    """Without their aliases, of which some come late."""
    return sum(1 for _ in redis_client.scan_iter("rematte:" + "?" * 32))


@pytest.mark.usefixtures("nothing_cached")
@pytest.mark.parametrize(("body", "status", "kind"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_bytes_are_a_problem_each_time_they_come(proxy: RunningProxy, body: bytes, status: int, kind: str):
    for _ in range(2):
        _assert_problem(proxy.mask(body), status, kind)
    _assert_problem(proxy.cutout(body), status, kind)


@pytest.mark.usefixtures("nothing_cached")
def test_another_media_type_is_refused_whatever_the_bytes(proxy: RunningProxy):
    _assert_problem(proxy.mask(new_image(), **{"content-type": "text/plain"}), 415, "unsupported-upload")


@pytest.mark.usefixtures("nothing_cached")
def test_a_body_that_does_not_say_its_length_is_refused_when_it_is_too_long(proxy: RunningProxy):
    chunks = (bytes(MIB) for _ in range(52))
    answer = proxy.client.post("/v1/mask", content=chunks, headers={"content-type": "image/jpeg"})
    _assert_problem(answer, 413, "upload-too-large")


def test_a_form_serves_as_well_as_a_raw_body(proxy: RunningProxy):
    image = new_image()
    raw = proxy.mask(image)
    form = proxy.client.post("/v1/mask", files={"image": ("cat.jpg", image, "image/jpeg")})
    assert served_from(form) == "memory"
    assert form.content == raw.content


def _assert_problem(answer: httpx.Response, status: int, kind: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == (f"/problems/{kind}", status)
    assert problem["detail"]
