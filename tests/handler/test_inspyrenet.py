import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.nn.modules.module import register_module_forward_pre_hook

from handler.inspyrenet import InspyrenetHandler
from model_serving.integrity import DamagedArchive
from model_serving.network import InSPyReNet
from tests.handler.worker import worker_context
from tests.support.pictures import picture


@pytest.fixture
def handler(unpacked: Path) -> InspyrenetHandler:
    handler = InspyrenetHandler()
    handler.initialize(worker_context(unpacked))
    return handler


@contextmanager
def room_for(batch: int) -> Iterator[None]:
    """The device has no memory for larger batches."""

    def allocate(module: torch.nn.Module, arguments: Any) -> None:
        if isinstance(module, InSPyReNet) and len(arguments[0]) > batch:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = register_module_forward_pre_hook(allocate)
    try:
        yield
    finally:
        hook.remove()


def test_one_bad_item_never_fails_its_batch(handler: InspyrenetHandler, unpacked: Path) -> None:
    good, context = {"body": bytearray(picture(80, 40))}, worker_context(unpacked, rows=4)
    bodies = handler.handle([good, good, {"body": bytearray(b"no image")}, good], context)
    assert [context.get_response_status(index)[0] for index in range(4)] == [200, 200, 422, 200]
    assert json.loads(bodies[2]).keys() == {"code", "message"}
    assert [Image.open(io.BytesIO(bodies[index])).size for index in (0, 1, 3)] == [(64, 32)] * 3


@pytest.mark.parametrize("size", [(1, 1), (2000, 50), (50, 2000)], ids=["one pixel", "panorama", "tower"])
def test_odd_shapes_have_masks_like_any_other(
    handler: InspyrenetHandler, unpacked: Path, size: tuple[int, int]
) -> None:
    context = worker_context(unpacked, rows=1)
    [body] = handler.handle([{"body": picture(*size)}], context)
    assert context.get_response_status(0)[0] == 200
    width, height = Image.open(io.BytesIO(body)).size
    assert (width, height) == (1, 1) or width / height == pytest.approx(size[0] / size[1], rel=0.5)


def test_what_memory_has_no_room_for_is_answered_507(handler: InspyrenetHandler, unpacked: Path) -> None:
    context = worker_context(unpacked, rows=2)
    with room_for(0):
        bodies = handler.handle([{"body": picture(80, 40)}, {"body": b"no image"}], context)
    assert [context.get_response_status(index)[0] for index in range(2)] == [507, 422]
    message = "no memory is left on the device for a picture of 80 x 40 pixels"
    assert json.loads(bodies[0]) == {"code": "out_of_memory", "message": message}


def test_a_batch_that_memory_has_no_room_for_is_answered_in_parts(handler: InspyrenetHandler, unpacked: Path) -> None:
    good, context = {"body": picture(80, 40)}, worker_context(unpacked, rows=3)
    with room_for(1):
        handler.handle([good] * 3, context)
    assert [context.get_response_status(index)[0] for index in range(3)] == [200] * 3


def test_one_flipped_bit_in_the_weights_fails_the_load(unpacked: Path, tmp_path: Path) -> None:
    """Such weights load, and make other masks under the same version."""
    shutil.copytree(unpacked, tmp_path / "model")
    weights = next((tmp_path / "model").glob("weights.*"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(DamagedArchive, match="build it anew with `make model`"):
        InspyrenetHandler().initialize(worker_context(tmp_path / "model"))


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
