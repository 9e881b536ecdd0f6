"""Requests over raw sockets, because the generator shares the machine with what it measures.

An HTTP client library would cost more than the answers do. Here a request is one prebuilt `bytes`, and of an answer
only status, one header and length are looked at. The generator is a process of its own, on uvloop.
"""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import chain, count
from typing import cast

import uvloop

from benchmarks.link import HOST, Link, relay

PATIENCE_S = 120.0
HIT = b"cache-status: rematte; hit"
MISS = b"cache-status: rematte; fwd=miss"
_HEAD_ENDS = b"\r\n\r\n"


class WrongAnswer(Exception):
    """Something other than what is being measured came back: a figure would be a lie."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where to send images, and what an answer's head must hold, in lower case, to count, beside the status."""

    port: int
    path: str
    says: bytes = b""
    status: int = 200

    def request(self, body: bytes) -> bytes:
        head = f"POST {self.path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: image/jpeg\r\ncontent-length: {len(body)}"
        return head.encode() + _HEAD_ENDS + body


class Window(Door):
    """Where to ask by GET: whatever the body would be stays here."""

    def request(self, body: bytes) -> bytes:  # noqa: ARG002 - as a door
        return f"GET {self.path} HTTP/1.1\r\nhost: {HOST}".encode() + _HEAD_ENDS


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that each request took, from the first byte sent to the last one received, and all of them together."""

    latencies: tuple[float, ...]
    wall: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.wall


@dataclass(frozen=True, slots=True)
class Trip:
    """One request over a line and its answer: how long, and how many bytes each way."""

    seconds: float
    up: int
    down: int


@contextmanager
def generator() -> Iterator[ProcessPoolExecutor]:
    """The process that makes the load: `submit(flood, ...).result()`."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def flood(door: Door, bodies: Sequence[bytes], connections: int, seconds: float) -> Timing:
    """Every connection sends one body after another until the time is over."""
    return uvloop.run(_flood(door, bodies, connections, seconds))


def take_turns(doors: Sequence[Door], bodies: Sequence[bytes]) -> list[list[float]]:
    """Each body goes to each door, one request at a time, A B A B ...: seconds by door, in order."""
    return uvloop.run(_take_turns(doors, bodies))


def rush(door: Door, bodies: Sequence[bytes]) -> Timing:
    """Every body over a connection of its own, all at once."""
    return uvloop.run(_rush(door, bodies))


def over_link(link: Link, port: int, request: bytes) -> Trip:
    """A hit over a fresh connection through the link."""
    return uvloop.run(_over_link(link, port, request))


class Line(asyncio.Protocol):
    """A keep-alive connection: a request, its whole answer, the next request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head = bytearray()
        self._missing: int | None = None
        self._says = self._status = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    async def ask(self, request: bytes, says: bytes, status: int = 200) -> float:
        """Seconds until the whole answer is here. Raises WrongAnswer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._head.clear()
        self._missing = None
        self._says = says
        self._status = b"http/1.1 %d" % status
        begun = time.perf_counter()
        self._transport.write(request)
        await self._answer
        return time.perf_counter() - begun

    def data_received(self, data: bytes) -> None:
        if self._missing is not None:
            self._missing -= len(data)
        else:
            self._head += data
            self._read_head()
        if self._missing == 0:
            self._answer.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the connection broke: {error}")

    def close(self) -> None:
        self._answer.cancel()
        self._transport.close()

    def _read_head(self) -> None:
        head, ended, body = bytes(self._head).partition(_HEAD_ENDS)
        if not ended:
            return
        head = head.lower()
        if not head.startswith(self._status) or self._says not in head:
            self._fail(head.decode("latin-1"))
            return
        _, _, length = head.partition(b"\r\ncontent-length:")
        self._missing = int(length.partition(b"\r")[0]) - len(body)

    def _fail(self, reason: str) -> None:
        if not self._answer.done():
            self._answer.set_exception(WrongAnswer(reason))


@asynccontextmanager
async def _lines(ports: Sequence[int]) -> AsyncIterator[list[Line]]:
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(Line, HOST, port))[1] for port in ports]
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield lines
    finally:
        for line in lines:
            line.close()


async def _flood(door: Door, bodies: Sequence[bytes], connections: int, seconds: float) -> Timing:
    requests = [door.request(body) for body in bodies]

    async def keep_asking(line: Line, first: int) -> list[float]:
        latencies: list[float] = []
        for turn in count(first):
            if time.perf_counter() > begun + seconds:
                break
            latencies.append(await line.ask(requests[turn % len(requests)], door.says, door.status))
        return latencies

    async with _lines([door.port] * connections) as lines:
        begun = time.perf_counter()
        latencies = await asyncio.gather(*(keep_asking(line, first) for first, line in enumerate(lines)))
        return Timing(tuple(chain.from_iterable(latencies)), time.perf_counter() - begun)


async def _take_turns(doors: Sequence[Door], bodies: Sequence[bytes]) -> list[list[float]]:
    latencies: list[list[float]] = [[] for _ in doors]
    async with _lines([door.port for door in doors]) as lines:
        for body in bodies:
            for door, line, kept in zip(doors, lines, latencies, strict=True):
                kept.append(await line.ask(door.request(body), door.says, door.status))
    return latencies


async def _rush(door: Door, bodies: Sequence[bytes]) -> Timing:
    requests = [door.request(body) for body in bodies]
    async with _lines([door.port] * len(bodies)) as lines:
        begun = time.perf_counter()
        latencies = await asyncio.gather(
            *(line.ask(request, door.says, door.status) for line, request in zip(lines, requests, strict=True))
        )
        return Timing(tuple(latencies), time.perf_counter() - begun)


async def _over_link(link: Link, port: int, request: bytes) -> Trip:
    async with relay(link, port) as it, _lines([it.port]) as (line,):
        seconds = await line.ask(request, HIT)
    return Trip(seconds, it.up.carried, it.down.carried)
