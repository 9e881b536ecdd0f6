"""Over a real socket, with a real server: what happens to a caller who is answered before they have sent everything."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI

from tests.proxy.api.house import MAX_BYTES, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import DictCache, FakeBackend

CAT = file_of(corners(), "JPEG")
PROTOCOLS = ["httptools", "h11"]
TOO_LARGE = b"HTTP/1.1 413 "


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
async def connected(
    http: str, backend: FakeBackend | None = None, cache: DictCache | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(20), house(backend, cache) as it, running(it.app, http) as address:
        reader, writer = await asyncio.open_connection(*address)
        try:
            yield reader, writer
        finally:
            writer.close()


def head(*headers: str) -> bytes:
    return "\r\n".join(["POST /v1/mask HTTP/1.1", "Host: it", "Content-Type: image/jpeg", *headers, "", ""]).encode()


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
        writer.write(head(f"Content-Length: {MAX_BYTES + 1}", "Expect: 100-continue"))
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
        writer.write(head(f"Content-Length: {len(CAT)}") + CAT)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


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
        writer.write(head(f"Content-Length: {len(CAT)}") + CAT[:100])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (backend.calls, cache.entries) == (0, {})
    assert [record for record in caplog.records if record.exc_info] == []
