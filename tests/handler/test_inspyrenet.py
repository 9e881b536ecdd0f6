import io
import json
from pathlib import Path

import pytest
from PIL import Image

from handler.inspyrenet import InspyrenetHandler
from tests.handler.worker import worker_context
from tests.support.pictures import picture


@pytest.fixture
def handler(unpacked: Path) -> InspyrenetHandler:
    handler = InspyrenetHandler()
    handler.initialize(worker_context(unpacked))
    return handler


def test_one_bad_item_never_fails_its_batch(handler: InspyrenetHandler, unpacked: Path) -> None:
    good, context = {"body": bytearray(picture(80, 40))}, worker_context(unpacked, rows=4)
    bodies = handler.handle([good, good, {"body": bytearray(b"no image")}, good], context)
    assert [context.get_response_status(index)[0] for index in range(4)] == [200, 200, 422, 200]
    assert json.loads(bodies[2]).keys() == {"code", "message"}
    assert [Image.open(io.BytesIO(bodies[index])).size for index in (0, 1, 3)] == [(64, 32)] * 3


def test_a_form_field_called_data_is_an_image_too(handler: InspyrenetHandler, unpacked: Path) -> None:
    context = worker_context(unpacked, rows=1)
    handler.handle([{"data": bytearray(picture(80, 40))}], context)
    assert context.get_response_status(0)[0] == 200


def test_a_row_without_an_image_is_refused(handler: InspyrenetHandler, unpacked: Path) -> None:
    context = worker_context(unpacked, rows=1)
    handler.handle([{}], context)
    assert context.get_response_status(0)[0] == 422


def test_the_pixel_limit_of_the_proxy_holds_here_too(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMATTE_MAX_IMAGE_PIXELS", "3200")
    handler, context = InspyrenetHandler(), worker_context(unpacked, rows=2)
    handler.initialize(worker_context(unpacked))
    handler.handle([{"body": picture(80, 40)}, {"body": picture(80, 41)}], context)
    assert [context.get_response_status(index)[0] for index in range(2)] == [200, 422]


def test_a_required_device_that_is_missing_fails_the_load(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMATTE_REQUIRE_DEVICE", "cuda")
    with pytest.raises(RuntimeError, match="REMATTE_REQUIRE_DEVICE=cuda, but") as caught:
        InspyrenetHandler().initialize(worker_context(unpacked))
    assert "CUDA" not in str(caught.value)  # which TorchServe would report as memory that ran out


def test_a_required_device_that_is_there_is_used(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMATTE_REQUIRE_DEVICE", "cpu")
    InspyrenetHandler().initialize(worker_context(unpacked))
