import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.beside_triton import TritonDoor
from benchmarks.link import HOST
from benchmarks.load import Door, Line, Window, WrongAnswer


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[Line]:
    """A line to a server that gives this answer to whatever comes."""

    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await reader.read()
        writer.close()
        await writer.wait_closed()
        served.set()

    async with asyncio.timeout(20), await asyncio.start_server(serve, HOST) as server:
        port = server.sockets[0].getsockname()[1]
        _, line = await asyncio.get_running_loop().create_connection(Line, HOST, port)
        yield line
        line.close()
        await served.wait()


async def test_an_answer_is_whole_when_its_own_length_has_come():
    """Not that of another header that ends alike, such as Triton's."""
    answer = b"HTTP/1.1 200 OK\r\nInference-Header-Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello"
    async with answering(answer) as line:
        assert await line.ask(b"GET", b"") > 0


@pytest.mark.parametrize(("says", "status"), [(b"cache-status", 200), (b"", 503)])
async def test_what_a_door_does_not_expect_ends_the_run(says, status):
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as line:
        with pytest.raises(WrongAnswer, match="200 ok"):
            await line.ask(b"GET", says, status)


async def test_a_refusal_may_be_what_is_timed():
    async with answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as line:
        assert await line.ask(b"GET", b"", 503) > 0


def test_requests_say_what_they_send():
    assert Window(1, "/livez").request(b"cat") == b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    assert Door(1, "/v1/mask").request(b"cat").endswith(b"content-length: 3\r\n\r\ncat")
    head, _, sent = TritonDoor(1, "/").request(b"cat").partition(b"\r\n\r\n")
    length = int(head.partition(b"\r\ncontent-length: ")[2])
    tensors = int(head.partition(b"inference-header-content-length: ")[2].partition(b"\r")[0])
    assert (len(sent), sent[tensors:]) == (length, b"cat")
