import asyncio
import io
import zipfile
from base64 import b64decode, b64encode
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image as Pillow

from proxy.api.doors import openapi
from proxy.api.keys import Keys
from proxy.api.removebg.errors import TITLES
from proxy.errors import (
    BackendAway,
    BackendError,
    BadImage,
    BadUrl,
    DownloadFailed,
    RematteError,
    UploadTooLarge,
)
from tests.proxy.api.asgi import Caller, body
from tests.proxy.api.house import MAX_BYTES, House, house
from tests.proxy.imaging.pictures import corners, file_of, png_header
from tests.support.fakes import FakeBackend

DOOR = "/v1.0/removebg"
CAT = file_of(corners(80, 40), "PNG")
LARGE = file_of(corners(1000, 800), "JPEG")  # 0.8 megapixels
SKY = file_of(Pillow.new("RGB", (16, 16), "blue"), "PNG")
IN_JSON = {"Accept": "application/json"}
BOX = (10, 5, 30, 25)


def subject(size: tuple[int, int] = (80, 40), box: tuple[int, int, int, int] = BOX) -> bytes:
    """A mask of one rectangle."""
    mask = Pillow.new("L", size)
    mask.paste(255, box)
    return file_of(mask, "PNG")


def backend() -> FakeBackend:
    return FakeBackend(mask=subject())


