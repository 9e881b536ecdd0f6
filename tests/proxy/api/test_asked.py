"""One picture, sent in every way that there is."""

import hashlib
import io
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest
from PIL import Image as Pillow

from proxy.api.asked import MaskQuestion, merged
from proxy.errors import BadUpload
from proxy.fetching import Allowed, Fetcher, Guard
from tests.proxy.api.asgi import Caller, body
from tests.proxy.api.house import MAX_BYTES, House, house
from tests.proxy.fetching.servers import plainly, serving
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import DictCache, FakeBackend

CAT = file_of(corners(48, 32), "JPEG")
SKY = file_of(Pillow.new("RGB", (48, 32), "blue"), "PNG")
BASE64 = b64encode(CAT).decode()
DATA_URL = f"data:image/jpeg;base64,{BASE64}"
URL_ENCODED = "application/x-www-form-urlencoded"


def local() -> Fetcher:
    return Fetcher(Guard(Allowed.of(["127.0.0.1"])), max_bytes=MAX_BYTES, patience_s=10)


@asynccontextmanager
async def sent_everywhere(backend: FakeBackend | None = None) -> AsyncIterator[tuple[House, str]]:
    """A house, and where a web server has the picture."""
    async with serving(plainly(CAT)) as web, house(backend, fetcher=local()) as it:
        yield it, f"http://127.0.0.1:{web.port}/cat.jpg"


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_one_picture_is_one_inference_in_whatever_way_it_comes():
    backend = FakeBackend()
    async with sent_everywhere(backend) as (it, url):
        post = it.client.post
        answers = [
            await post("/v1/mask", content=CAT, headers={"Content-Type": "image/jpeg"}),
            await post("/v1/mask", files={"image": CAT}),
            await post("/v1/mask", files={"image_url": (None, url)}),
            await post("/v1/mask", data={"image": BASE64}),
            await post("/v1/mask", data={"image_url": url}),
            await post("/v1/mask", json={"image": BASE64}),
            await post("/v1/mask", json={"image": DATA_URL}),
            await post("/v1/mask", json={"image_url": url}),
            await post("/v1/mask", params={"image_url": url}),
            await post("/v1/mask", params={"image_url": url}, headers={"Content-Type": "image/jpeg"}),
            await post("/v1/mask", params={"image_url": url}, json={}),
        ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert {answer.headers["ETag"] for answer in answers} == {answers[0].headers["ETag"]}
    assert {answer.headers["X-Image-Digest"] for answer in answers} == {hashlib.sha256(CAT).hexdigest()}
    assert backend.images == [CAT]


async def test_the_time_of_a_download_is_told_apart():
    async with sent_everywhere() as (it, url):
        answer = await it.client.post("/v1/mask", params={"image_url": url})
    assert answer.headers["Server-Timing"].startswith("read;dur=")
    assert ", fetch;dur=" in answer.headers["Server-Timing"]


@pytest.mark.parametrize(
    "ways",
    [
        {"data": {"size": "model"}, "files": {"image": CAT}},
        {"data": {"size": "model", "image": BASE64}},
        {"json": {"size": "model", "image": BASE64}},
        {"params": {"size": "model"}, "json": {"image": BASE64}},
        {"params": {"size": "model"}, "json": {"image": BASE64, "size": "model"}},
    ],
    ids=["form", "URL-encoded", "JSON", "query", "both"],
)
async def test_options_may_be_said_in_every_way_too(ways: dict):
    async with house() as it:
        wanted = await it.client.post("/v1/mask?size=model", content=CAT, headers={"Content-Type": "image/jpeg"})
        answer = await it.client.post("/v1/mask", **ways)
    assert answer.headers["ETag"] == wanted.headers["ETag"]


async def test_options_after_the_image_count_too():
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + CAT + b"\r\n"
        b'--edge\r\nContent-Disposition: form-data; name="size"\r\n\r\nhuge\r\n--edge--\r\n'
    )
    async with house() as it:
        answer = await it.client.post(
            "/v1/mask", content=form, headers={"Content-Type": "multipart/form-data; boundary=edge"}
        )
    assert answer.status_code == 422
    assert "body.size" in answer.json()["detail"]


@pytest.mark.parametrize("said", [{"colour": "red"}, {"size": "huge"}, {"background": BASE64}])
async def test_an_option_that_does_not_exist_is_refused_by_name(said: dict[str, str]):
    async with house() as it:
        answer = await it.client.post("/v1/mask", json={"image": BASE64} | said)
    assert answer.status_code == 422
    assert f"body.{next(iter(said))}" in answer.json()["detail"]


async def test_query_and_body_that_contradict_each_other_are_refused_by_name():
    async with house() as it:
        answer = await it.client.post("/v1/mask?size=model", json={"image": BASE64, "size": "image"})
    assert kind(answer) == (400, "bad-upload")
    assert "`size` is `model` in the query and `image` in the body" in answer.json()["detail"]


def test_what_is_said_twice_in_other_words_is_no_contradiction():
    assert merged(MaskQuestion, {"largest": "1", "grow": "2"}, {"largest": "true", "grow": "2"}).largest
    with pytest.raises(BadUpload, match="`grow`"):
        merged(MaskQuestion, {"grow": "2"}, {"grow": "3"})


