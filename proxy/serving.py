"""`rematte serve`: the application behind uvicorn, one process, one line when it listens."""

import re
import socket

import uvicorn

from proxy.app import TORCHSERVE_URL, build_app
from proxy.listening import bind, shown_url
from proxy.settings import Settings
from proxy.telemetry.logs import set_up

LAST_ANSWERS_S = 8
"""Seconds that requests in progress are given when the server is to stop."""
IDLE_CONNECTION_S = 75
"""Longer than clients keep an idle connection (nginx's number): who closes first never meets a request under way."""


def serve(settings: Settings) -> None:
    """Returns when a signal has stopped it. Raises CannotListen, and ValueError for a Redis URL that is none."""
    door = bind(settings.host, settings.port)
    set_up(settings.log_level, settings.log_format)
    config = uvicorn.Config(
        build_app(settings),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the caller is
        timeout_keep_alive=IDLE_CONNECTION_S,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
    _Announcing(config, settings).run(sockets=[door])


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        url = shown_url(self._settings.host, self._settings.port)
        print(f"Rematte listens on {url}: {_parts(self._settings)}.", flush=True)


def _parts(settings: Settings) -> str:
    model = settings.torchserve_url or TORCHSERVE_URL
    cache = "kept in memory alone"
    if settings.redis_url:
        cache = "shared through " + re.sub(r"//[^/@]*@", "//", settings.redis_url)  # without user and password
    return f"masks by {model}, {cache}"
