"""One entrant at work: started cold, a first picture, then all of them one at a time, then by eight callers."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks import servers
from benchmarks.hundred.entrant import Entrant
from benchmarks.hundred.usage import Usage, Watched
from benchmarks.link import HOST
from benchmarks.load import WrongAnswer
from benchmarks.pictures import cat
from benchmarks.report import middle_and_tail
from model_serving.archive import MODEL

CALLERS = 8
"""At once, in the second half: as many as fill a batch of eight."""
STAGES = ("read", "pixels", "queue", "decode", "network", "encode", "transfer", "render")
"""Of a new image's way. The proxy looks whether it knows the picture by its pixels; the transfer is what is left of the
inference's time: to the worker and back."""
_PART = re.compile(r"(\w+);dur=([\d.]+)")
_FIRST = (1024, 768)
_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Sitting:
    """Seconds. `stages` holds one entry for each picture that was sent alone."""

    entrant: Entrant
    build_s: float
    cold_start_s: float
    first_s: float
    alone_s: tuple[float, ...]
    stages: Sequence[Mapping[str, float]]
    together_s: float
    usage: Usage

    @property
    def alone(self) -> tuple[float, float]:
        """p50 and p99 of the pictures sent alone."""
        return middle_and_tail(self.alone_s)

    @property
    def slowest(self) -> int:
        """Which of the pictures took longest alone."""
        return self.alone_s.index(max(self.alone_s))

    @property
    def rate(self) -> float:
        """Pictures per second with all callers at once."""
        return len(self.alone_s) / self.together_s

    def stage(self, name: str) -> float:
        return median(stages.get(name, 0.0) for stages in self.stages)


def sit(entrant: Entrant, pictures: Sequence[bytes]) -> Sitting:
    """Raises WrongAnswer when an answer is no fresh mask, NotStarted when something does not come up."""
    with TemporaryDirectory(prefix="hundred-", dir="/tmp") as folder:
        began = time.perf_counter()
        entrant.build(Path(folder))
        build_s = time.perf_counter() - began
        began = time.perf_counter()
        with servers.torchserve(Path(folder)) as backend:
            cold_start_s = time.perf_counter() - began
            worker, _ = backend.worker(MODEL)
            # A proxy of its own for each half: the second is to find nothing that the first has kept.
            with servers.proxy(backend, MODEL) as proxy:
                first_s, alone = asyncio.run(_one_by_one(proxy.port, pictures))
            with servers.proxy(backend, MODEL) as proxy, Watched(worker, proxy.pid) as watched:
                together_s = asyncio.run(_all_at_once(proxy.port, pictures))
            alone_s, stages = zip(*alone, strict=True)
            return Sitting(entrant, build_s, cold_start_s, first_s, alone_s, stages, together_s, watched.usage)


async def _one_by_one(port: int, pictures: Sequence[bytes]) -> tuple[float, list[tuple[float, dict[str, float]]]]:
    """Seconds of the first request, whose picture is none of them, and of each picture with its stages."""
    async with _client(port) as client:
        first_s, _ = await _send(client, cat(_FIRST, 0))
        return first_s, [await _send(client, picture) for picture in pictures]


async def _all_at_once(port: int, pictures: Sequence[bytes]) -> float:
    waiting = iter(pictures)

    async def call(client: httpx.AsyncClient) -> None:
        for picture in waiting:
            await _send(client, picture)

    async with _client(port) as client:
        began = time.perf_counter()
        await asyncio.gather(*(call(client) for _ in range(CALLERS)))
        return time.perf_counter() - began


async def _send(client: httpx.AsyncClient, picture: bytes) -> tuple[float, dict[str, float]]:
    began = time.perf_counter()
    answer = await client.post("/v1/mask", content=picture)
    passed = time.perf_counter() - began
    if answer.status_code != httpx.codes.OK or "fwd=miss" not in answer.headers.get("cache-status", ""):
        raise WrongAnswer(f"{answer.status_code} {answer.headers.get('cache-status')}: {answer.text[:200]!r}")
    return passed, _stages(answer.headers["server-timing"])


def _stages(timing: str) -> dict[str, float]:
    """Seconds by stage, of an answer's `Server-Timing`; `infer` is told apart."""
    told = {stage: float(milliseconds) / 1000 for stage, milliseconds in _PART.findall(timing)}
    inside = sum(told.get(part, 0.0) for part in ("decode", "network", "encode"))
    return told | {"transfer": told.get("infer", 0.0) - inside}


def _client(port: int) -> httpx.AsyncClient:
    # Whatever the file is: the server looks for itself.
    headers = {"content-type": "image/jpeg"}
    return httpx.AsyncClient(base_url=f"http://{HOST}:{port}", headers=headers, timeout=_PATIENCE_S, trust_env=False)
