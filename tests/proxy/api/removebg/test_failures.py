import asyncio
from dataclasses import replace

import pytest

from proxy.api.doors import openapi
from proxy.api.removebg.errors import TITLES
from proxy.errors import (
    BackendAway,
    BackendError,
    BadImage,
    RematteError,
)
from tests.proxy.api.asgi import Caller, body
from tests.proxy.api.house import MAX_BYTES, house
from tests.proxy.api.removebg.asking import (
    CAT,
    DOOR,
    Fetcher,
    backend,
    code_of,
    send,
    subject,
)
from tests.proxy.imaging.pictures import png_header
from tests.support.fakes import FakeBackend


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


class Endless(Fetcher):
    """Has begun, and never ends."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.begun = asyncio.Event()

    async def fetch(self, url: str) -> bytes:
        self.begun.set()
        await asyncio.Event().wait()
        return b""


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


async def test_every_code_is_documented():
    told = openapi()["paths"][DOOR]["post"]["responses"]["400"]["description"]
    assert all(f"`{code}`" in told for code in TITLES)