async def send(it: House, picture: bytes = CAT, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    return await it.client.post(DOOR, files={"image_file": picture}, data=fields, headers=headers)


async def answered(picture: bytes = CAT, **fields: str) -> httpx.Response:
    async with house(backend()) as it:
        return await send(it, picture, **fields)


def picture_of(answer: httpx.Response) -> Pillow.Image:
    assert answer.status_code == 200, answer.text
    return Pillow.open(io.BytesIO(answer.content))


def code_of(answer: httpx.Response) -> str:
    """Of an error as remove.bg tells it."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (error,) = answer.json()["errors"]
    assert error["title"]
    return str(error.get("code", ""))


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"image_file": CAT}},
        {"data": {"image_file_b64": b64encode(CAT).decode()}},
        {"json": {"image_file_b64": b64encode(CAT).decode(), "crop": False}},
        {"files": {"size": (None, "auto")}, "data": {"image_file_b64": b64encode(CAT).decode()}},
    ],
    ids=["file in a form", "base64, URL-encoded", "base64 in JSON", "base64 in a form"],
)
async def test_an_image_comes_in_any_of_the_bodies(request_: dict[str, object]):
    back = backend()
    async with house(back) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert picture_of(answer).size == (80, 40)
    assert back.images == [CAT]


class Fetcher:
    """Gives the same bytes for every address, or fails."""

    def __init__(self, given: bytes | RematteError) -> None:
        self.asked: list[str] = []
        self._given = given

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if isinstance(self._given, RematteError):
            raise self._given
        return self._given


class Endless(Fetcher):
    """Has begun, and never ends."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.begun = asyncio.Event()

    async def fetch(self, url: str) -> bytes:
        self.begun.set()
        await asyncio.Event().wait()
        return b""


def fetching(app: FastAPI, given: bytes | RematteError) -> Fetcher:
    fetcher = Fetcher(given)
    app.state.service = replace(app.state.service, fetcher=fetcher)
    return fetcher


async def test_an_image_is_fetched_where_its_url_says():
    back = backend()
    async with house(back) as it:
        fetcher = fetching(it.app, CAT)
        answer = await it.client.post(DOOR, json={"image_url": "https://images.example/cat.png"})
    assert picture_of(answer).size == (80, 40)
    assert (fetcher.asked, back.images) == (["https://images.example/cat.png"], [CAT])


async def test_a_picture_from_a_url_lies_behind():
    async with house(backend()) as it:
        fetching(it.app, SKY)
        picture = picture_of(await send(it, bg_image_url="https://images.example/sky.png", format="png"))
    assert picture.convert("RGB").getpixel((79, 39)) == (0, 0, 255)


@pytest.mark.parametrize(
    ("field", "error", "code"),
    [
        ("image_url", BadUrl("No host."), "invalid_image_url"),
        ("image_url", DownloadFailed("HTTP Status 404"), "failed_image_download"),
        ("image_url", UploadTooLarge("Too large."), "file_too_large"),
        ("bg_image_url", BadUrl("No host."), "invalid_bg_image_url"),
        ("bg_image_url", DownloadFailed("HTTP Status 404"), "failed_bg_download"),
    ],
)
async def test_an_address_that_gives_no_picture_has_its_own_code(field: str, error: RematteError, code: str):
    files = {} if field == "image_url" else {"image_file": CAT}
    async with house(backend()) as it:
        fetching(it.app, error)
        answer = await it.client.post(DOOR, files=files, data={field: "https://images.example/cat.png"})
    assert (answer.status_code, code_of(answer)) == (400, code)


@pytest.mark.parametrize(("answered", "told"), [(404, "HTTP Status 404"), (None, "Nobody answers.")])
async def test_a_failed_download_is_told_in_the_title(answered: int | None, told: str):
    failure = DownloadFailed("Nobody answers.")
    failure.answered = answered
    async with house(backend()) as it:
        fetching(it.app, failure)
        answer = await it.client.post(DOOR, json={"image_url": "https://images.example/cat.png"})
    assert answer.json()["errors"][0]["title"] == f"Failed to download image from given image_url: {told}"


@pytest.mark.parametrize(
    ("fields", "kind", "mode"),
    [
        ({}, "PNG", "RGBA"),
        ({"format": "auto", "bg_color": "fff"}, "JPEG", "RGB"),
        ({"format": "png", "bg_color": "fff"}, "PNG", "RGB"),
        ({"format": "jpg"}, "JPEG", "RGB"),
        ({"format": "webp"}, "WEBP", "RGBA"),
        ({"channels": "alpha"}, "PNG", "L"),
        ({"channels": "alpha", "format": "jpg"}, "JPEG", "L"),
    ],
)
async def test_the_format_is_the_one_that_was_asked_for(fields: dict[str, str], kind: str, mode: str):
    answer = await answered(**fields)
    picture = picture_of(answer)
    assert (picture.format, picture.mode) == (kind, mode)
    assert answer.headers["Content-Type"] == f"image/{kind.lower()}"


async def test_a_zip_holds_colours_and_alpha():
    answer = await answered(format="zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        pictures = {name: Pillow.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    assert list(pictures) == ["color.jpg", "alpha.png"]
    assert [(picture.format, picture.mode, picture.size) for picture in pictures.values()] == [
        ("JPEG", "RGB", (80, 40)),
        ("PNG", "L", (80, 40)),
    ]


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (559, 447)),
        ({"size": "regular"}, (559, 447)),
        ({"size": "medium"}, (1000, 800)),
        ({"size": "auto"}, (1000, 800)),
    ],
)
async def test_the_answer_is_as_large_as_was_asked_for(fields: dict[str, str], size: tuple[int, int]):
    answer = await answered(LARGE, **fields)
    assert picture_of(answer).size == size
    assert (answer.headers["X-Width"], answer.headers["X-Height"]) == tuple(map(str, size))
    assert (answer.headers["X-Max-Width"], answer.headers["X-Max-Height"]) == ("1000", "800")


async def test_what_no_size_means_is_a_setting():
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, removebg_default_size="full")
        assert picture_of(await send(it, LARGE)).size == (1000, 800)
        assert picture_of(await send(it, LARGE, size="preview")).size == (559, 447)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"crop": "true"}, (20, 20)),
        ({"crop": "true", "crop_margin": "5px"}, (30, 30)),
        ({"crop": "true", "crop_margin": "10% 50%"}, (40, 24)),
        ({"crop": "true", "crop_margin": "1px 2px 3px 4px"}, (26, 24)),
        ({"crop": "false", "crop_margin": "5px"}, (80, 40)),
        ({"scale": "100%"}, (80, 40)),
    ],
)
async def test_a_crop_is_as_large_as_its_subject(fields: dict[str, str], size: tuple[int, int]):
    assert picture_of(await answered(**fields)).size == size


