import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from model_serving.training.checking import Score
from model_serving.training.pushgateway import gateway
from model_serving.training.reports import Checked, Progressed

PROGRESSED = Progressed(30, 100, 3, 10, 0.75, 1e-4, 12.5, 33.6)
CHECKED = Checked(30, 3, 10, 0.8, Score(0.9, 0.02), True)

Push = tuple[str, str, dict[str, float]]
"""Method, path and the numbers by name."""


class StandIn(ThreadingHTTPServer):
    """A Pushgateway as far as a pusher sees it."""

    daemon_threads = True
    status = 200
    pushes: Queue[Push]
    open: threading.Event
    """Until it is set, nobody is answered."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Door(BaseHTTPRequestHandler):
    server: StandIn

    def do_PUT(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        self.server.pushes.put((self.command, self.path, {sample.name: sample.value for sample in samples}))
        self.server.open.wait(30)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def standing_in() -> Iterator[StandIn]:
    with StandIn(("127.0.0.1", 0), Door) as server:
        server.pushes, server.open = Queue(), threading.Event()
        server.open.set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standing_in() as server:
        yield server


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=400)


def last(server: StandIn) -> Push:
    pushed = [server.pushes.get(timeout=30)]
    while not server.pushes.empty():
        pushed.append(server.pushes.get())
    return pushed[-1]


def test_numbers_are_pushed_under_the_variants_name(server: StandIn, console: Console):
    with gateway(server.address, "base", console) as pushing:
        pushing.progressed(PROGRESSED)
    method, path, numbers = last(server)
    assert (method, path) == ("PUT", "/metrics/job/rematte_training/variant/base")
    assert numbers["rematte_training_step"] == 30
    assert numbers["rematte_training_loss"] == 0.75
    assert numbers["rematte_training_images_per_second"] == 12.5
    assert numbers["rematte_training_seconds_left"] == 33.6
    assert not [name for name in numbers if "held_out" in name]


def test_held_out_numbers_come_when_there_are_some_and_stay(server: StandIn, console: Console):
    with gateway(server.address, "base", console) as pushing:
        pushing.checked(CHECKED)
        pushing.progressed(replace(PROGRESSED, step=31))
    numbers = last(server)[2]
    assert numbers["rematte_training_held_out_iou"] == 0.9
    assert numbers["rematte_training_held_out_mae"] == 0.02
    assert numbers["rematte_training_step"] == 31


def test_a_gateway_that_is_down_costs_one_line(server: StandIn, console: Console):
    address = server.address
    server.server_close()
    with gateway(address, "base", console) as pushing:
        for step in range(3):
            pushing.progressed(replace(PROGRESSED, step=step))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{address}: no metrics pushed (")


@pytest.mark.parametrize("address", ["not an address:x", "ftp://127.0.0.1", "http://["])
def test_nor_does_an_address_that_is_none(address: str, console: Console):
    with gateway(address, "base", console) as pushing:
        pushing.progressed(PROGRESSED)
    assert isinstance(console.file, io.StringIO)
    assert "the training goes on" in console.file.getvalue()


def test_one_that_hangs_delays_no_step(server: StandIn, console: Console):
    server.open.clear()
    with gateway(server.address, "base", console) as pushing:
        pushing.progressed(PROGRESSED)
        assert server.pushes.get(timeout=30)[2]["rematte_training_step"] == 30
        for step in range(31, 100):
            pushing.progressed(replace(PROGRESSED, step=step))
        server.open.set()
    assert last(server)[2]["rematte_training_step"] == 99
    assert server.pushes.qsize() == 0


def test_one_that_refuses_is_told_of_too(server: StandIn, console: Console):
    server.status = 400
    with gateway(server.address, "base", console) as pushing:
        pushing.progressed(PROGRESSED)
    assert isinstance(console.file, io.StringIO)
    assert "HTTP Error 400" in console.file.getvalue()
