import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.nn.modules.module import register_module_forward_pre_hook

from handler.inspyrenet import InspyrenetHandler
from model_serving.integrity import version_of
from model_serving.network import InSPyReNet
from model_serving.served import card_in
from tests.handler.worker import worker_context
from tests.support.models import flip_a_bit
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


def refusal_of(folder: Path) -> str:
    """What its worker says to every image, and to a question without one."""
    handler, context = InspyrenetHandler(), worker_context(folder, rows=2)
    handler.initialize(worker_context(folder))
    bodies = handler.handle([{"body": bytearray(picture(80, 40))}, {}], context)
    assert [context.get_response_status(index)[0] for index in range(2)] == [503, 503]
    [(code, message)] = {tuple(json.loads(body).values()) for body in bodies}
    assert (code, message.count("\n")) == ("model_refused", 0)
    return str(message)


def test_one_flipped_bit_in_the_weights_and_every_image_is_refused(unpacked: Path, tmp_path: Path) -> None:
    shutil.copytree(unpacked, tmp_path / "model")
    flip_a_bit(next((tmp_path / "model").glob("weights.*")))
    version = worker_context(unpacked).manifest["model"]["modelVersion"]
    assert re.fullmatch(
        rf"inspyrenet\.mar {version} cannot be served: the archive's files are damaged: they are small-\w+ and not "
        rf"{version}; build it anew with `make model`, with VARIANT and WEIGHTS as before, and restart TorchServe",
        refusal_of(tmp_path / "model"),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"runtime": "compile"}, "this machine cannot run what was compiled on another"),
        ({"variant": "base"}, "these are weights of the variant small, not base"),
    ],
    ids=["runtime", "weights"],
)
def test_whole_archives_that_cannot_be_opened_are_refused_too(
    unpacked: Path, tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(unpacked, folder)
    replace(card_in(folder), **changes).write(folder)
    manifest = folder / "MAR-INF" / "MANIFEST.json"
    said = json.loads(manifest.read_text())
    said["model"]["modelVersion"] = version_of("small", folder, besides=("MAR-INF", said["model"]["configFile"]))
    manifest.write_text(json.dumps(said))
    assert reason in refusal_of(folder)


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