@pytest.mark.parametrize(
    ("fields", "box"),
    [
        ({}, BOX),
        ({"position": "original"}, BOX),
        ({"position": "center"}, (30, 10, 50, 30)),
        ({"position": "0%"}, (0, 0, 20, 20)),
        ({"position": "100% 0%"}, (60, 0, 80, 20)),
        ({"scale": "100%"}, (20, 0, 60, 40)),
        ({"scale": "50%", "position": "0% 100%"}, (0, 20, 20, 40)),
        ({"roi": "0% 0% 25% 100%"}, (10, 5, 20, 25)),
        ({"roi": "15px 10px 25px 20px"}, (15, 10, 25, 20)),
    ],
)
async def test_the_subject_lies_where_it_was_asked_for(fields: dict[str, str], box: tuple[int, int, int, int]):
    picture = picture_of(await answered(channels="alpha", **fields))
    assert picture.point(lambda level: 255 if level > 127 else 0).getbbox() == box


async def test_a_picture_in_a_file_lies_behind():
    async with house(backend()) as it:
        files = {"image_file": CAT, "bg_image_file": SKY}
        answer = await it.client.post(DOOR, files=files, data={"format": "png"})
    assert picture_of(answer).convert("RGB").getpixel((79, 39)) == (0, 0, 255)


async def test_an_empty_field_is_none():
    answer = await answered(bg_color="", size="", image_url="", scale="")
    assert picture_of(answer).mode == "RGBA"


async def test_json_holds_the_same_file_and_where_the_subject_is():
    async with house(backend()) as it:
        plain, told = await send(it), await send(it, headers=IN_JSON)
    assert told.headers["Content-Type"] == "application/json; charset=utf-8"
    data = told.json()["data"]
    assert b64decode(data.pop("result_b64")) == plain.content
    assert data == {"foreground_top": 5, "foreground_left": 10, "foreground_width": 20, "foreground_height": 20}
    assert told.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert "hit" in told.headers["Cache-Status"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "image/png"),
        ("image/png", "image/png"),
        ("application/json, text/plain, */*", "image/png"),  # axios, unasked
        ("application/json", "application/json; charset=utf-8"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
    ],
)
async def test_accept_decides_between_the_file_and_json(accept: str, media_type: str):
    async with house(backend()) as it:
        assert (await send(it, headers={"Accept": accept})).headers["Content-Type"] == media_type


async def test_headers_are_those_of_the_contract():
    headers = (await answered(type="person")).headers
    expected = {
        "X-Width": "80",
        "X-Height": "40",
        "X-Max-Width": "80",
        "X-Max-Height": "40",
        "X-Type": "person",
        "X-Foreground-Top": "5",
        "X-Foreground-Left": "10",
        "X-Foreground-Width": "20",
        "X-Foreground-Height": "20",
        "X-Credits-Charged": "0",
        "X-RateLimit-Limit": "500",
        "X-RateLimit-Remaining": "500",
        "Access-Control-Allow-Origin": "*",
    }
    assert {name: headers[name] for name in expected} == expected
    assert headers["X-RateLimit-Reset"].isdecimal()
    assert "Retry-After" not in headers


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "other"),
        ({"type": "product"}, "product"),
        ({"type": "graphic"}, "other"),
        ({"type": "graphic", "type_level": "2"}, "graphics"),
        ({"type": "transportation", "type_level": "latest"}, "transportation"),
        ({"type": "car", "type_level": "none"}, None),
    ],
)
async def test_the_type_is_the_callers_own_hint(fields: dict[str, str], told: str | None):
    assert (await answered(**fields)).headers.get("X-Type") == told


