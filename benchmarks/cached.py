"""What a hit costs, against the least that could answer at all."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from benchmarks import servers
from benchmarks.archives import NOOP
from benchmarks.field import Field
from benchmarks.link import HOST
from benchmarks.load import Door, Timing
from benchmarks.pictures import copies, photo
from benchmarks.report import Table, kilobytes, middle_and_tail, milliseconds

CONNECTIONS = 8
IMAGES = 16
_NGINX_MOST_BYTES = 64 * 1024
_PHOTOS = (((640, 480), 60_000), ((1024, 768), 300_000))
_FLOORS = {"Rematte, memory": "bare, dictionary", "Rematte, Redis": "bare, Redis"}
_ABOUT = f"""\
`POST /v1/mask` with a raw body over {CONNECTIONS} keep-alive connections, {IMAGES} images in turn, one worker process
for each server; medians of all rounds. *Bare* is an ASGI application on the same uvicorn (httptools, uvloop) that reads
the body, hashes it (XXH3-128) and answers with the same PNG from a dictionary, or by a GET from the same Redis: no
routes, no proof that the entry is the image's, no expiry. *nginx* is its `proxy_cache` keyed on the body, one worker,
in front of the bare application: it cannot cache a body above 64 kB, and is left out where it is not installed.
*Rematte, Redis* runs without its memory tier, and with a head start so long that no inference joins the race when the
machine is full."""
REDIS_ALONE = {"memory_bytes": "0", "race_head_start_ms": "10000", "redis_timeout_ms": "10000"}
_JPEG = {"content-type": "image/jpeg"}


def cached(field: Field) -> Table:
    rows = [row for size, file_bytes in _PHOTOS for row in _rows(field, photo(size, file_bytes))]
    return Table("A cached image", _ABOUT, ("image", "who", "req/s", "of its floor", "p50 ms", "p99 ms"), rows)


def _rows(field: Field, picture: bytes) -> Iterator[Sequence[str]]:
    image = kilobytes(len(picture))
    bodies = list(islice(copies(picture), IMAGES))
    with _contenders(field, bodies) as doors:
        timings = field.flood(f"cached, {image}", doors, bodies, CONNECTIONS)
    rates = {name: median(timing.rate for timing in rounds) for name, rounds in timings.items()}
    for name, rounds in timings.items():
        share = f"{rates[name] / rates[_FLOORS[name]]:.0%}" if name in _FLOORS else ""
        yield image, name, f"{rates[name]:,.0f}", share, *_latencies(rounds)


def _latencies(rounds: Sequence[Timing]) -> Iterator[str]:
    figures = [middle_and_tail(timing.latencies) for timing in rounds]
    return (milliseconds(median(kind)) for kind in zip(*figures, strict=True))


@contextmanager
def _contenders(field: Field, bodies: Sequence[bytes]) -> Iterator[dict[str, Door]]:
    """Each of them knows the bodies already."""
    with ExitStack() as stack:
        answer = Path(stack.enter_context(TemporaryDirectory()), "answer.png")
        ours = stack.enter_context(field.proxy(NOOP)).port
        shared = stack.enter_context(field.proxy(NOOP, **REDIS_ALONE)).port
        answer.write_bytes(httpx.post(f"http://{HOST}:{ours}/v1/mask", content=bodies[0], headers=_JPEG).content)
        bare, bare_redis = (stack.enter_context(servers.peer(answer, url)).port for url in ("", field.redis_url))
        doors = {
            "Rematte, memory": Door(ours, "/v1/mask", b'desc="memory"'),
            "bare, dictionary": Door(bare, "/"),
            "Rematte, Redis": Door(shared, "/v1/mask", b'desc="redis"'),
            "bare, Redis": Door(bare_redis, "/"),
        }
        if (program := shutil.which("nginx")) and len(bodies[0]) < _NGINX_MOST_BYTES:
            cache = stack.enter_context(servers.nginx(program, servers.Served(bare, 0)))
            doors["nginx"] = Door(cache.port, "/")
        field.take_turns("cached, first time", [Door(door.port, door.path) for door in doors.values()], bodies)
        yield doors
