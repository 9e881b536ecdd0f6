"""`python -m benchmarks.fuzz`: whatever is sent, at whatever door, the answer is no fault of the server's.

Requests for every operation of the API, with pictures of every format, whole and damaged, and with all that can go
wrong on the way. Redis is real; a stand-in gives the masks. Exits with 1 where there was a 5xx, a broken or a missing
answer, a dead server, or memory that grew.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop
from rich.console import Console
from rich.progress import Progress

from benchmarks import servers
from benchmarks.ailing import MODEL
from benchmarks.damage import damaged
from benchmarks.holding import FAREWELL_S, MEMORY_TIER, Holding, leaks
from benchmarks.link import HOST
from benchmarks.orders import Orders, Request
from benchmarks.pictures import of_every_kind

CALLERS = 8
PATIENCE_S = 60.0
TOKEN = "a-token-of-16-or-more"
NONE = "none"
"""The status of who hung up in mid-request, and was told nothing."""

BATCH, OURS = b"application/x-ndjson", b'"status":500'
"""What a batch tells of a picture that met a fault of the server's."""


class Broken(Exception):
    """An answer that is none."""


@dataclass(slots=True)
class Tally:
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{count:,} x {status}" for status, count in sorted(self.statuses.items()))


async def ask(port: int, request: Request) -> str:
    """The status. Raises Broken."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            sending = asyncio.create_task(_send(writer, request))
            answer = await _whole(reader)
            sending.cancel()
    except TimeoutError:
        raise Broken("no answer in time") from None
    finally:
        writer.transport.abort()
    return _status(request, answer)


async def _send(writer: asyncio.StreamWriter, request: Request) -> None:
    """Whoever says more than he has hangs up when he has said it."""
    try:
        writer.write(request.wire)
        await writer.drain()
        if request.promises_more:
            writer.write_eof()
    except OSError:
        return  # it was answered already


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server closes."""
    answer = bytearray()
    try:
        while piece := await reader.read(2**20):
            answer += piece
    except OSError:
        if not answer:
            raise Broken("the connection was reset") from None
    return bytes(answer)


def _status(request: Request, answer: bytes) -> str:
    """Of the last answer, when there was leave to go on before it."""
    head, ended, body = answer.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return _status(request, body)
    if not answer and request.promises_more:
        return NONE
    if not ended or not head.startswith(b"HTTP/1.1 "):
        raise Broken(f"no answer but {answer[:100]!r}")
    status = head[9:12].decode()
    if status >= "500" or (BATCH in head and OURS in body):
        raise Broken(f"status {status}: {body[:300]!r}")
    if not (request.method == "HEAD" or status in ("204", "304") or _is_complete(head.lower(), body)):
        raise Broken(f"an answer of status {status} that ends after {len(body):,} bytes")
    return status


def _is_complete(head: bytes, body: bytes) -> bool:
    """RFC 9112, 6.3."""
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return len(body) == int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r")[0] or len(body))


def fuzzed(seed: int) -> Iterator[Request]:
    """Without end, and the same ones each time."""
    chance = random.Random(seed)
    orders = Orders(chance, of_every_kind(chance))
    while True:
        request = orders.any()
        if "/admin/" in request.target or request.method == "DELETE":
            request = request.with_header("authorization", f"Bearer {TOKEN}")
        yield damaged(chance, request)


async def fuzz(proxy: servers.Served, requests: int, seed: int, bar: Progress) -> tuple[Tally, Holding, Holding]:
    """What came of all, and what the proxy held when it was warm, after as many of them, and at the end."""
    tally = Tally()

    async def until_sent(fresh: Iterator[Request], doing: str) -> Holding:
        turns = iter(bar.track(range(requests), description=doing))

        async def keep_asking() -> None:
            for _ in turns:
                await _note(tally, proxy.port, next(fresh))

        await asyncio.gather(*(keep_asking() for _ in range(CALLERS)))
        await asyncio.sleep(FAREWELL_S)
        return Holding.of(proxy)

    warm = await until_sent(fuzzed(seed), "until it is warm")
    return tally, warm, await until_sent(fuzzed(seed + 1), "fuzzing")


async def _note(tally: Tally, port: int, request: Request) -> None:
    try:
        tally.statuses[await ask(port, request)] += 1
    except (Broken, OSError) as fault:
        tally.faults.append(f"{fault}, for {request.wire[:2000]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=4)
    given = parser.parse_args()
    settings = {"memory_bytes": str(MEMORY_TIER), "admin_token": TOKEN, "max_image_bytes": str(2**20)} | servers.PATIENT
    with (
        Progress(console=Console(stderr=True)) as bar,
        servers.ailing() as backend,
        servers.redis() as redis_url,
        servers.proxy(backend, MODEL, redis_url=redis_url, **settings) as proxy,
    ):
        begun = time.perf_counter()
        tally, warm, end = uvloop.run(fuzz(proxy, given.requests, given.seed, bar))
        seconds = time.perf_counter() - begun
        servers.get(proxy.port, "/livez")  # raises where it is dead
    print(f"{tally}; {len(tally.faults)} faults, in {seconds:.0f} s")
    print(f"warm: {warm}\nend: {end}")
    faults = [*tally.faults[:10], *leaks(warm, end)]
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
