"""`python -m benchmarks.mixed`: whether memory stays where it is under everything that callers send in a day's work.

New images and known ones, masks and cutouts, by upload and by digest, conditional requests, and bytes that are no
image. The memory tier is full when the count begins. Exits with 1 where an answer is not what it should be, or memory
has grown.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import uvloop
from rich.console import Console
from rich.progress import Progress

from benchmarks import archives, servers
from benchmarks.archives import MARKED
from benchmarks.holding import FAREWELL_S, MEMORY_TIER, Holding, leaks
from benchmarks.link import HOST
from benchmarks.marking_handler import bears_mark
from benchmarks.pictures import copies, photo

CALLERS = 8
SETTINGS = {"memory_bytes": str(MEMORY_TIER)} | servers.PATIENT
KNOWN = 40
"""Images that are asked for again and again: the memory tier has some of them, and Redis all."""
_JPEG = {"content-type": "image/jpeg"}


class WrongAnswer(Exception):
    """Another status, or another image's mask."""


class Day:
    """Requests of every kind, in an order that is the same each time."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._random = random.Random(11)
        self._fresh: Iterator[bytes] = copies(photo((640, 480), 60_000))
        self._known = list(islice(self._fresh, KNOWN))
        self._kinds: list[Callable[[], Awaitable[None]]] = [
            *(self._known_mask, self._known_cutout, self._by_digest, self._not_modified),
            *(self._new_mask, self._new_cutout, self._bad_image, self._unknown_digest),
        ]
        self.done: Counter[str] = Counter()

    async def prepare(self) -> None:
        for image in self._known:
            await self._upload("mask", image)
            await self._upload("cutout", image)

    async def any_request(self) -> None:
        kind = self._random.choice(self._kinds)
        await kind()
        self.done[kind.__name__.strip("_").replace("_", " ")] += 1

    async def _known_mask(self) -> None:
        await self._upload("mask", self._random.choice(self._known))

    async def _known_cutout(self) -> None:
        await self._upload("cutout", self._random.choice(self._known))

    async def _new_mask(self) -> None:
        await self._upload("mask", next(self._fresh))

    async def _new_cutout(self) -> None:
        await self._upload("cutout", next(self._fresh))

    async def _by_digest(self) -> None:
        image = self._random.choice(self._known)
        _expect(await self._client.get(_address(image)), 200, image)

    async def _not_modified(self) -> None:
        known = await self._client.head(_address(self._random.choice(self._known)))
        same = await self._client.get(known.request.url, headers={"if-none-match": known.headers["etag"]})
        _expect(same, 304)

    async def _bad_image(self) -> None:
        _expect(await self._client.post("/v1/mask", content=self._random.randbytes(2000), headers=_JPEG), 422)

    async def _unknown_digest(self) -> None:
        _expect(await self._client.get(_address(self._random.randbytes(8))), 404)

    async def _upload(self, door: str, image: bytes) -> None:
        _expect(await self._client.post(f"/v1/{door}", content=image, headers=_JPEG), 200, image)


def _address(image: bytes) -> str:
    return f"/v1/masks/{sha256(image).hexdigest()}"


def _expect(answer: httpx.Response, status: int, image: bytes | None = None) -> None:
    if answer.status_code != status:
        raise WrongAnswer(f"{status} expected: {answer.status_code} {answer.text[:300]}")
    if image is not None and not bears_mark(answer.content, image):
        raise WrongAnswer(f"another image's mask: {answer.headers}")


async def run(proxy: servers.Served, requests: int, bar: Progress) -> tuple[Counter[str], Holding, Holding]:
    """How many of each kind there were, and what the proxy held before and after. Raises WrongAnswer."""

    async def spend(day: Day, many: int, doing: str) -> Holding:
        turns = iter(bar.track(range(many), description=doing))

        async def keep_asking() -> None:
            for _ in turns:
                await day.any_request()

        await asyncio.gather(*(keep_asking() for _ in range(CALLERS)))
        return Holding.of(proxy)

    async with httpx.AsyncClient(base_url=f"http://{HOST}:{proxy.port}", timeout=120, trust_env=False) as client:
        day = Day(client)
        await day.prepare()
        before = await spend(day, requests, "until it is warm")
        day.done.clear()
        await spend(day, requests, "everything that callers send")
    await asyncio.sleep(FAREWELL_S)
    return day.done, before, Holding.of(proxy)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    requests = parser.parse_args().requests
    with TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as bar:
        archives.fill_to_check(Path(folder))
        with (
            servers.torchserve(Path(folder)) as backend,
            servers.redis() as redis_url,
            servers.proxy(
                backend, MARKED, redis_url=redis_url, memory_bytes=str(MEMORY_TIER), **servers.PATIENT
            ) as proxy,
        ):
            done, before, after = uvloop.run(run(proxy, requests, bar))
    print(", ".join(f"{count:,} x {kind}" for kind, count in sorted(done.items())))
    print(f"before: {before}\nafter: {after}")
    faults = leaks(before, after)
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
