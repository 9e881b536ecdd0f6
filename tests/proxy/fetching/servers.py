"""Real servers on loopback that say what a test wants them to say, and a name server that is a table."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import repeat

from proxy.fetching.addresses import Address

PICTURE = b"\x89PNG and so on"


def plainly(body: bytes = PICTURE, status: str = "200 OK", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def elsewhere(location: str) -> bytes:
    return plainly(b"", "302 Found", f"Location: {location}")


@dataclass
class Server:
    """Answers each connection with the next of its `answers`, the last one for ever after; then repeats `drip`."""

    answers: Sequence[bytes]
    drip: bytes = b""
    pause_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    """The head of each request."""
    port: int = 0
    _callers: list[tuple[asyncio.Task[None] | None, asyncio.StreamWriter]] = field(default_factory=list)

    async def hang_up(self) -> None:
        for task, writer in self._callers:
            writer.transport.abort()
            if task:
                task.cancel()
                await asyncio.wait([task])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers.append((asyncio.current_task(), writer))
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(self.answers[min(len(self.asked), len(self.answers)) - 1])
            for piece in repeat(self.drip) if self.drip else ():
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self.pause_s)


@asynccontextmanager
async def serving(
    *answers: bytes, host: str = "127.0.0.1", drip: bytes = b"", pause_s: float = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    it = Server(answers, drip, pause_s)
    server = await asyncio.start_server(it.serve, host, 0, ssl=tls)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        await it.hang_up()


@dataclass
class Names:
    """Each name with its answers, one after the other; the last one stays."""

    answers: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, name: str, port: int) -> Sequence[Address]:
        before = self.asked.count(name)
        self.asked.append(name)
        if name not in self.answers:
            raise OSError("no such name")
        answers = self.answers[name]
        return [ip_address(address) for address in answers[min(before, len(answers) - 1)]]
