"""`python -m benchmarks.soak`: very many requests, and callers who hang up at any moment.

Every answer must name the image that was sent, and at the end the proxy must hold no more connections, files or memory
than it did when it was warm. Exits with 1 where it does not. Redis and TorchServe are real; the model does nothing.
"""

import argparse
import asyncio
import random
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]
import uvloop
from rich.console import Console
from rich.progress import Progress

from benchmarks import archives, servers
from benchmarks.archives import NOOP
from benchmarks.link import HOST
from benchmarks.load import Door
from benchmarks.pictures import copies, photo
from model_serving.weights import SHIPPED

CALLERS = 16
IMAGES = 1000
WARM = 0.3
"""Of the requests, until memory and connections are taken for what a warm proxy holds."""
MOST_GROWTH = 1.05
MOST_NEW_FILES = 8
"""Open files that may come and go: connections to Redis and TorchServe are made when they are needed."""


@dataclass(slots=True)
class Tally:
    answers: int = 0
    hang_ups: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.answers + self.hang_ups


@dataclass(frozen=True, slots=True)
class Holding:
    """What the proxy's process holds."""

    resident: int
    files: int

    @classmethod
    def of(cls, pid: int) -> "Holding":
        process = psutil.Process(pid)
        return cls(process.memory_info().rss, process.num_fds())


class Caller:
    """Sends one image after another; hangs up in the middle of every so manieth."""

    def __init__(self, port: int, bodies: list[bytes], tally: Tally, hang_up_odds: float, seed: int) -> None:
        self._door = Door(port, "/v1/mask")
        self._bodies = bodies
        self._tally = tally
        self._odds = hang_up_odds
        self._random = random.Random(seed)
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self) -> None:
        body = self._random.choice(self._bodies)
        reader, writer = self._wire or await asyncio.open_connection(HOST, self._door.port)
        self._wire = reader, writer
        if self._random.random() < self._odds:
            await self._hang_up(writer, self._door.request(body))
        else:
            writer.write(self._door.request(body))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(self._checked(body, head))
            self._tally.answers += 1

    def leave(self) -> None:
        if self._wire:
            self._wire[1].transport.abort()
            self._wire = None

    async def _hang_up(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        """In mid-body, before the answer, or in the middle of it."""
        writer.write(request[: self._random.choice((len(request), self._random.randrange(len(request))))])
        await asyncio.sleep(self._random.choice((0.0, 0.001, 0.01)))
        writer.transport.abort()
        self._wire = None
        self._tally.hang_ups += 1

    def _checked(self, body: bytes, head: bytes) -> int:
        """The length of what follows."""
        lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
        named = lines.get(b"x-image-digest", b"").decode()
        if b" 200 " not in head or named != sha256(body).hexdigest():
            self._tally.wrong.append(head.decode("latin-1"))
        return int(lines[b"content-length"])


async def soak(port: int, pid: int, requests: int, hang_ups: int, progress: Progress) -> tuple[Tally, Holding, Holding]:
    """What came of it, and what the proxy held when it was warm and at the end."""
    bodies = list(islice(copies(photo((640, 480), 60_000)), IMAGES))
    tally, bar = Tally(), progress.add_task("soaking", total=requests)
    callers = [Caller(port, bodies, tally, hang_ups / requests, seed) for seed in range(CALLERS)]

    async def until(many: int) -> Holding:
        async def keep_calling(caller: Caller) -> None:
            while tally.requests < many:
                await caller.call()
                progress.update(bar, completed=tally.requests)
            caller.leave()

        await asyncio.gather(*map(keep_calling, callers))
        await asyncio.sleep(2.0)  # for the proxy to notice that all have left
        return Holding.of(pid)

    warm = await until(int(WARM * requests))
    return tally, warm, await until(requests)


def verdict(tally: Tally, warm: Holding, end: Holding) -> list[str]:
    """What is wrong, one line each."""
    faults = [f"a wrong answer: {head}" for head in tally.wrong[:3]]
    if end.resident > MOST_GROWTH * warm.resident:
        faults.append(f"resident memory grew by {end.resident / warm.resident - 1:.1%}")
    if end.files > warm.files + MOST_NEW_FILES:
        faults.append(f"{end.files - warm.files} more files are open")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--hang-ups", type=int, default=20_000, help="of the requests")
    given = parser.parse_args()
    with TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as progress:
        archives.fill(Path(folder), SHIPPED)
        with (
            servers.torchserve(Path(folder)) as backend,
            servers.redis() as redis_url,
            servers.proxy(backend, NOOP, redis_url=redis_url) as proxy,
        ):
            tally, warm, end = uvloop.run(soak(proxy.port, proxy.pid, given.requests, given.hang_ups, progress))
            inferences = backend.inferences(NOOP)
    print(f"{tally.answers:,} answers, {len(tally.wrong)} of them wrong; {tally.hang_ups:,} callers hung up")
    print(f"{inferences:,} inferences of {IMAGES:,} images")
    for when, held in (("warm", warm), ("end", end)):
        print(f"{when}: {held.resident / 2**20:.1f} MiB resident, {held.files} open files")
    faults = verdict(tally, warm, end)
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