async def test_a_hit_tells_the_same_as_the_miss_before_it():
    async with house(backend()) as it:
        miss, hit = await send(it, size="hd"), await send(it, size="hd")
    assert "detail=rendered" in hit.headers["Cache-Status"]
    assert hit.content == miss.content
    volatile = {"cache-status", "server-timing", "x-request-id", "x-ratelimit-reset"}
    assert {k: v for k, v in hit.headers.items() if k not in volatile} == {
        k: v for k, v in miss.headers.items() if k not in volatile
    }


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"data": {"size": "full"}}, "missing_source"),
        ({"json": {}}, "missing_source"),
        ({"files": {"image_file": b""}}, "missing_source"),
        ({"content": CAT, "headers": {"Content-Type": "image/png"}}, "missing_source"),
        ({"files": {"image_file": CAT}, "data": {"image_url": "http://x.example"}}, "multiple_sources"),
        ({"data": {"image_file_b64": "aGk=", "image_url": "http://x.example"}}, "multiple_sources"),
        ({"files": {"image_file": CAT, "bg_image_file": CAT}, "data": {"bg_color": "f00"}}, "multiple_bg_sources"),
        ({"files": {"image_file": bytes(MAX_BYTES + 1)}}, "file_too_large"),
        ({"data": {"image_file_b64": "A" * 2 * MAX_BYTES}}, "file_too_large"),
        ({"data": {"image_file_b64": "no base64!"}}, "failed_to_read_image"),
        ({"files": {"image_file": b"a film, say"}}, "invalid_file_type"),
        ({"files": {"image_file": CAT[:30]}}, "failed_to_read_image"),
        ({"files": {"image_file": png_header(0, 7)}}, "invalid_dimensions"),
        ({"files": {"image_file": png_header(60_000, 60_000)}}, "resolution_too_high"),
        ({"files": {"image_file": CAT, "bg_image_file": b"no picture"}}, "failed_to_read_image"),
        ({"files": {"image_file": CAT}, "data": {"roi": "0 0 81px 10px"}}, "roi_exceeds_bounds"),
        ({"files": {"image_file": CAT}, "data": {"roi": "0 20px 10px 50%"}}, "roi_region_empty"),
        ({"files": {"image_file": CAT}, "data": {"roi": "60px 0px 80px 40px"}}, "unknown_foreground"),
        ({"files": {"image_file": CAT}, "data": {"size": "huge"}}, "invalid_size"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, ""),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, ""),
    ],
)
async def test_bad_input_is_a_400_with_the_contracts_code(request_: dict[str, object], code: str):
    async with house(backend()) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert (answer.status_code, code_of(answer)) == (400, code)


async def test_an_image_that_only_the_model_cannot_read_is_told_so():
    back = backend()
    async with house(back) as it:
        back.failure = BadImage("The image is damaged.")
        assert code_of(await send(it)) == "failed_to_read_image"


async def test_an_image_in_which_nothing_stands_out_has_no_foreground():
    async with house(FakeBackend(mask=subject(), confidence=0.1)) as it:
        assert code_of(await send(it)) == "unknown_foreground"
    async with house(FakeBackend(mask=subject(box=(0, 0, 0, 0)))) as it:
        assert code_of(await send(it)) == "unknown_foreground"
        counted = (await it.client.get("/metrics")).text
    assert 'rematte_predictions_total{door="/v1.0/removebg",status="400"} 1.0' in counted


@pytest.mark.parametrize(
    ("error", "status", "retry_after"), [(BackendAway("Down."), 503, "5"), (BackendError("Strange."), 502, None)]
)
async def test_a_server_that_fails_says_so_in_the_same_shape(error: RematteError, status: int, retry_after: str | None):
    back = backend()
    async with house(back) as it:
        back.failure = error
        answer = await send(it)
    assert (answer.status_code, code_of(answer)) == (status, "")
    assert answer.headers.get("Retry-After") == retry_after


async def test_whoever_waits_too_long_is_told_before_the_client_gives_up():
    async with house(FakeBackend(mask=subject(), open=False)) as it:
        it.app.state.service = replace(it.app.state.service, removebg_deadline_s=0.05)
        answer = await send(it)
        counted = (await it.client.get("/metrics")).text
    assert (answer.status_code, code_of(answer)) == (504, "")
    assert 'rematte_predictions_total{door="/v1.0/removebg",status="504"} 1.0' in counted


async def test_nothing_is_fetched_any_more_for_a_caller_who_has_left():
    sent = body(b'{"image_url": "https://images.example/cat.png"}')
    async with house() as it:
        fetcher = Endless()
        it.app.state.service = replace(it.app.state.service, fetcher=fetcher)
        caller = Caller(DOOR, sent, {"Content-Type": "application/json"})
        call = asyncio.create_task(caller.call(it.app))
        await fetcher.begun.wait()
        caller.leave()
        await call
        assert it.drain.is_empty
    assert caller.status == 499


