"""`rematte serve`: the application behind uvicorn, in one process or several, and one line when it listens."""

import math
import os
import re
import signal
import socket
import time
from contextlib import suppress
from functools import partial
from multiprocessing import parent_process
from multiprocessing.synchronize import Semaphore
from tempfile import TemporaryDirectory
from types import FrameType

import uvicorn

from proxy.api.drain import Drain
from proxy.app import LAST_LANDINGS_S, TORCHSERVE_URL, build_app
from proxy.heap import keep_small
from proxy.listening import bind, shown_url
from proxy.settings import Settings
from proxy.telemetry.logs import set_up
from proxy.telemetry.metrics import bury
from proxy.workers import Workers

LAST_BYTES_S = 2
"""Seconds for answers that are being sent when the drain is over."""
LAST_WRITES_S = LAST_LANDINGS_S + 1
"""Seconds for what a process does after its last answer, before it is killed: masks land, and get to Redis."""
IDLE_CONNECTION_S = 75
"""Longer than clients keep an idle connection (nginx's number): who closes first never meets a request under way."""


def serve(settings: Settings) -> None:
    """Returns when a signal has stopped it.

    Raises CannotListen, CannotStart, and ValueError for a Redis URL that is none.
    """
    door = bind(settings.host, settings.port, may_be_reached=settings.may_be_reached)
    if settings.workers == 1:
        return _Server(settings).run(sockets=[door])
    set_up(settings.log_level, settings.log_format)
    build_app(settings)  # what is wrong with the settings is said once, and here
    with TemporaryDirectory(prefix="rematte-metrics-") as counts:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts  # the package's own way to be told
        workers = Workers(
            settings.workers,
            _work,
            (settings, door),
            announce=partial(_announce, settings),
            bury=partial(bury, folder=counts),
        )
        return workers.run(settings.drain_s + LAST_BYTES_S + LAST_WRITES_S)


def _work(settings: Settings, door: socket.socket, ready: Semaphore) -> None:
    """The life of one process of several."""
    with suppress(KeyboardInterrupt):  # uvicorn raises again what it has captured
        _Server(settings, ready).run(sockets=[door])


class _Server(uvicorn.Server):
    """On a signal it finishes what is under way before it closes its port; a second Ctrl-C closes it at once."""

    def __init__(self, settings: Settings, ready: Semaphore | None = None) -> None:
        keep_small()
        set_up(settings.log_level, settings.log_format)
        app = build_app(settings)
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                loop="uvloop",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing here asks who the caller is
                timeout_keep_alive=IDLE_CONNECTION_S,
                timeout_graceful_shutdown=LAST_BYTES_S,
            )
        )
        self._drain: Drain = app.state.service.drain
        self._settings = settings
        self._ready = ready
        self._closes_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready is None:
            _announce(self._settings)
        else:
            self._ready.release()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a handler
        if self._drain.begun and sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
        if not self._drain.begun:
            self._captured_signals.append(sig)
            self._leave()
        return

    async def on_tick(self, counter: int) -> bool:
        if self._ready is not None and not _has_parent():
            self._leave()
        left_s = self._closes_at - time.monotonic()
        if self._drain.begun and (self._drain.is_empty or left_s < 0):
            # Answers that are ready may still be on their way to slow callers.
            # uvicorn takes whole seconds; rounded up, they would be the parent's.
            self.config.timeout_graceful_shutdown = LAST_BYTES_S + math.floor(max(0.0, left_s))
            self.should_exit = True
        return await super().on_tick(counter)

    def _leave(self) -> None:
        if not self._drain.begun:
            self._drain.begin()
            self._closes_at = time.monotonic() + self._settings.drain_s


def _has_parent() -> bool:
    parent = parent_process()
    return parent is not None and parent.is_alive()


def _announce(settings: Settings) -> None:
    url = shown_url(settings.host, settings.port)
    processes = f" in {settings.workers} processes" if settings.workers > 1 else ""
    print(f"Rematte listens on {url}{processes}: {_parts(settings)}.", flush=True)


def _parts(settings: Settings) -> str:
    model = settings.torchserve_url or TORCHSERVE_URL
    cache = "kept in memory alone"
    if settings.redis_url:
        cache = "shared through " + re.sub(r"//[^/@]*@", "//", settings.redis_url.partition("?")[0])  # no passwords
    return f"masks by {model}, {cache}"
