"""The `rematte` command as a process; what it asks for masks is a stand-in with a gate."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.support.eventually import eventually

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    output: str
    errors: str


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("REMATTE_")}
    process = subprocess.Popen(
        (sys.executable, "-m", "proxy.cli", *arguments),
        cwd=folder,
        env=others | settings | {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{folder}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> Ended:
    output, errors = process.communicate(timeout=60)
    return Ended(process.returncode, output, errors)


def rematte(folder: Path, *arguments: str, **settings: str) -> Ended:
    with running(folder, *arguments, **settings) as process:
        return ended(process)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


@pytest.mark.parametrize("name", ["serve", "up", "mask"])
def test_an_unknown_setting_is_refused_in_one_line(tmp_path, name):
    (tmp_path / "cat.jpg").touch()
    arguments = ("cat.jpg", "-o", "out") if name == "mask" else ()
    end = rematte(tmp_path, name, *arguments, REMATTE_PROT="9000")
    assert end == Ended(
        2, "", "rematte: REMATTE_PROT is no setting of Rematte; docs/settings.md lists those there are.\n"
    )


DEAD_AND_SOON = """
import functools, os, sys
if "--multiprocessing-fork" in sys.orig_argv:
    os._exit(3)
from proxy import workers
workers.Workers = functools.partial(workers.Workers, tick_s=0.05)
"""


def test_workers_that_cannot_start_end_it_and_the_last_line_says_so(tmp_path, port):
    (tmp_path / "sitecustomize.py").write_text(DEAD_AND_SOON)
    end = rematte(tmp_path, "serve", REMATTE_PORT=str(port), REMATTE_WORKERS="2")
    assert (end.status, end.output) == (1, "")
    assert end.errors.splitlines()[-1] == (
        "rematte: A worker process ended 5 times before it could serve, at last with exit status 3."
    )


def test_a_setting_may_stand_in_a_file(tmp_path):
    (tmp_path / ".env").write_text("REMATTE_PORT=many\nREMATTE_HOST=\nPATH=/nowhere\n")
    end = rematte(tmp_path, "serve")
    assert end.status == 2
    assert re.fullmatch(r"rematte: REMATTE_PORT='many': .*\n", end.errors)


def test_what_is_typed_goes_before_the_environment_and_that_before_the_file(tmp_path):
    (tmp_path / ".env").write_text("REMATTE_HOST=from.the.file\nREMATTE_PORT=1\n")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        end = rematte(tmp_path, "serve", "--port", str(port), REMATTE_PORT="2", REMATTE_HOST="127.0.0.1")
    assert end.status == 1
    assert end.errors.startswith(f"rematte: Port {port} of 127.0.0.1 is taken: ")
    assert end.errors.count("\n") == 1


def test_serving_says_where_and_ends_well_with_ctrl_c(tmp_path, port):
    redis = f"unix://me:secret@{tmp_path}/redis.sock?password=secret"
    with running(
        tmp_path, "serve", REMATTE_PORT=str(port), REMATTE_TORCHSERVE_URL="http://127.0.0.1:9", REMATTE_REDIS_URL=redis
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == (
            f"Rematte listens on http://localhost:{port}: masks by http://127.0.0.1:9, "
            f"shared through unix://{tmp_path}/redis.sock.\n"
        )
        assert httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).is_success
        process.send_signal(signal.SIGINT)
        end = ended(process)
    assert (end.status, end.output) == (0, "")
    assert "Traceback" not in end.errors


class Gate(ThreadingHTTPServer):
    """A server that masks every picture but texts, once it is open."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Masking)
        self.keys: list[str | None] = []
        self.asked, self.open = threading.Event(), threading.Event()


class Masking(BaseHTTPRequestHandler):
    server: Gate

    def do_POST(self) -> None:
        self.server.keys.append(self.headers["X-API-Key"])
        picture = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.set()
        self.server.open.wait(60)
        if picture == b"text":
            self._answer(422, "application/problem+json", b'{"detail": "This is no picture."}')
        else:
            self._answer(200, "image/png", b"%s of %s" % (self.path.encode(), picture))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Status", "rematte; hit; ttl=1800; detail=memory")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.open.set()
        server.shutdown()


@pytest.mark.parametrize("name", ["mask", "cutout"])
def test_pictures_are_sent_to_the_server_of_the_settings_with_a_line_for_each(tmp_path, gate, name):
    gate.open.set()
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    end = rematte(tmp_path, name, "cat.jpg", "-o", "out", REMATTE_PORT=str(gate.server_port))
    assert (end.status, end.errors) == (0, "")
    assert re.match(r"cat\.jpg  hit \(memory\)  \d+ ms  out/cat\.png\nhits: 1, misses: 0, failures: 0, ", end.output)
    assert (tmp_path / "out" / "cat.png").read_bytes() == b"/v1/%s of cat" % name.encode()


@pytest.mark.parametrize(("typed", "setting"), [(("--key", "k1"), ""), ((), "k1"), (("--key", "k1"), "k2")])
def test_the_key_is_the_one_that_was_typed_or_set(tmp_path, gate, typed, setting):
    gate.open.set()
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    server = {"REMATTE_PORT": str(gate.server_port), "REMATTE_API_KEY": setting}
    assert rematte(tmp_path, "mask", "cat.jpg", "-o", "out", *typed, **server).status == 0
    assert gate.keys == ["k1"]


def test_a_server_that_others_reach_without_a_key_does_not_start(tmp_path, port):
    end = rematte(tmp_path, "serve", "--host", "0.0.0.0", REMATTE_PORT=str(port))
    assert (end.status, end.output) == (1, "")
    assert re.fullmatch(r"rematte: REMATTE_HOST='0\.0\.0\.0' lets others in, .*\n", end.errors)


def test_a_failure_shows_in_the_exit_status(tmp_path, gate):
    gate.open.set()
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    (tmp_path / "text.jpg").write_bytes(b"text")
    end = rematte(tmp_path, "mask", ".", "-o", "out", "--url", f"http://127.0.0.1:{gate.server_port}")
    assert end.status == 1
    assert "text.jpg  failed" in end.output
    assert "This is no picture." in end.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cat.png"]


def test_ctrl_c_leaves_no_half_a_file(tmp_path, gate):
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    with running(tmp_path, "mask", "cat.jpg", "-o", "out", REMATTE_PORT=str(gate.server_port)) as process:
        eventually(gate.asked.is_set)
        process.send_signal(signal.SIGINT)
        assert ended(process) == Ended(130, "", "")
    assert not (tmp_path / "out").exists()


def test_without_a_server_there_is_one_line(tmp_path, port):
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    end = rematte(tmp_path, "mask", "cat.jpg", "-o", "out", REMATTE_PORT=str(port))
    assert (end.status, end.output) == (1, "")
    assert re.fullmatch(rf"rematte: No server at http://127\.0\.0\.1:{port}: start one .*\n", end.errors)


def test_a_picture_that_is_not_there_is_a_usage_error_in_one_line(tmp_path):
    assert rematte(tmp_path, "mask", "cat.jpg", "-o", "out") == Ended(2, "", "rematte: cat.jpg: no such file.\n")


def test_masks_that_are_pictures_need_a_folder(tmp_path):
    end = rematte(tmp_path, "mask", "cat.jpg", "--format", "webp")
    assert end == Ended(2, "", "rematte: --format webp: pictures need a folder of their own; name one with -o.\n")
