"""What a Redis that fails costs those who ask for images."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import redis

from benchmarks import servers
from benchmarks.archives import NOOP
from benchmarks.field import Field
from benchmarks.link import HOST, Link, relay_aside
from benchmarks.load import HIT, MISS, Door, take_turns
from benchmarks.pictures import copies, photo
from benchmarks.report import Table, middle_and_tail, milliseconds

FIRST = 10
"""Images sent as a fault begins, before the breaker opens: a silence is a failure after 100 ms, and it takes five."""
_LATE = Link(delay_s=0.025, bytes_per_s=1e9)
_SIGNALS = {"stopped (SIGSTOP)": signal.SIGSTOP, "killed": signal.SIGKILL}
_ABOUT = f"""\
A Redis that fails, behind a proxy with the default settings, beside a proxy that has none: the same images to both in
turns, over a connection each. TorchServe's model does nothing (`noop`), so that what Redis costs is not lost in an
inference. *New* images were never seen before, *known* ones lie in the memory tier. A Redis that is late by
{_LATE.delay_s * 2000:.0f} ms, or refuses to write, keeps the breaker closed for ever. One that stops or dies opens it
soon: *closed* are then the first {FIRST} images after the fault, again and again, with a new Redis between; *open* is
the time when Redis is left alone but for a question a second. The bar is on what the p99 is more than without Redis. In
the first two lines neither proxy has a Redis: what differs there is chance."""
_COLUMNS = ("Redis", "breaker", "images", "p50 ms", "p99 ms", "without: p50 ms", "p99 ms", "p99 more, ms", "bar, ms")
_CLOSED, _OPEN = "≤ 10", "chance"

Seconds = Sequence[Sequence[float]]
"""With the Redis that fails, and without Redis."""


class Pair:
    """A proxy with the Redis that fails, and one without."""

    def __init__(self, field: Field, ours: servers.Served, without: servers.Served) -> None:
        self._field = field
        self._ports = ours.port, without.port
        self._fresh = copies(photo((640, 480), 60_000))
        self._known = list(islice(self._fresh, FIRST))
        self._send(self._known, MISS)

    def new(self, many: int) -> list[list[float]]:
        return self._send(list(islice(self._fresh, many)), MISS)

    def known(self, many: int) -> list[list[float]]:
        return self._send((self._known * many)[:many], HIT)

    def until(self, condition: Callable[[], bool]) -> None:
        """Sends images meanwhile: nobody asks Redis but for their sake."""
        while not condition():
            self.new(1)

    def sees_redis(self) -> bool:
        return bool(json.loads(servers.get(self._ports[0], "/readyz"))["status"] == "ready")

    def leaves_redis_alone(self) -> bool:
        return "rematte_redis_breaker_open 1.0" in servers.get(self._ports[0], "/metrics")

    def _send(self, images: Sequence[bytes], says: bytes) -> list[list[float]]:
        doors = [Door(port, "/v1/mask", says) for port in self._ports]
        return self._field.generator.submit(take_turns, doors, images).result()


def redis_faults(field: Field) -> Table:
    rows = [*_none(field), *_late(field), *_read_only(field)]
    for name, number in _SIGNALS.items():
        rows += _gone(field, name, number)
    return Table("A Redis that fails", _ABOUT, _COLUMNS, rows)


def _none(field: Field) -> Iterator[Sequence[str]]:
    with _pair(field) as pair:
        yield _row("none", "", "new", pair.new(field.effort.turns), "")
        yield _row("none", "", "known", pair.known(field.effort.turns), "")


def _late(field: Field) -> Iterator[Sequence[str]]:
    port = servers.free_port()
    with servers.redis_at(port), relay_aside(_LATE, port) as late_port, _pair(field, late_port) as pair:
        yield _row("late", "closed", "new", pair.new(field.effort.turns), _CLOSED)


def _read_only(field: Field) -> Iterator[Sequence[str]]:
    port = servers.free_port()
    with servers.redis_at(port), _pair(field, port) as pair:
        with redis.Redis(HOST, port) as client:
            client.replicaof(HOST, "1")
        yield _row("read-only", "closed", "new", pair.new(field.effort.turns), _CLOSED)


def _gone(field: Field, name: str, number: signal.Signals) -> Iterator[Sequence[str]]:
    port, share = servers.free_port(), field.effort.turns // field.effort.rounds
    first: list[list[float]] = [[], []]
    new: list[list[float]] = [[], []]
    known: list[list[float]] = [[], []]
    with _pair(field, port) as pair:
        for _ in field.rounds(f"Redis, {name}"):
            with servers.redis_at(port) as pid:
                pair.until(pair.sees_redis)
                os.kill(pid, number)
                _add(first, pair.new(FIRST))
                pair.until(pair.leaves_redis_alone)
                _add(new, pair.new(share))
                _add(known, pair.known(share))
    yield _row(name, "closed", "new", first, _CLOSED)
    yield _row(name, "open", "new", new, _OPEN)
    yield _row(name, "open", "known", known, _OPEN)


def _add(kept: list[list[float]], taken: Seconds) -> None:
    for mine, new in zip(kept, taken, strict=True):
        mine += new


@contextmanager
def _pair(field: Field, redis_port: int | None = None) -> Iterator[Pair]:
    given = {"redis_url": f"redis://{HOST}:{redis_port}"} if redis_port else {}
    with (
        servers.proxy(field.backend, NOOP, **given) as ours,
        servers.proxy(field.backend, NOOP) as without,
    ):
        yield Pair(field, ours, without)


def _row(name: str, breaker: str, images: str, seconds: Seconds, bar: str) -> Sequence[str]:
    figures = [figure for taken in seconds for figure in middle_and_tail(taken)]
    return name, breaker, images, *map(milliseconds, figures), f"{(figures[1] - figures[3]) * 1000:+.2f}", bar
