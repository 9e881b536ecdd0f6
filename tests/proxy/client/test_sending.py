import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from proxy.client import MASKS, BadErrand, Door, Errand, Kind, Outcome, ServerAway, fetch, send_all
from tests.proxy.api.house import house
from tests.proxy.imaging.pictures import corners, file_of

PNG = b"\x89PNG mask"
Answer = Callable[[httpx.Request], httpx.Response]


def masked(status: str) -> httpx.Response:
    return httpx.Response(200, content=PNG, headers={"content-type": "image/png", "cache-status": status})


def problem(status: int, detail: str, **headers: str) -> httpx.Response:
    kind = {"content-type": "application/problem+json"}
    return httpx.Response(status, json={"detail": detail}, headers=kind | headers)


def errands(folder: Path, *names: str) -> list[Errand]:
    for name in names:
        (folder / f"{name}.jpg").write_bytes(name.encode())
    return [Errand(folder / f"{name}.jpg", folder / "out" / f"{name}.png") for name in names]


def unknown(_request: httpx.Request) -> httpx.Response:
    return problem(404, "Nothing is kept for this image.")


async def sent(work: Sequence[Errand], answer: Answer, at_once: int = 4, kept: Answer = unknown) -> list[Outcome]:
    """`answer` is the server's to uploads, `kept` to questions by digest."""
    told: list[Outcome] = []
    transport = httpx.MockTransport(lambda request: (kept if request.method == "GET" else answer)(request))
    async with httpx.AsyncClient(base_url="http://rematte:8000", transport=transport) as client:
        await send_all(work, Door(client, Kind("/v1/mask")), at_once, told.append)
    return told


async def test_the_answer_is_written_and_told(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.content) == ("/v1/mask", b"cat")
        return masked("rematte; fwd=miss; stored")

    (outcome,) = await sent(errands(tmp_path, "cat"), answer)
    assert (outcome.found, outcome.trouble) == ("miss", None)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cat.png"]
    assert (tmp_path / "out" / "cat.png").read_bytes() == PNG


async def test_what_the_server_has_is_not_uploaded(tmp_path):
    asked = []

    def kept(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return masked("rematte; hit; ttl=1800; detail=rendered")

    (outcome,) = await sent(errands(tmp_path, "cat"), lambda request: pytest.fail("uploaded"), kept=kept)
    assert outcome.found == "hit (rendered)"
    assert asked == [f"/v1/masks/{hashlib.sha256(b'cat').hexdigest()}"]


async def test_who_has_no_key_is_told_how_to_give_one(tmp_path):
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda request: problem(401, "Send a key in `X-API-Key`."))
    assert outcome.trouble == "the server asks for one of its keys: give it with --key, or as REMATTE_API_KEY."


async def test_masks_are_asked_for_small_and_scaled_here_as_the_server_would(tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(file_of(corners(), "JPEG", orientation=6))
    client_side, server_side = (Errand(photo, tmp_path / name / "photo.png") for name in ("here", "there"))
    async with house() as it:
        await Door(it.client, MASKS).send(client_side)
        await Door(it.client, Kind("/v1/mask")).send(server_side)
    assert client_side.target.read_bytes() == server_side.target.read_bytes()


async def test_of_what_is_no_picture_here_the_server_is_the_judge(tmp_path):
    (errand,) = errands(tmp_path, "cat")
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query)
        return masked("rematte; hit")

    async with httpx.AsyncClient(base_url="http://rematte:8000", transport=httpx.MockTransport(answer)) as client:
        outcome = await Door(client, MASKS).send(errand)
    assert (outcome.trouble, asked, errand.target.read_bytes()) == (None, [b""], PNG)


async def test_a_small_mask_that_is_none_is_told_and_not_written(tmp_path):
    (errand,) = errands(tmp_path, "cat")
    errand.source.write_bytes(file_of(corners()))
    transport = httpx.MockTransport(lambda _request: masked("rematte; hit"))
    async with httpx.AsyncClient(base_url="http://rematte:8000", transport=transport) as client:
        outcome = await Door(client, MASKS).send(errand)
    assert "no mask" in outcome.trouble
    assert not errand.target.exists()


@pytest.mark.parametrize("status", [404, 405, 422, 500, 503])
async def test_a_server_that_cannot_say_is_sent_the_picture(tmp_path, status):
    def kept(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status)

    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _: masked("rematte; fwd=miss"), kept=kept)
    assert (outcome.found, outcome.trouble) == ("miss", None)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("rematte; hit; ttl=1800; detail=memory", "hit (memory)"),
        ("rematte; hit; ttl=1800", "hit"),
        ("rematte; fwd=miss; collapsed", "miss"),
        ("", "miss"),
    ],
)
async def test_a_hit_is_told_with_its_tier(tmp_path, status, found):
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _request: masked(status))
    assert outcome.found == found


async def test_a_refused_picture_leaves_no_file_and_does_not_stop_the_others(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        return problem(422, "This is no picture.") if request.content == b"text" else masked("rematte; hit")

    outcomes = await sent(errands(tmp_path, "text", "cat"), answer)
    assert {outcome.errand.source.stem: outcome.trouble for outcome in outcomes} == {
        "text": "This is no picture.",
        "cat": None,
    }
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cat.png"]


async def test_an_answer_from_something_else_is_not_taken_for_a_mask(tmp_path):
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _request: httpx.Response(200, html="<p>Welcome"))
    assert outcome.trouble == "the answer was 200 OK, text/html; charset=utf-8"
    assert not (tmp_path / "out").exists()


async def test_who_is_told_to_try_later_does(tmp_path):
    answers = iter([problem(503, "Too many.", **{"retry-after": "0"}), masked("rematte; hit")])
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _request: next(answers))
    assert outcome.trouble is None


async def test_but_not_for_ever(tmp_path):
    busy = problem(503, "Too many.", **{"retry-after": "0"})
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _request: busy)
    assert outcome.trouble == "Too many."


async def test_without_a_server_nothing_more_is_tried(tmp_path):
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ServerAway, match=r"^No server at http://rematte:8000: .* --url\.$"):
        await sent(errands(tmp_path, "cat", "dog", "owl"), refuse, at_once=1)
    assert len(asked) == 1


async def test_a_connection_that_breaks_is_one_pictures_trouble(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.content == b"cat":
            raise httpx.ReadError("connection reset", request=request)
        return masked("rematte; hit")

    outcomes = await sent(errands(tmp_path, "cat", "dog"), answer, at_once=1)
    assert [outcome.trouble for outcome in outcomes] == ["connection reset", None]


async def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "out").touch()
    (outcome,) = await sent(errands(tmp_path, "cat"), lambda _request: masked("rematte; hit"))
    assert outcome.trouble is not None
    assert "exists" in outcome.trouble


async def test_as_many_are_under_way_as_was_said(tmp_path):
    under_way, gate = 0, asyncio.Event()

    async def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way
        under_way += 1
        if under_way == 2:
            gate.set()
        await gate.wait()
        assert under_way <= 2
        under_way -= 1
        return masked("rematte; hit")

    outcomes = await sent(errands(tmp_path, "a", "b", "c", "d"), answer, at_once=2)
    assert len(outcomes) == 4


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://rematte", "http://"])
async def test_a_url_that_is_none_is_refused(tmp_path, url):
    with pytest.raises(BadErrand, match=rf"^--url {url}: no address of a server"):
        await fetch(errands(tmp_path, "cat"), url, Kind("/v1/mask"), 1, lambda _outcome: None)