async def test_whoever_asks_again_meanwhile_shares_the_flight():
    back = FakeBackend(mask=subject(), open=False)
    async with house(back) as it:
        first = asyncio.create_task(send(it))
        await back.started.wait()
        second = asyncio.create_task(send(it))
        await asyncio.sleep(0)
        back.release()
        assert {(await first).status_code, (await second).status_code} == {200}
    assert back.calls == 1


async def test_a_server_that_is_being_stopped_says_so_in_the_same_shape():
    async with house(backend()) as it:
        it.drain.begin()
        answer = await send(it)
    assert (answer.status_code, code_of(answer)) == (503, "")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", DOOR, 405), ("POST", "/v1.0/account", 405), ("GET", "/v1.0/nothing", 404)]
)
async def test_what_the_framework_refuses_has_the_same_shape(method: str, path: str, status: int):
    async with house() as it:
        answer = await it.client.request(method, path)
    assert (answer.status_code, code_of(answer)) == (status, "")


async def test_what_nobody_foresaw_has_the_same_shape():
    async with house() as it:
        it.app.state.service = replace(it.app.state.service, predictor=None)
        answer = await send(it)
    assert (answer.status_code, code_of(answer)) == (500, "")


async def test_the_account_is_never_empty():
    async with house() as it:
        answer = await it.client.get("/v1.0/account")
    attributes = answer.json()["data"]["attributes"]
    assert attributes["credits"].keys() == {"subscription", "payg", "enterprise", "total"}
    assert attributes["credits"]["total"] > 0
    assert attributes["api"] == {"free_calls": 0, "sizes": "all"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_an_improvement_is_thanked_for_and_forgotten():
    back = backend()
    async with house(back) as it:
        fields = {"image_filename": "cat.png", "tag": "cats"}
        answer = await it.client.post("/v1.0/improve", files={"image_file": CAT}, data=fields)
        nothing = await it.client.post("/v1.0/improve", data=fields)
    assert len(answer.json()["id"]) == 36
    assert code_of(nothing) == "missing_source"
    assert back.calls == 0


async def test_browsers_may_ask_from_any_page():
    async with house() as it:
        preflight = await it.client.options(DOOR, headers={"Origin": "https://shop.example"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "*" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, {"title": "Missing API Key"}),
        ({"X-API-Key": "wrong"}, {"title": "API Key invalid", "code": "auth_failed"}),
        ({"Authorization": "Bearer wrong"}, {"title": "API Key invalid", "code": "auth_failed"}),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", DOOR), ("GET", "/v1.0/account"), ("POST", "/v1.0/improve")])
async def test_a_wrong_key_is_a_403(method: str, path: str, headers: dict[str, str], told: dict[str, str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        answer = await it.client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"errors": [told]})


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "a key of this server"}, {"Authorization": "Bearer a key of this server"}]
)
async def test_a_key_of_this_server_opens_the_door(headers: dict[str, str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        assert (await send(it, headers=headers)).status_code == 200
        assert (await it.client.options(DOOR)).status_code == 204  # nobody has a key yet


async def test_any_key_opens_a_door_that_asks_for_none():
    async with house(backend()) as it:
        assert (await send(it, headers={"X-API-Key": "any"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "members"),
    [
        ("/api/remove", 401, {"detail"}),
        ("/v1/segment", 403, {"detail", "status_code", "type"}),
        ("/remove-background/v1", 401, {"error"}),
    ],
)
async def test_other_dialects_ask_for_keys_in_their_own_shape(path: str, status: int, members: set[str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        answer = await it.client.post(path, headers={"X-API-Key": "wrong"})
    assert (answer.status_code, answer.json().keys()) == (status, members)


async def test_the_headers_of_an_answer_are_the_documented_ones():
    documented = openapi()["paths"][DOOR]["post"]["responses"]["200"]["headers"]
    headers = (await answered()).headers
    assert set(headers) - {"content-type", "content-length"} == {name.lower() for name in documented}


async def test_every_code_is_documented():
    told = openapi()["paths"][DOOR]["post"]["responses"]["400"]["description"]
    assert all(f"`{code}`" in told for code in TITLES)
