"""`rematte serve` as users run it: a process of its own, on a loopback socket."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.support.eventually import eventually
from tests.support.torchserve import TorchServe

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_S = 90.0

UNHURRIED = {"race_head_start_ms": "60000", "redis_timeout_ms": "60000"}
"""For tests that count: a healthy Redis is never too slow, however busy the machine."""


@dataclass(frozen=True, slots=True)
class RunningProxy:
    url: str
    client: httpx.Client
    process: subprocess.Popen[bytes]

    def mask(self, image: bytes, **headers: str) -> httpx.Response:
        return self.client.post("/v1/mask", content=image, headers={"content-type": "image/jpeg"} | headers)

    def cutout(self, image: bytes) -> httpx.Response:
        return self.client.post("/v1/cutout", content=image, headers={"content-type": "image/jpeg"})

    def readiness(self) -> dict[str, Any]:
        body: dict[str, Any] = self.client.get("/readyz").json()
        return body


@contextmanager
def running_proxy(backend: TorchServe, redis_url: str | None, **settings: str) -> Iterator[RunningProxy]:
    """Once it is ready. `memory_bytes="0"` is REMATTE_MEMORY_BYTES=0, and so on. At the end it may finish its work."""
    port = _free_port()
    given = {"port": str(port), "torchserve_url": backend.inference, "torchserve_management_url": backend.management}
    given |= {"redis_url": redis_url} if redis_url else {}
    with TemporaryDirectory() as folder, open(f"{folder}/log", "w+b") as log:  # a folder without a `.env`
        process = subprocess.Popen(
            [sys.executable, "-m", "proxy.cli", "serve"],
            cwd=folder,
            env=_environment(given | settings),
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=url, timeout=_PATIENCE_S, trust_env=False) as client:
                eventually(lambda: _is_ready(process, client, Path(log.name)), _PATIENCE_S)
                yield RunningProxy(url, client, process)
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


def served_from(answer: httpx.Response) -> str:
    """`memory`, `redis` or `model`; fails for an answer that is no success."""
    assert answer.status_code == httpx.codes.OK, answer.text
    if "fwd=miss" in answer.headers["cache-status"]:
        return "model"
    assert "; hit;" in answer.headers["cache-status"]
    return next(tier for tier in ("memory", "redis") if f'desc="{tier}"' in answer.headers["server-timing"])


def _environment(settings: dict[str, str]) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("REMATTE_")}
    ours = {f"REMATTE_{name.upper()}": value for name, value in settings.items()}
    return others | ours | {"PYTHONPATH": str(_CHECKOUT)}


def _is_ready(process: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return client.get("/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])
