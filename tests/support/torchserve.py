"""A real TorchServe for tests, on ports and in a folder of its own; nothing of it outlives the test session."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from model_serving.torchserve.ready import is_ready

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class TorchServe:
    """URLs without a path, and all that the server and its worker have said."""

    inference: str
    management: str
    metrics: str
    process: subprocess.Popen[bytes]
    output: Path

    def wait_until(self, condition: Callable[[], bool], seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output.read_text()[-4000:]
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
                raise AssertionError(self.output.read_text()[-4000:])

    def said(self, text: str) -> bool:
        return text in self.output.read_text()


@contextmanager
def torchserve(model_store: Path, **environment: str) -> Iterator[TorchServe]:
    """TorchServe over a model store, from its start; READY is for the caller to wait for."""
    scratch = Path(tempfile.mkdtemp(prefix="ts-", dir="/tmp"))  # short: Unix sockets lie in it
    inference, management, metrics = (f"http://127.0.0.1:{port}" for port in _free_ports(3))
    addresses = {"TS_INFERENCE_ADDRESS": inference, "TS_MANAGEMENT_ADDRESS": management, "TS_METRICS_ADDRESS": metrics}
    output = scratch / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "model_serving.torchserve", "--model-store", str(model_store)],
            env=os.environ | {"TMPDIR": str(scratch)} | addresses | environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        yield TorchServe(inference, management, metrics, process, output)
    finally:
        # Java and its worker are one process group. Asked politely, Java would take three seconds.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(scratch)


@contextmanager
def ready_torchserve(model_store: Path, **environment: str) -> Iterator[TorchServe]:
    with torchserve(model_store, **environment) as server:
        server.wait_until(lambda: is_ready(server.management))
        yield server


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def _die_with_parent() -> None:
    """Also a test session that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