@pytest.mark.parametrize(
    ("params", "ways"),
    [
        ({}, {"data": {"image_url": "http://127.0.0.1:9/"}, "files": {"image": CAT}}),
        ({}, {"json": {"image": BASE64, "image_url": "http://127.0.0.1:9/"}}),
        ({"image_url": "http://127.0.0.1:9/"}, {"json": {"image": BASE64}}),
        ({"image_url": "http://127.0.0.1:9/"}, {"content": CAT, "headers": {"Content-Type": "image/jpeg"}}),
        ({"image_url": "http://127.0.0.1:9/"}, {"json": {"image_url": "http://127.0.0.1:8/"}}),
    ],
)
async def test_two_pictures_are_one_too_many(params: dict[str, str], ways: dict):
    backend = FakeBackend()
    async with house(backend) as it:
        assert kind(await it.client.post("/v1/mask", params=params, **ways)) == (400, "bad-upload")
    assert backend.calls == 0


@pytest.mark.parametrize(
    "ways",
    [{"json": {}}, {"json": {"image": ""}}, {"data": {"size": "model"}}, {"files": {"image": b""}}],
    ids=["JSON", "an empty text", "a form", "an empty file"],
)
async def test_no_picture_at_all_is_refused_with_the_ways_that_there_are(ways: dict):
    async with house() as it:
        answer = await it.client.post("/v1/mask", **ways)
    assert kind(answer) == (400, "empty-upload")
    assert "`image_url`" in answer.json()["detail"]


@pytest.mark.parametrize("text", ["no base64!", "data:image/png;base64,%%%"])
async def test_a_picture_that_is_no_base64_is_refused(text: str):
    async with house() as it:
        assert kind(await it.client.post("/v1/mask", json={"image": text})) == (400, "bad-upload")


async def test_a_picture_in_base64_may_be_as_large_as_a_file_and_no_larger():
    async with house() as it:
        sizes = (MAX_BYTES, MAX_BYTES + 1)
        answers = [
            await it.client.post("/v1/mask", json={"image": b64encode(CAT.ljust(size, b"\0")).decode()})
            for size in sizes
        ]
    assert [answer.status_code for answer in answers] == [200, 413]


@pytest.mark.parametrize(
    ("url", "status", "problem"),
    [
        ("file:///etc/passwd", 400, "bad-url"),
        ("http://127.0.0.2/", 422, "refused-address"),
        ("http://2130706433/", 422, "refused-address"),
        ("http://127.0.0.1:9/", 502, "download-failed"),
    ],
)
async def test_an_address_that_leads_nowhere_good_is_a_problem_with_its_reason(url: str, status: int, problem: str):
    backend, cache = FakeBackend(), DictCache()
    async with house(backend, cache, fetcher=local()) as it:
        answers = [
            await it.client.post("/v1/mask", json={"image_url": url}),
            await it.client.post("/v1/cutout", json={"image": BASE64, "background_url": url}),
        ]
    assert [kind(answer) for answer in answers] == [(status, problem)] * 2
    assert (backend.calls, cache.entries) == (0, {})


async def test_a_download_that_is_no_picture_is_what_an_upload_would_be():
    async with serving(plainly(b"<html>")) as web, house(fetcher=local()) as it:
        answer = await it.client.post("/v1/mask", json={"image_url": f"http://127.0.0.1:{web.port}/"})
    assert kind(answer) == (422, "bad-image")


async def test_a_caller_who_leaves_ends_the_download():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n", drip=b"x", pause_s=0.01) as web, house(fetcher=local()) as it:
        said = json.dumps({"image_url": f"http://127.0.0.1:{web.port}/"}).encode()
        caller = Caller("/v1/mask", body(said), {"Content-Type": "application/json"})
        caller.leave()
        await caller.call(it.app)
    assert caller.status == 499


def picture_of(answer: httpx.Response) -> Pillow.Image:
    assert answer.status_code == 200, answer.text
    return Pillow.open(io.BytesIO(answer.content)).convert("RGB")


async def test_a_background_may_be_a_file_a_text_or_an_address():
    ways: list[dict] = [
        {"files": {"image": CAT, "background": SKY}},
        {"json": {"image": BASE64, "background": b64encode(SKY).decode()}},
    ]
    async with serving(plainly(SKY)) as web, house(FakeBackend(), fetcher=local()) as it:
        url = f"http://127.0.0.1:{web.port}/sky.png"
        raw = {"content": CAT, "headers": {"Content-Type": "image/jpeg"}, "params": {"background_url": url}}
        answers = [
            await it.client.post("/v1/cutout", **way)
            for way in [*ways, {"json": {"image": BASE64, "background_url": url}}, raw]
        ]
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert {picture_of(answer).tobytes() for answer in answers} == {picture_of(answers[0]).tobytes()}


async def test_two_backgrounds_are_one_too_many():
    async with house() as it:
        picture = {"image": BASE64, "background": b64encode(SKY).decode()}
        answers = [
            await it.client.post("/v1/cutout", json=picture | {"bg_color": "red"}),
            await it.client.post("/v1/cutout", json=picture | {"background_url": "http://127.0.0.1:9/"}),
        ]
    assert [kind(answer) for answer in answers] == [(400, "bad-upload")] * 2


async def test_a_url_encoded_plus_survives():
    async with house() as it:
        form = urlencode({"image": BASE64}).encode()
        answer = await it.client.post("/v1/mask", content=form, headers={"Content-Type": URL_ENCODED})
    assert answer.status_code == 200


@pytest.mark.parametrize("door", ["mask", "cutout", "batch"])
@pytest.mark.parametrize(
    "said", [b'{"\\ud800": []}', b'{"image": "\\ud800"}', b'{"\xff": 1}', b"[" * 9999, b"NaN", b""]
)
async def test_json_that_is_none_is_refused(door: str, said: bytes):
    async with house() as it:
        answer = await it.client.post(f"/v1/{door}", content=said, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
