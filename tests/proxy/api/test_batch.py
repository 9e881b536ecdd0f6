"""Many pictures in one request."""

import asyncio
import io
import json
import zipfile
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import httpx
import pytest
from PIL import Image as Pillow
from starlette.types import Message

from proxy.api.keys import Keys
from proxy.api.service import BatchLimits
from proxy.core.fingerprint import Image
from proxy.fetching import Allowed, Fetcher, Guard
from tests.proxy.api.asgi import Caller, body
from tests.proxy.api.house import MAX_BYTES, House, house
from tests.proxy.fetching.servers import plainly, serving
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import DictCache, FakeBackend

CAT = file_of(corners(48, 32), "JPEG")
DOG = file_of(corners(20, 20), "PNG")
TEXT = b"hello, I am no picture"


def local() -> Fetcher:
    return Fetcher(Guard(Allowed.of(["127.0.0.1"])), max_bytes=MAX_BYTES, patience_s=10)


def files(*pictures: tuple[str, bytes]) -> list[tuple[str, Any]]:
    return [("image", picture) for picture in pictures]


async def send(it: House, *pictures: tuple[str, bytes], **ways: Any) -> httpx.Response:
    return await it.client.post("/v1/batch", files=files(*pictures), **ways)


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    """In the order of the request."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return sorted((json.loads(line) for line in answer.text.splitlines()), key=lambda line: line["index"])


def statuses(answer: httpx.Response) -> list[int]:
    return [line["status"] for line in lines(answer)]


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_each_picture_is_answered_as_it_would_be_alone():
    async with house() as it:
        alone = [
            await it.client.post("/v1/mask?size=model", content=picture, headers={"Content-Type": "image/png"})
            for picture in (CAT, DOG)
        ]
        told = lines(await send(it, ("cat.jpg", CAT), ("dog.png", DOG), params={"size": "model"}))
    assert [line["name"] for line in told] == ["cat.jpg", "dog.png"]
    assert [b64decode(line["data"]) for line in told] == [answer.content for answer in alone]
    assert [line["digest"] for line in told] == [sha256(picture).hexdigest() for picture in (CAT, DOG)]
    assert {line["media_type"] for line in told} == {"image/png"}
    assert all(line["cache_status"].startswith("rematte; hit") for line in told)


async def test_cutouts_are_made_with_their_own_options():
    async with house() as it:
        answer = await send(it, ("cat.jpg", CAT), data={"output": "cutout", "format": "jpeg"}, params={"crop": "false"})
    (line,) = lines(answer)
    assert line["media_type"] == "image/jpeg"
    assert Pillow.open(io.BytesIO(b64decode(line["data"]))).size == (48, 32)


async def test_a_json_list_holds_addresses_and_pictures():
    async with serving(plainly(CAT)) as web, house(fetcher=local()) as it:
        url = f"http://127.0.0.1:{web.port}/pets/cat.jpg?size=1"
        listed = [url, {"image_url": url, "name": "again"}, {"image": b64encode(DOG).decode(), "name": "dog"}]
        told = lines(await it.client.post("/v1/batch", json={"images": listed, "size": "model", "grow": 0}))
    assert [(line["name"], line["status"]) for line in told] == [("cat.jpg", 200), ("again", 200), ("dog", 200)]
    assert len(web.asked) == 1


async def test_a_form_holds_files_and_addresses():
    async with serving(plainly(DOG)) as web, house(fetcher=local()) as it:
        url = f"http://127.0.0.1:{web.port}/dog.png"
        told = lines(await send(it, ("cat.jpg", CAT), data={"image_url": [url, url]}))
    assert sorted((line["name"], line["status"]) for line in told) == [("cat.jpg", 200), *[("dog.png", 200)] * 2]


async def test_equal_pictures_are_worked_on_once_even_if_nothing_is_kept():
    backend = FakeBackend()
    async with house(backend) as it:
        answer = await send(
            it, *[(f"{number}.jpg", CAT) for number in range(20)], headers={"Cache-Control": "no-store"}
        )
    assert statuses(answer) == [200] * 20
    assert backend.calls == 1
    assert len({line["data"] for line in lines(answer)}) == 1


async def test_what_is_wrong_with_one_picture_is_told_in_its_place_and_harms_no_other():
    async with house(fetcher=local()) as it:
        pictures = [("cat.jpg", CAT), ("text", TEXT), ("empty", b""), ("large", bytes(MAX_BYTES + 1)), ("dog.png", DOG)]
        urls = ["http://127.0.0.2/", "http://127.0.0.1:9/", "file:///etc/passwd"]
        answer = await send(it, *pictures, data={"image_url": urls})
    told = {line["name"]: line["problem"]["type"] for line in lines(answer) if "problem" in line}
    assert sorted(statuses(answer)) == [200, 200, 400, 400, 413, 422, 422, 502]
    assert told["text"] == "/problems/bad-image"
    assert told["empty"] == "/problems/empty-upload"
    assert told["large"] == "/problems/upload-too-large"
    assert {"/problems/refused-address", "/problems/download-failed", "/problems/bad-url"} <= set(told.values())


@pytest.mark.parametrize(
    "entry",
    [7, None, [], {}, {"image": 7}, {"image": "!"}, {"image": ""}, {"image": "x", "image_url": "y"}, {"url": "y"}],
)
async def test_an_entry_that_is_no_picture_is_told_in_its_place(entry: object):
    async with house() as it:
        listed = [entry, {"image": b64encode(CAT).decode()}]
        assert statuses(await it.client.post("/v1/batch", json={"images": listed})) == [400, 200]


class Reader(Caller):
    """A caller who reads what comes, as it comes."""

    def __init__(self, listed: list[dict[str, str]]) -> None:
        said = json.dumps({"images": listed}).encode()
        super().__init__("/v1/batch", body(said), {"Content-Type": "application/json"})
        self.came: list[bytes] = []

    async def _send(self, message: Message) -> None:
        await super()._send(message)
        self.came.append(message.get("body", b""))


async def test_answers_come_as_they_are_ready():
    cache, backend = DictCache(), FakeBackend(open=False)
    async with house(cache=cache) as it:
        await it.client.post("/v1/mask", content=DOG, headers={"Content-Type": "image/png"})
    async with house(backend, cache) as it, asyncio.timeout(30):
        reader = Reader([{"image": b64encode(picture).decode()} for picture in (CAT, DOG)])
        call = asyncio.create_task(reader.call(it.app))
        while not any(b'"index":1' in piece for piece in reader.came):
            await asyncio.sleep(0)
        assert not any(b'"index":0' in piece for piece in reader.came)
        backend.release()
        await call
    assert b'"index":0' in reader.came[-2]


async def test_a_zip_holds_a_file_for_each_picture_and_a_problem_for_each_that_failed():
    async with house() as it:
        pictures = [("../../my cat.jpg", CAT), ("text.png", TEXT), ("C:\\dog", DOG)]
        wanted = await it.client.post("/v1/mask", content=CAT, headers={"Content-Type": "image/jpeg"})
        asked = [
            await send(it, *pictures, data={"stream": "zip"}),
            await send(it, *pictures, headers={"Accept": "application/zip"}),
        ]
    for answer in asked:
        assert answer.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            assert file.testzip() is None
            assert sorted(file.namelist()) == ["0000-my_cat.png", "0001-text.problem.json", "0002-dog.png"]
            assert file.read("0000-my_cat.png") == wanted.content
            assert json.loads(file.read("0001-text.problem.json"))["type"] == "/problems/bad-image"


@pytest.mark.parametrize(
    ("ways", "status"),
    [
        ({"json": {"images": []}}, 400),
        ({"json": {"image": "x"}}, 400),
        ({"json": []}, 400),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": CAT, "headers": {"Content-Type": "image/jpeg"}}, 415),
        ({"data": {"size": "model"}}, 415),
        ({"json": {"images": ["x"], "size": "huge"}}, 422),
        ({"json": {"images": ["x"], "output": "video"}}, 422),
        ({"json": {"images": ["x"], "crop": True}}, 422),
        ({"json": {"images": ["x"], "size": {}}}, 400),
        ({"json": {"images": ["x"]}, "params": {"stream": "tar"}}, 422),
        ({"json": {"images": ["x"]}, "headers": {"Accept": "image/png"}}, 406),
        ({"json": {"images": ["x"], "size": "image"}, "params": {"size": "model"}}, 400),
        ({"json": {"images": ["x"] * 6}}, 413),
        ({"files": [("image", CAT)] * 6}, 413),
        ({"files": [("image", bytes(MAX_BYTES))] * 5}, 413),
        ({"files": [("note", bytes(70_000))]}, 413),
        ({"files": [("image_url", (None, b"\xff"))]}, 400),
    ],
)
async def test_what_is_wrong_with_the_whole_is_told_before_anything_is_done(ways: dict, status: int):
    backend = FakeBackend()
    async with house(backend, batch=BatchLimits(max_images=5, max_bytes=4 * MAX_BYTES)) as it:
        answer = await it.client.post("/v1/batch", **ways)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert backend.calls == 0


async def test_who_takes_no_stream_is_told_the_option_that_names_one():
    async with house() as it:
        answer = await it.client.post("/v1/batch", json={"images": ["x"]}, headers={"Accept": "application/json"})
    assert answer.json()["detail"].endswith("application/x-ndjson (`stream=ndjson`), application/zip (`stream=zip`).")


@pytest.mark.parametrize("picture", [b"\xff\xd8\xff", bytes(70_000)], ids=["short", "long"])
async def test_a_picture_in_a_field_of_another_name_is_told_where_it_belongs(picture: bytes):
    async with house() as it:
        answer = await it.client.post("/v1/batch", files=[("images", picture)])
    assert answer.json()["detail"].endswith("; if it is a picture, send it as `image`.")


async def test_a_batch_wants_a_key_too():
    async with house(keys=Keys(["sixteen-letters-1"])) as it:
        assert kind(await send(it, ("cat.jpg", CAT))) == (401, "unknown-key")
        assert statuses(await send(it, ("cat.jpg", CAT), headers={"X-API-Key": "sixteen-letters-1"})) == [200]


async def test_a_server_that_is_being_stopped_takes_no_batch():
    async with house() as it:
        it.drain.begin()
        assert kind(await send(it, ("cat.jpg", CAT))) == (503, "stopping")


async def test_a_surprise_is_one_pictures_problem(caplog: pytest.LogCaptureFixture):
    async def breaks(image: Image) -> tuple[int, int]:
        raise ZeroDivisionError

    async with house(measure=breaks) as it:
        assert statuses(await send(it, ("cat.jpg", CAT))) == [500]
    assert "ZeroDivisionError" in caplog.text


async def test_a_caller_who_leaves_stops_the_batch():
    backend = FakeBackend(open=False, window=1)
    listed = [{"image": b64encode(file_of(corners(20 + n, 20), "PNG")).decode()} for n in range(30)]
    async with house(backend) as it:
        caller = Reader(listed)
        call = asyncio.create_task(caller.call(it.app))
        async with asyncio.timeout(30):
            await backend.started.wait()
            while it.dispatch.waiting < 7:
                await asyncio.sleep(0)
            caller.leave()
            await call
            while it.dispatch.waiting:
                await asyncio.sleep(0)
        assert it.drain.is_empty
        backend.release()
        counted = (await it.client.get("/metrics")).text
    assert backend.calls == 1
    assert 'rematte_predictions_total{door="/v1/batch",status="499"} 8.0' in counted
    assert 'status="500"' not in counted


async def test_pictures_are_counted_like_any_others():
    async with house() as it:
        await send(it, ("cat.jpg", CAT), ("text", TEXT))
        counted = (await it.client.get("/metrics")).text
    assert 'rematte_predictions_total{door="/v1/batch",status="200"} 1.0' in counted
    assert 'rematte_predictions_total{door="/v1/batch",status="422"} 1.0' in counted
