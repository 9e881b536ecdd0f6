"""The function as CVAT's tools load and call it, against every door of ours."""

import asyncio
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from cvat_sdk.auto_annotation import DetectionFunctionContext
from cvat_sdk.masks import decode_mask
from PIL import Image as Pillow

from proxy.api.keys import Keys
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.proxy.imaging.solids import ring
from tests.proxy.imaging.test_outlines import filled
from tests.support.fakes import FakeBackend, grey_png

FILE = Path(__file__).parents[2] / "integrations" / "cvat_function.py"
WIDTH, HEIGHT = 48, 32
SOLID = ring(WIDTH, HEIGHT)
PICTURE = corners(WIDTH, HEIGHT)


@dataclass
class Context(DetectionFunctionContext):
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False
    frame_name: str = "cat.jpg"


@dataclass
class Answer:
    status: int
    data: bytes


class Pool:
    """urllib3's, as far as the function uses it, with the house at the other end."""

    def __init__(self, it: House) -> None:
        self._client, self._loop = it.client, asyncio.get_running_loop()

    def request(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        sending = self._client.request(method, url, content=body, headers=headers)
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result(timeout=30)
        return Answer(answer.status_code, answer.content)


def loaded() -> ModuleType:
    """As `cvat-cli --function-file` does it."""
    spec = importlib.util.spec_from_file_location("cvat_function", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def detected(it: House, context: Context, **parameters: str) -> list[Any]:
    function = loaded().create(pool=Pool(it), **parameters)
    shapes: list[Any] = await asyncio.to_thread(function.detect, context, PICTURE)
    return shapes


def backend() -> FakeBackend:
    return FakeBackend(mask=file_of(Pillow.fromarray(SOLID * np.uint8(200))))


def test_the_label_is_the_tasks_own():
    assert [label.name for label in loaded().create(label="cat").spec.labels] == ["cat"]


async def test_cvat_is_given_the_mask():
    async with house(backend()) as it:
        (shape,) = await detected(it, Context())
    assert (shape.type.value, shape.label_id, shape.frame) == ("mask", 0, 0)
    assert (decode_mask(shape.points, image_width=WIDTH, image_height=HEIGHT) == SOLID).all()


async def test_where_cvat_wants_polygons_it_is_given_them_with_their_holes_joined():
    async with house(backend()) as it:
        shapes = await detected(it, Context(conv_mask_to_poly=True))
    again = filled([np.array(shape.points).reshape(-1, 2) for shape in shapes], SOLID)
    assert {shape.type.value for shape in shapes} == {"polygon"}
    assert (again & SOLID).sum() / (again | SOLID).sum() > 0.9


@pytest.mark.parametrize(("confidence", "found"), [(0.0, 1), (0.78, 1), (0.8, 0)])
async def test_the_confidence_is_a_threshold_on_the_kept_mask(confidence: float, found: int):
    async with house(backend()) as it:
        assert len(await detected(it, Context(conf_threshold=confidence))) == found


async def test_where_nothing_stands_out_there_are_no_shapes():
    async with house(FakeBackend(mask=grey_png(level=0))) as it:
        assert await detected(it, Context()) == []


async def test_the_same_frame_again_costs_no_inference():
    server = backend()
    async with house(server) as it:
        for polygons in (False, True, False):
            await detected(it, Context(conv_mask_to_poly=polygons))
    assert server.calls == 1


async def test_the_key_is_sent_and_a_refusal_is_told_in_the_servers_words():
    async with house(backend(), keys=Keys(["a-key-of-this-server"])) as it:
        assert await detected(it, Context(), api_key="a-key-of-this-server")
        with pytest.raises(RuntimeError, match=r"/v1/mask answered 401: Send one of this server's keys"):
            await detected(it, Context())
