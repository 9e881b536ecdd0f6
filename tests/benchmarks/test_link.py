import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.link import HOST, PACKET_BYTES, Link, Relay, relay, relay_aside

FAST = Link(delay_s=0.0, bytes_per_s=1e9)
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def through(link: Link, answer: Answer) -> AsyncIterator[Relay]:
    async with (
        asyncio.timeout(20),
        await asyncio.start_server(answer, HOST) as server,
        relay(link, server.sockets[0].getsockname()[1]) as it,
    ):
        yield it


@asynccontextmanager
async def echo(link: Link, *, prefix: bytes = b"") -> AsyncIterator[tuple[Relay, Connection]]:
    """A connection through the link to a server that gives back all that it has been sent, once that has ended."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(prefix + await reader.read())
        writer.close()

    async with through(link, answer) as it:
        reader, writer = await asyncio.open_connection(HOST, it.port)
        yield it, (reader, writer)
        writer.close()


async def took(connection: Connection, data: bytes) -> float:
    """Seconds until all of it has been echoed."""
    reader, writer = connection
    begun = time.perf_counter()
    writer.write(data)
    writer.write_eof()
    assert await reader.read() == data
    return time.perf_counter() - begun


@pytest.mark.parametrize("size", [0, 1, PACKET_BYTES, 1_000_003])
async def test_what_goes_in_comes_out(size: int):
    async with echo(FAST) as (_, connection):
        await took(connection, bytes(range(256)) * (size // 256) + bytes(size % 256))


async def test_there_and_back_takes_two_delays():
    async with echo(Link(0.05, 1e9)) as (_, connection):
        assert await took(connection, b"ping") >= 0.1


async def test_many_bytes_take_as_long_as_the_line_is_narrow():
    """A tenth of a second each way, one packet after the other: the delay comes on top once and not for each."""
    async with echo(Link(0.02, 1e6)) as (_, connection):
        assert await took(connection, bytes(100_000)) >= 0.24


async def test_two_connections_share_the_line():
    async with echo(Link(0, 1e6)) as (it, first):
        second = await asyncio.open_connection(HOST, it.port)
        seconds = await asyncio.gather(took(first, bytes(50_000)), took(second, bytes(50_000)))
        second[1].close()
    assert max(seconds) >= 0.1


async def test_the_bytes_of_each_way_are_counted():
    async with echo(FAST, prefix=b"echo: ") as (it, (reader, writer)):
        writer.write(b"ping")
        writer.write_eof()
        assert await reader.read() == b"echo: ping"
        assert (it.up.carried, it.down.carried) == (4, 10)


async def test_a_server_that_breaks_off_ends_the_callers_connection_too():
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with through(FAST, break_off) as it:
        reader, writer = await asyncio.open_connection(HOST, it.port)
        writer.write(b"ping")
        assert await reader.read() == b""
        writer.close()


async def test_a_relay_aside_runs_while_its_user_sleeps():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    async with await asyncio.start_server(answer, HOST) as server:
        with relay_aside(FAST, server.sockets[0].getsockname()[1]) as port:
            connection = await asyncio.open_connection(HOST, port)
            await took(connection, b"ping")
            connection[1].close()
            await connection[1].wait_closed()
