"""What callers are told when TorchServe fails, how often it is asked, and how soon they know that there is no room."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from statistics import median

import httpx

from benchmarks import servers
from benchmarks.ailing import FAULTS, MODEL, ails
from benchmarks.archives import SHIPPED
from benchmarks.field import Field
from benchmarks.link import HOST
from benchmarks.load import Door, Window
from benchmarks.pictures import copies, photo
from benchmarks.report import Table, middle_and_tail, milliseconds

REQUESTS = 100
HANGING = 2
"""As many as the window lets in: one worker, one image at its door."""
KILLED = 2
"""Times: a new worker takes as long as the model takes to load."""
FEWER = {"hang": HANGING, "slow": 10}
"""Those that take their time."""
_TICK_S = 0.05
_ABOUT = f"""\
{REQUESTS} new images of 640 x 480, 60 kB, for each fault, one after the other (fewer where each takes its time).
*Stand-in* is a server that speaks TorchServe 0.12's answers word for word, or breaks its connections; *TorchServe* is
the real one with the shipped model: its worker held up until its queue is full, or killed. *Calls* is
how often the image was sent to it, by its own count; the bar is 1.1 for each request. Statuses are those of
docs/operations.md."""
_SHED = """\
The proxy's own queue is full (`REMATTE_MAX_QUEUE=1`, in front of a stand-in that hangs): a new image of 60 kB, and
`GET /livez`, in turns over a kept connection each. The bar is on the p99's ratio."""


def torchserve_faults(field: Field) -> Table:
    columns = ("fault", "of", "status", "problem", "calls per request", "bar", "p50 ms")
    return Table("A TorchServe that fails", _ABOUT, columns, [*_stand_in(field), *_real(field)])


def shed(field: Field) -> Table:
    fresh = copies(photo((640, 480), 60_000))
    with servers.ailing() as backend, servers.proxy(backend, MODEL, max_queue="1") as proxy, ExitStack() as stack:
        for image in islice(fresh, HANGING + 1):
            stack.enter_context(_waiting(Door(proxy.port, "/v1/mask"), ails(image, "hang")))
        _until(lambda: "rematte_queue_images 1.0" in servers.get(proxy.port, "/metrics"))
        doors = [Door(proxy.port, "/v1/mask", status=503), Window(proxy.port, "/livez")]
        refused, alive = field.take_turns("no room", doors, list(islice(fresh, field.effort.turns)))
    figures = *middle_and_tail(refused), *middle_and_tail(alive)
    row = *map(milliseconds, figures), f"{figures[1] / figures[3]:.2f}", "≤ 5"
    return Table("No room", _SHED, ("503 p50 ms", "p99 ms", "/livez p50 ms", "p99 ms", "ratio", "bar"), [row])


def _stand_in(field: Field) -> Iterator[Sequence[str]]:
    fresh = copies(photo((640, 480), 60_000))
    with servers.ailing() as backend, servers.proxy(backend, MODEL, deadline_s="2") as proxy:
        for name in field.progress.track(FAULTS, description="TorchServe fails"):
            images = [ails(image, name) for image in islice(fresh, FEWER.get(name, REQUESTS))]
            told, seconds = _ask(proxy, images)
            calls = json.loads(servers.get(backend.inference_port, "/calls"))[name]
            yield _row(name, "stand-in", told, calls / len(images), seconds)


def _real(field: Field) -> Iterator[Sequence[str]]:
    fresh = copies(photo((640, 480), 60_000))
    backend = field.backend
    with field.proxy(SHIPPED) as proxy, ExitStack() as stack:
        with _held_up(backend):
            direct = field.direct(SHIPPED)
            while backend.room(SHIPPED):
                stack.enter_context(_waiting(direct, next(fresh)))
                time.sleep(_TICK_S)
            before = backend.inferences(SHIPPED)
            told, seconds = _ask(proxy, list(islice(fresh, REQUESTS)))
            calls = backend.inferences(SHIPPED) - before
        yield _row("queue full", "TorchServe", told, calls / REQUESTS, seconds)
    with field.proxy(SHIPPED) as proxy:
        told, seconds, before = set(), [], backend.inferences(SHIPPED)
        for image in field.progress.track(list(islice(fresh, KILLED)), description="its worker dies"):
            os.kill(backend.worker(SHIPPED)[0], signal.SIGKILL)
            said, taken = _ask(proxy, [image])
            told, seconds = told | said, seconds + taken
            _until(lambda: backend.worker(SHIPPED)[1] == "READY")
        calls = backend.inferences(SHIPPED) - before
        yield _row("worker killed", "TorchServe", told, calls / len(seconds), seconds)


def _ask(proxy: servers.Served, images: Sequence[bytes]) -> tuple[set[str], list[float]]:
    """What was told, and the seconds of each."""
    told, seconds = set(), []
    with httpx.Client(base_url=f"http://{HOST}:{proxy.port}", timeout=120, trust_env=False) as client:
        for image in images:
            begun = time.perf_counter()
            answer = client.post("/v1/mask", content=image, headers={"content-type": "image/jpeg"})
            seconds.append(time.perf_counter() - begun)
            kind = answer.json()["type"].removeprefix("/problems/") if answer.is_error else "-"
            told.add(f"{answer.status_code} {kind}")
    return told, seconds


def _row(name: str, of: str, told: set[str], calls: float, seconds: Sequence[float]) -> Sequence[str]:
    statuses, kinds = (" or ".join(sorted(words)) for words in zip(*(it.split() for it in told), strict=True))
    return name, of, statuses, kinds, f"{calls:.2f}", "≤ 1.10", milliseconds(median(seconds))


@contextmanager
def _waiting(door: Door, image: bytes) -> Iterator[None]:
    """A caller who has sent the image and waits."""
    with socket.create_connection((HOST, door.port)) as wire:
        wire.sendall(door.request(image))
        yield


@contextmanager
def _held_up(backend: servers.TorchServe) -> Iterator[None]:
    worker, _ = backend.worker(SHIPPED)
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + servers.PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            if condition():
                return
        time.sleep(_TICK_S)
    raise servers.NotStarted("what the benchmark waits for does not come")
