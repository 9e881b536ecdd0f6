import os
import socket
from pathlib import Path

import pytest

from proxy.up.child import Child
from proxy.up.torchserve import Addresses, free_addresses, refusal
from tests.support.eventually import eventually


def held_ports(count: int) -> tuple[list[socket.socket], list[int]]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    return held, [holder.getsockname()[1] for holder in held]


def test_the_usual_ports_are_taken_where_they_are_free():
    held, ports = held_ports(3)
    for holder in held:
        holder.close()
    assert free_addresses((ports[0], ports[1], ports[2])) == Addresses(*(f"http://127.0.0.1:{port}" for port in ports))


def test_others_are_taken_where_they_are_not():
    held, ports = held_ports(3)
    found = free_addresses((ports[0], ports[1], ports[2]))
    for holder in held:
        holder.close()
    addresses = {found.inference, found.management, found.metrics}
    assert len(addresses) == 3
    assert addresses.isdisjoint(f"http://127.0.0.1:{port}" for port in ports)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("MODEL_LOG - Failed to load model inspyrenet, exception There is no GPU.", "There is no GPU."),
        (
            "MODEL_LOG - inspyrenet.mar small-1 cannot be served: it is damaged; build it anew",
            "inspyrenet.mar small-1 cannot be served: it is damaged; build it anew",
        ),
        ("MODEL_LOG - Torch worker started.", None),
    ],
)
def test_why_a_model_will_not_load_is_read_from_the_log(tmp_path: Path, line, reason):
    child = Child.start("TorchServe", ("echo", line), os.environ, tmp_path / "log")
    eventually(lambda: child.status is not None)
    assert refusal(child) == reason
