"""The archive in a real TorchServe: what the proxy relies on."""

import asyncio
import io
import re
from pathlib import Path

import httpx
import pytest
import torch
from PIL import Image

from model_serving.archive import Archive
from model_serving.remover import Mask
from model_serving.served import open_remover
from model_serving.torchserve.ready import is_ready
from tests.support.pictures import picture
from tests.support.torchserve import TorchServe, torchserve


def ask(server: TorchServe, body: bytes, media_type: str = "application/octet-stream") -> httpx.Response:
    url = f"{server.inference}/predictions/inspyrenet"
    return httpx.post(url, content=body, headers={"content-type": media_type}, timeout=60)


def mask_in(answer: httpx.Response) -> Image.Image:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content))


def inferences(server: TorchServe) -> float:
    metrics = httpx.get(f"{server.metrics}/metrics").text
    return sum(map(float, re.findall(r"^ts_inference_requests_total\{.*\} (\S+)$", metrics, re.MULTILINE)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_grey_mask_of_its_shape(server: TorchServe, kind: str) -> None:
    mask = mask_in(ask(server, picture(200, 100, kind)))
    assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (64, 32))


def test_a_mask_is_never_larger_than_its_picture(server: TorchServe) -> None:
    assert mask_in(ask(server, picture(40, 20))).size == (40, 20)


def test_a_photo_taken_sideways_gets_an_upright_mask(server: TorchServe) -> None:
    assert mask_in(ask(server, picture(200, 100, orientation=6))).size == (32, 64)


def test_torchserve_says_what_the_model_says(server: TorchServe, unpacked: Path) -> None:
    [expected] = open_remover(unpacked, torch.device("cpu")).remove([picture(200, 100)])
    answer = ask(server, picture(200, 100))
    assert isinstance(expected, Mask)
    assert answer.content == expected.png
    assert answer.headers["x-mask-confidence"] == f"{expected.confidence:.6f}"
    assert answer.headers["x-picture-name"] == expected.name.hex()
    assert re.findall(r"(\w+);dur=", answer.headers["server-timing"]) == ["decode", "network", "encode"]


def test_every_answer_names_the_version_that_torchserve_describes(server: TorchServe, archive: Archive) -> None:
    answers = [ask(server, body) for body in (picture(200, 100), b"no image")]
    assert [answer.headers["x-model-version"] for answer in answers] == [archive.version] * 2
    assert httpx.get(f"{server.management}/models/inspyrenet").json()[0]["modelVersion"] == archive.version


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(b"no image", "text/plain", id="text"),
        pytest.param(b'{"a": 1}', "application/json", id="json"),
        pytest.param(b"", "image/jpeg", id="empty"),
        pytest.param(picture(200, 100)[:-300], "image/jpeg", id="truncated"),
    ],
)
def test_bytes_that_are_no_image_are_refused_with_a_reason(server: TorchServe, body: bytes, media_type: str) -> None:
    answer = ask(server, body, media_type)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/json")
    assert answer.json().keys() == {"code", "message"}
    assert not {"x-mask-confidence", "x-picture-name"} & answer.headers.keys()


@pytest.mark.parametrize("media_type", ["text/plain", "application/json"])
def test_an_image_is_read_whatever_it_calls_itself(server: TorchServe, media_type: str) -> None:
    assert mask_in(ask(server, picture(200, 100), media_type)).size == (64, 32)


async def test_one_bad_image_of_four_at_once_fails_alone(server: TorchServe) -> None:
    bodies = [picture(200, 100), b"no image", picture(100, 200), picture(90, 90)]
    async with httpx.AsyncClient(base_url=server.inference, timeout=60) as client:
        answers = await asyncio.gather(*(client.post("/predictions/inspyrenet", content=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200, 422, 200, 200]
    assert [mask_in(answers[index]).size for index in (0, 2, 3)] == [(64, 32), (32, 64), (64, 64)]


def test_every_inference_is_counted_for_prometheus(server: TorchServe) -> None:
    before = inferences(server)
    ask(server, picture(200, 100))
    assert inferences(server) == before + 1


def test_the_worker_runs_the_archives_code_and_its_threads_do_not_spin(server: TorchServe) -> None:
    [worker] = httpx.get(f"{server.management}/models/inspyrenet").json()[0]["workers"]
    variables = Path("/proc", str(worker["pid"]), "environ").read_text().split("\0")
    environment = dict(variable.split("=", 1) for variable in variables if variable)
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "/elsewhere" not in environment["PYTHONPATH"]
    assert Path(environment["PYTHONPATH"].split(":")[0], "model_serving", "remover.py").exists()


def test_nobody_can_register_other_models(server: TorchServe) -> None:
    assert httpx.post(f"{server.management}/models", params={"url": "inspyrenet.mar"}).status_code == 405


def test_without_the_required_device_no_worker_starts_and_the_log_says_why(archive: Archive) -> None:
    with torchserve(archive.path.parent, REMATTE_REQUIRE_DEVICE="cuda") as server:
        server.wait_until(lambda: server.said("REMATTE_REQUIRE_DEVICE=cuda, but this worker has only a cpu device"))
        assert not is_ready(server.management)
