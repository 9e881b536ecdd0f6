"""A TorchServe of our own. It listens on loopback; what it is told otherwise stands in `model_serving/torchserve`."""

import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proxy.up.child import Child
from proxy.up.crew import Crew
from proxy.up.place import Place

_PREFERRED = (8080, 8081, 8082)
_REFUSAL = re.compile(
    r"Failed to load model \S+ exception (.+)|Failed to start server\W+(.+)|(\S+ \S+ cannot be served: .+)"
)


@dataclass(frozen=True, slots=True)
class Addresses:
    inference: str
    management: str
    metrics: str


def free_addresses(preferred: tuple[int, ...] = _PREFERRED) -> Addresses:
    """The usual ports where they are free, others where they are not: nobody but the proxy has to know them."""
    held = [_hold(port) for port in preferred]
    ports = [holder.getsockname()[1] for holder in held]
    for holder in held:
        holder.close()
    return Addresses(*(f"http://127.0.0.1:{port}" for port in ports))


def start_torchserve(crew: Crew, place: Place, store: Path, at: Addresses, environment: Mapping[str, str]) -> Child:
    """TorchServe on its way; its model takes longer. Raises OSError when its log cannot be written."""
    ours = {
        "TMPDIR": str(place.scratch),
        "LOG_LOCATION": str(place.logs / "torchserve"),
        "TS_INFERENCE_ADDRESS": at.inference,
        "TS_MANAGEMENT_ADDRESS": at.management,
        "TS_METRICS_ADDRESS": at.metrics,
    }
    command = (sys.executable, "-m", "model_serving.torchserve", "--model-store", str(store))
    return crew.start("TorchServe", command, {**environment, **ours})


def refusal(torchserve: Child) -> str | None:
    """Why the model will not load, as soon as the log says so: TorchServe itself would go on trying for a day."""
    found = _REFUSAL.search(torchserve.log.read_text(errors="replace"))
    return next(filter(None, found.groups())) if found else None


def _hold(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))
