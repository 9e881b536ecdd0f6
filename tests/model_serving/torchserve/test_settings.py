"""TorchServe's two settings files, as TorchServe reads them."""

from urllib.parse import urlsplit

import pytest
import yaml

from model_serving.archive import SERVING


def properties() -> dict[str, str]:
    lines = SERVING.with_name("config.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("door", ["inference", "management", "metrics"])
def test_every_door_is_on_loopback(door: str) -> None:
    assert urlsplit(properties()[f"{door}_address"]).hostname == "127.0.0.1"


@pytest.mark.parametrize("door", ["grpc_inference", "grpc_management"])
def test_grpc_takes_any_free_port_of_loopback(door: str) -> None:
    assert (properties()[f"{door}_address"], properties()[f"{door}_port"]) == ("127.0.0.1", "0")


def test_no_value_has_a_comment_behind_it() -> None:
    assert [value for value in properties().values() if "#" in value or value != value.strip()] == []


def test_an_image_of_64_mib_passes_in_both_directions() -> None:
    assert properties()["max_request_size"] == properties()["max_response_size"] == str(64 * 1024 * 1024)


def test_the_queue_holds_what_two_proxies_send_ahead() -> None:
    serving = yaml.safe_load(SERVING.read_text())
    assert serving["useJobTicket"] is False  # it would refuse the second image
    assert serving["jobQueueSize"] >= 2 * serving["maxWorkers"] * serving["batchSize"] * 2
