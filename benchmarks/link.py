"""A relay that is as slow as a line far away: so many bytes a second each way, and all of them late.

It loses nothing, needs no slow start, and a connection to it is open at once: a real line is slower.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

HOST = "127.0.0.1"
PACKET_BYTES = 1460
"""What an Ethernet packet carries of a TCP stream: so much arrives at once."""

QUEUE_S = 1.0
"""So much may wait in front of the line, as in a router: it is then never idle because this process came late."""


@dataclass(frozen=True, slots=True)
class Link:
    """`delay_s` is one way: there and back takes twice that."""

    delay_s: float
    bytes_per_s: float


TUNNEL = Link(delay_s=0.010, bytes_per_s=10_000_000 / 8)
"""20 ms there and back, 10 Mbit/s each way."""


class Way:
    """One direction of the line, shared by all connections. `carried` counts the bytes that have entered it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._free_at = 0.0
        self.carried = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All that comes, and the end of it."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        async with asyncio.TaskGroup() as both_ends:
            both_ends.create_task(self._send(reader, under_way))
            both_ends.create_task(_arrive(under_way, writer))

    async def _send(self, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        """The line is busy with each packet for as long as its bytes take. Who sends more has to wait."""
        packet = None
        while packet != b"":
            packet = await reader.read(PACKET_BYTES)
            self.carried += len(packet)
            self._free_at = max(self._free_at, _now()) + len(packet) / self._link.bytes_per_s
            under_way.put_nowait((self._free_at + self._link.delay_s, packet))
            await _until(self._free_at - QUEUE_S)


class Relay:
    """Both ways to the server at a port of loopback."""

    def __init__(self, link: Link, server_port: int) -> None:
        self.port = 0
        self.up, self.down = Way(link), Way(link)
        self._server_port = server_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until both of its ends have closed or one broke it off."""
        server_reader, server_writer = await asyncio.open_connection(HOST, self._server_port)
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self.up.carry(reader, server_writer))
                both_ways.create_task(self.down.carry(server_reader, writer))
        except* OSError:
            pass  # the other end will see it too
        finally:
            server_writer.close()
            writer.close()


@asynccontextmanager
async def relay(link: Link, server_port: int) -> AsyncIterator[Relay]:
    """Open at its own `port` of loopback. It ends when its callers have closed their connections."""
    it = Relay(link, server_port)
    async with asyncio.TaskGroup() as connections:
        door = await asyncio.start_server(lambda *ends: connections.create_task(it.serve(*ends)), HOST)
        it.port = door.sockets[0].getsockname()[1]
        async with door:
            yield it


@contextmanager
def relay_aside(link: Link, server_port: int) -> Iterator[int]:
    """A relay's port, while the relay runs in a thread of its own. Who uses it must have left at the end."""
    opened: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        over = asyncio.Event()
        async with relay(link, server_port) as it:
            opened.set_result((it.port, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    port, loop, over = opened.result()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


async def _arrive(under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    packet = None
    while packet != b"":
        arrives_at, packet = await under_way.get()
        await _until(arrives_at)
        writer.write(packet)
    writer.write_eof()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))
