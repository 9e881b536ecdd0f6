"""Over a real socket, with a real server: what happens to a caller who is answered before they have sent everything."""

import asyncio
import hashlib
import json
import shutil
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.proxy.api.house import MAX_BYTES, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import DictCache, FakeBackend

CAT = file_of(corners(), "JPEG").ljust(MAX_BYTES, b"\0")
DOG = file_of(corners(), "PNG")
OF_CAT = f"Content-Digest: sha-256=:{b64encode(hashlib.sha256(CAT).digest()).decode()}:"
LENGTH = f"Content-Length: {len(CAT)}"
EXPECT = "Expect: 100-continue"
PROTOCOLS = ["httptools", "h11"]
OK = b"HTTP/1.1 200 "
TOO_LARGE = b"HTTP/1.1 413 "
LEAVE = b"HTTP/1.1 100 Continue\r\n\r\n"


@asynccontextmanager
async def running(app: FastAPI, http: str) -> AsyncIterator[tuple[str, int]]:
    door = socket.create_server(("127.0.0.1", 0))  # callers queue from here on, whenever the server is up
    server = uvicorn.Server(uvicorn.Config(app, http=http, ws="none", lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve([door]))
    try:
        yield door.getsockname()
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def served(
    http: str, backend: FakeBackend | None = None, cache: DictCache | None = None
) -> AsyncIterator[tuple[str, int]]:
    async with asyncio.timeout(20), house(backend, cache) as it, running(it.app, http) as address:
        yield address


@asynccontextmanager
async def connected(
    http: str, backend: FakeBackend | None = None, cache: DictCache | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with served(http, backend, cache) as address:
        reader, writer = await asyncio.open_connection(*address)
        try:
            yield reader, writer
        finally:
            writer.close()


def head(*headers: str) -> bytes:
    return "\r\n".join(["POST /v1/mask HTTP/1.1", "Host: it", "Content-Type: image/jpeg", *headers, "", ""]).encode()


def closes(answer: bytes) -> bool:
    return b"\r\nconnection: close\r\n" in answer.lower()


async def answer(reader: asyncio.StreamReader) -> bytes:
    headers = await reader.readuntil(b"\r\n\r\n")
    length = int(headers.lower().partition(b"content-length: ")[2].split()[0])
    return headers + await reader.readexactly(length)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_caller_who_announces_too_much_is_answered_before_sending_it(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head(f"Content-Length: {MAX_BYTES + 1}"))
        assert (await answer(reader)).startswith(TOO_LARGE)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_caller_who_waits_for_leave_to_send_is_refused_instead(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head(f"Content-Length: {MAX_BYTES + 1}", EXPECT))
        assert (await answer(reader)).startswith(TOO_LARGE)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_caller_who_sends_everything_first_can_still_read_the_refusal(http: str):
    async with connected(http) as (reader, writer):
        size = 50 * MAX_BYTES
        writer.write(head(f"Content-Length: {size}") + bytes(size))
        await writer.drain()
        assert (await answer(reader)).startswith(TOO_LARGE)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_after_a_refusal_the_connection_serves_the_next_request(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head(f"Content-Length: {MAX_BYTES + 1}") + bytes(MAX_BYTES + 1))
        assert (await answer(reader)).startswith(TOO_LARGE)
        writer.write(head(LENGTH) + CAT)
        assert (await answer(reader)).startswith(OK)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_body_in_pieces_that_grows_too_large_is_refused_on_the_way(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head("Transfer-Encoding: chunked"))
        for _ in range(MAX_BYTES // 1000 + 1):
            writer.write(b"3e8\r\n" + bytes(1000) + b"\r\n")
        assert (await answer(reader)).startswith(TOO_LARGE)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_caller_who_hangs_up_in_mid_body_leaves_no_trace(http: str, caplog: pytest.LogCaptureFixture):
    backend, cache = FakeBackend(), DictCache()
    async with connected(http, backend, cache) as (_, writer):
        writer.write(head(LENGTH) + CAT[:100])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (backend.calls, cache.entries) == (0, {})
    assert [record for record in caplog.records if record.exc_info] == []


@asynccontextmanager
async def known(http: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the image has been sent once."""
    async with connected(http) as (reader, writer):
        writer.write(head(LENGTH) + CAT)
        assert (await answer(reader)).startswith(OK)
        yield reader, writer


async def still_serves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """The answer must be that of an image which nobody has sent before."""
    writer.write(head(f"Content-Length: {len(DOG)}") + DOG)
    headers = (await answer(reader)).lower()
    return headers.startswith(OK.lower()) and hashlib.sha256(DOG).hexdigest().encode() in headers


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_who_waits_for_leave_to_send_a_known_image_is_answered_instead(http: str):
    async with known(http) as (reader, writer):
        writer.write(head(LENGTH, OF_CAT, EXPECT))
        given = await answer(reader)
        assert given.startswith(OK)
        assert closes(given)
        writer.write_eof()
        assert await reader.read() == b""


@pytest.mark.parametrize("http", PROTOCOLS)
@pytest.mark.parametrize(
    "request_",
    [
        head(LENGTH, OF_CAT, EXPECT),
        f"GET /v1/masks/{hashlib.sha256(CAT).hexdigest()} HTTP/1.1\r\nHost: it\r\n\r\n".encode(),
    ],
    ids=["announced", "by digest"],
)
async def test_a_known_image_moves_less_than_two_kilobytes_besides_its_mask(http: str, request_: bytes):
    async with known(http) as (reader, writer):
        writer.write(request_)
        given = await answer(reader)
        assert given.startswith(OK)
        _, _, mask = given.partition(b"\r\n\r\n")
        assert len(request_) + len(given) - len(mask) < 2000


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_who_waits_for_leave_to_send_an_unknown_image_is_given_it_and_keeps_the_connection(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head(LENGTH, OF_CAT, EXPECT))
        assert await reader.readexactly(len(LEAVE)) == LEAVE
        writer.write(CAT)
        given = await answer(reader)
        assert given.startswith(OK)
        assert not closes(given)
        assert await still_serves(reader, writer)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_who_says_expect_and_sends_all_the_same_still_reads_the_answer_to_its_end(http: str):
    async with known(http) as (reader, writer):
        writer.write(head(LENGTH, OF_CAT, EXPECT) + CAT)
        given = await answer(reader)
        assert given.startswith(OK)
        assert closes(given)
        assert await reader.read() == b""


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_who_is_refused_instead_of_given_leave_is_told_to_close(http: str):
    async with connected(http) as (reader, writer):
        writer.write(head(f"Content-Length: {MAX_BYTES + 1}", EXPECT))
        assert closes(await answer(reader))


@pytest.mark.parametrize("http", PROTOCOLS)
@pytest.mark.parametrize("framing", [LENGTH, "Transfer-Encoding: chunked"])
async def test_a_known_image_sent_without_asking_is_read_over_and_the_connection_goes_on(http: str, framing: str):
    body = CAT if framing == LENGTH else b"%x\r\n%s\r\n0\r\n\r\n" % (len(CAT), CAT)
    async with known(http) as (reader, writer):
        writer.write(head(framing, OF_CAT) + body)
        given = await answer(reader)
        assert given.startswith(OK)
        assert not closes(given)
        assert await still_serves(reader, writer)


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_known_image_whose_bytes_come_after_its_answer_leaves_the_connection_whole(http: str):
    async with known(http) as (reader, writer):
        writer.write(head(LENGTH, OF_CAT))
        assert (await answer(reader)).startswith(OK)
        for at in range(0, len(CAT), 10_000):
            writer.write(CAT[at : at + 10_000])
            await writer.drain()
        assert await still_serves(reader, writer)


@pytest.mark.parametrize("http", PROTOCOLS)
@pytest.mark.parametrize("headers", [{}, {"Expect": "100-continue"}], ids=["plain", "expect"])
async def test_httpx_gets_each_answer_whether_or_not_the_connection_is_kept(http: str, headers: dict[str, str]):
    """httpx sends its body without waiting, whatever it says."""
    headers = headers | dict([OF_CAT.split(": ")]) | {"Content-Type": "image/jpeg"}
    async with served(http) as (host, port), httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        answers = [await client.post("/v1/mask", content=CAT, headers=headers) for _ in range(4)]
    assert [(each.status_code, each.content) for each in answers] == [(200, answers[0].content)] * 4
    assert ["hit" in each.headers["Cache-Status"] for each in answers] == [False, True, True, True]
    closed = ["Connection" in each.headers for each in answers]
    assert closed == [False] + ["Expect" in headers] * 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on the PATH")
@pytest.mark.parametrize("http", PROTOCOLS)
async def test_curl_uploads_a_known_image_no_more(http: str, tmp_path: Path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(CAT)
    async with served(http) as (host, port):
        uploads = [await _uploaded(f"http://{host}:{port}/v1/mask", photo) for _ in range(3)]
    assert uploads == [f"200 {len(CAT)}", "200 0", "200 0"]


async def _uploaded(url: str, photo: Path) -> str:
    curl = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--noproxy", "*", "--max-time", "15", "--expect100-timeout", "10", "--header", EXPECT),
        *("--header", OF_CAT, "--header", "Content-Type: image/jpeg", "--data-binary", f"@{photo}"),
        *("--output", "/dev/null", "--write-out", "%{http_code} %{size_upload}", url),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await curl.communicate()
    return told.decode()


def batch(*pictures: bytes) -> bytes:
    said = json.dumps({"images": [{"image": b64encode(picture).decode()} for picture in pictures]}).encode()
    head = (
        f"POST /v1/batch HTTP/1.1\r\nHost: it\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    )
    return head.encode() + said


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_the_answers_of_a_batch_arrive_as_they_are_ready(http: str):
    cache, backend = DictCache(), FakeBackend(open=False)
    async with house(cache=cache) as it:
        await it.client.post("/v1/mask", content=DOG, headers={"Content-Type": "image/png"})
    async with connected(http, backend, cache) as (reader, writer):
        writer.write(batch(CAT, DOG))
        assert b"transfer-encoding: chunked" in (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b'"index":1' in await reader.readuntil(b"}\n")
        backend.release()
        assert b'"index":0' in await reader.readuntil(b"}\n")
        assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("http", PROTOCOLS)
async def test_a_caller_who_leaves_a_batch_takes_what_waits_along(http: str):
    backend = FakeBackend(open=False, window=1)
    pictures = [file_of(corners(20 + wider, 20), "PNG") for wider in range(20)]
    async with asyncio.timeout(20), house(backend) as it, running(it.app, http) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(batch(*pictures))
        await backend.started.wait()
        while it.dispatch.waiting < 7:
            await asyncio.sleep(0.01)
        writer.close()
        while it.dispatch.waiting or not it.drain.is_empty:
            await asyncio.sleep(0.01)
        backend.release()
    assert backend.calls == 1
