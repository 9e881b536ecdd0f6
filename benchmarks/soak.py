"""`python -m benchmarks.soak`: very many requests, and callers who hang up at any moment.

Every answer must be the mask of the image that was sent, pixel by pixel, and at the end the proxy must hold no more
connections, files or memory than it did when it was warm. Exits with 1 where it does not. Redis and TorchServe are
real; the model signs each image's mask. The memory tier holds a part of them, so that Redis answers too.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from rich.console import Console
from rich.progress import Progress

from benchmarks import archives, servers
from benchmarks.archives import MARKED
from benchmarks.holding import FAREWELL_S, MEMORY_TIER, Holding, leaks
from benchmarks.link import HOST
from benchmarks.load import Door
from benchmarks.marking_handler import bears_mark
from benchmarks.pictures import copies, photo

CALLERS = 16
IMAGES = 1000
WARM = 0.3
"""Of the requests, until memory and connections are taken for what a warm proxy holds."""


class Masks:
    """What has been answered for each image. The first answer is looked at, the others must be the same bytes."""

    def __init__(self) -> None:
        self._right: dict[bytes, bytes] = {}

    def is_right(self, image: bytes, mask: bytes) -> bool:
        if image not in self._right and bears_mark(mask, image):
            self._right[image] = mask
        return self._right.get(image) == mask


@dataclass(slots=True)
class Tally:
    answers: int = 0
    hang_ups: int = 0
    wrong: list[str] = field(default_factory=list)
    masks: Masks = field(default_factory=Masks)

    @property
    def requests(self) -> int:
        return self.answers + self.hang_ups


class Caller:
    """Sends one image after another; hangs up in the middle of every so manieth."""

    def __init__(self, port: int, bodies: Sequence[bytes], tally: Tally, hang_up_odds: float, seed: int) -> None:
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
            self._check(body, head, await reader.readexactly(_length(head)))

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

    def _check(self, image: bytes, head: bytes, answer: bytes) -> None:
        self._tally.answers += 1
        named = b"x-image-digest: " + sha256(image).hexdigest().encode()
        if b" 200 " not in head or named not in head.lower():
            self._tally.wrong.append(head.decode("latin-1"))
        elif not self._tally.masks.is_right(image, answer):
            self._tally.wrong.append("another image's mask\n" + head.decode("latin-1"))


def _length(head: bytes) -> int:
    """Of what follows."""
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])


async def soak(proxy: servers.Served, requests: int, hang_ups: int, bar: Progress) -> tuple[Tally, Holding, Holding]:
    """What came of it, and what the proxy held when it was warm and at the end."""
    bodies = list(islice(copies(photo((640, 480), 60_000)), IMAGES))
    tally, task = Tally(), bar.add_task("soaking", total=requests)
    callers = [Caller(proxy.port, bodies, tally, hang_ups / requests, seed) for seed in range(CALLERS)]

    async def until(many: int) -> Holding:
        async def keep_calling(caller: Caller) -> None:
            while tally.requests < many:
                await caller.call()
                bar.update(task, completed=tally.requests)
            caller.leave()

        await asyncio.gather(*map(keep_calling, callers))
        await asyncio.sleep(FAREWELL_S)
        return Holding.of(proxy)

    warm = await until(int(WARM * requests))
    return tally, warm, await until(requests)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--hang-ups", type=int, default=20_000, help="of the requests")
    given = parser.parse_args()
    with TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as bar:
        archives.fill_to_check(Path(folder))
        with (
            servers.torchserve(Path(folder)) as backend,
            servers.redis() as redis_url,
            servers.proxy(backend, MARKED, redis_url=redis_url, memory_bytes=str(MEMORY_TIER)) as proxy,
        ):
            tally, warm, end = uvloop.run(soak(proxy, given.requests, given.hang_ups, bar))
            inferences = backend.inferences(MARKED)
    print(f"{tally.answers:,} answers, {len(tally.wrong)} of them wrong; {tally.hang_ups:,} callers hung up")
    print(f"{inferences:,} inferences of {IMAGES:,} images")
    print(f"warm: {warm}\nend: {end}")
    faults = [*(f"a wrong answer: {wrong}" for wrong in tally.wrong[:3]), *leaks(warm, end)]
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
