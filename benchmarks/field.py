"""Where the contenders meet, and how long they are measured."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import Progress

from benchmarks import servers
from benchmarks.link import Link
from benchmarks.load import Door, Timing, Trip, flood, over_link, rush, take_turns

_BATCH = 10
"""Requests between two moves of the progress bar."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How often and how long: rounds, their `seconds` for each contender, and numbers of single requests."""

    rounds: int
    seconds: float
    turns: int
    slow_turns: int
    distinct: int


FULL = Effort(rounds=7, seconds=2.0, turns=300, slow_turns=60, distinct=2000)
QUICK = Effort(rounds=3, seconds=0.5, turns=60, slow_turns=10, distinct=400)


@dataclass(frozen=True, slots=True)
class Field:
    """The servers behind the contenders, the process that makes the load, and the progress bar."""

    backend: servers.TorchServe
    redis_url: str
    generator: ProcessPoolExecutor
    effort: Effort
    progress: Progress

    @contextmanager
    def proxy(self, model: str, **settings: str) -> Iterator[servers.Served]:
        with servers.proxy(self.backend, model, redis_url=self.redis_url, **settings) as proxy:
            yield proxy

    def direct(self, model: str) -> Door:
        return Door(self.backend.inference_port, f"/predictions/{model}", b"x-mask-confidence")

    def rounds(self, doing: str) -> Iterable[int]:
        return self.progress.track(range(self.effort.rounds), description=doing)

    def flood(
        self, doing: str, doors: Mapping[str, Door], bodies: Sequence[bytes], connections: int
    ) -> dict[str, list[Timing]]:
        """The timings of each round, by name."""
        timings: dict[str, list[Timing]] = {name: [] for name in doors}
        for _ in self.rounds(doing):
            for name, door in doors.items():
                job = self.generator.submit(flood, door, bodies, connections, self.effort.seconds)
                timings[name].append(job.result())
        return timings

    def take_turns(self, doing: str, doors: Sequence[Door], bodies: Sequence[bytes]) -> list[list[float]]:
        """Seconds by door; each body goes to each."""
        seconds: list[list[float]] = [[] for _ in doors]
        for at in self.progress.track(range(0, len(bodies), _BATCH), description=doing):
            taken = self.generator.submit(take_turns, doors, bodies[at : at + _BATCH]).result()
            for kept, new in zip(seconds, taken, strict=True):
                kept += new
        return seconds

    def rush(self, door: Door, bodies: Sequence[bytes]) -> Timing:
        return self.generator.submit(rush, door, bodies).result()

    def over_link(self, doing: str, link: Link, port: int, request: bytes, turns: int) -> list[Trip]:
        trips = self.progress.track(range(turns), description=doing)
        return [self.generator.submit(over_link, link, port, request).result() for _ in trips]
