"""X-AnyLabeling's requests and the answers that its client reads (version 4.2)."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as Pillow

from proxy.api import Readiness
from proxy.api.keys import Keys
from proxy.imaging.run_lengths import Solid
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.proxy.imaging.solids import doughnut, ring
from tests.proxy.imaging.test_outlines import filled
from tests.support.fakes import FakeBackend, grey_png

WIDTH, HEIGHT = 48, 32
SOLID = ring(WIDTH, HEIGHT)
PICTURE = file_of(corners(WIDTH, HEIGHT), "JPEG")
PATH = "/x-anylabeling/v1/predict"


def backend(level: int = 255) -> FakeBackend:
    return FakeBackend(mask=file_of(Pillow.fromarray(SOLID * np.uint8(level))), confidence=0.75)


def asked(data: bytes = PICTURE, **params: Any) -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"model": "rematte", "image": f"data:image/jpeg;base64,{encoded}", "params": {"iou_threshold": 0.5} | params}


async def shapes(it: House, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await it.client.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    found: list[dict[str, Any]] = answer.json()["data"]["shapes"]
    return found


async def test_an_image_is_answered_with_a_polygon_for_each_object():
    async with house(backend()) as it:
        outer, inner = await shapes(it, asked())
    assert (outer["label"], outer["shape_type"], outer["score"]) == ("foreground", "polygon", 0.75)
    assert set(inner) == {
        "label", "shape_type", "points", "score", "attributes", "description", "difficult", "direction", "flags",
        "group_id", "kie_linking",
    }  # fmt: skip


async def test_its_polygons_are_the_mask_but_for_a_pixel_at_the_edges():
    async with house(backend()) as it:
        found = await shapes(it, asked(epsilon_factor=0))
    again = filled([np.array(shape["points"]) for shape in found], SOLID)
    assert (again & SOLID).sum() / (again | SOLID).sum() > 0.9


def kept(points: list[list[float]]) -> tuple[list[list[float]], bool]:
    """What the tool's `Shape.add_point` makes of them, and whether it closes the shape."""
    own: list[list[float]] = []
    closed = False
    for point in points:
        if own and point == own[0]:
            closed = True
        else:
            own.append(point)
    return own, closed


@pytest.mark.parametrize("solid", [doughnut(), ring(WIDTH, HEIGHT)], ids=["a doughnut", "rings"])
async def test_the_tool_closes_every_polygon_and_leaves_no_point_out(solid: Solid):
    height, width = solid.shape
    server = FakeBackend(mask=file_of(Pillow.fromarray(solid * np.uint8(255))))
    async with house(server) as it:
        found = await shapes(it, asked(file_of(corners(width, height))))
    for points in (shape["points"] for shape in found):
        assert kept(points) == (points[:-1], True)


async def test_a_coarser_mask_has_fewer_points():
    async with house(backend()) as it:
        fine, coarse = [await shapes(it, asked(epsilon_factor=factor)) for factor in (0.001, 0.05)]
    assert len(coarse[0]["points"]) < len(fine[0]["points"])


async def test_the_confidence_is_a_threshold_on_the_kept_mask_and_costs_no_inference():
    server = backend(level=128)
    async with house(server) as it:
        found = [len(await shapes(it, asked(conf_threshold=level))) for level in (0.25, 0.5, 0.51, 1.0)]
    assert found == [2, 2, 0, 0]
    assert server.calls == 1


async def test_a_confidence_that_nobody_has_set_is_the_one_that_the_tool_shows():
    async with house(backend(level=127)) as it:
        assert await shapes(it, asked(conf_threshold=0.0)) == []


async def test_an_image_may_come_as_plain_base64():
    async with house(backend()) as it:
        assert await shapes(it, asked() | {"image": base64.b64encode(PICTURE).decode()})


async def test_where_nothing_stands_out_there_are_no_shapes():
    async with house(FakeBackend(mask=grey_png(level=0))) as it:
        assert await shapes(it, asked()) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (asked(b"hello"), 422, "INVALID_IMAGE"),
        (asked() | {"image": "@@"}, 400, "INVALID_IMAGE"),
        (asked() | {"image": ""}, 400, "INVALID_IMAGE"),
        (asked() | {"model": "yolo11"}, 404, "MODEL_NOT_FOUND"),
        ({"model": "rematte"}, 400, "INVALID_IMAGE"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_the_tools_own_shape(body: dict[str, Any], status: int, code: str):
    async with house(backend()) as it:
        answer = await it.client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["success"], answer.json()["error"]["code"]) == (status, False, code)
    assert answer.json()["error"]["message"]


async def test_a_failing_model_server_is_an_inference_error():
    async with house(ready=False) as it:
        answer = await it.client.post(PATH, json=asked())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "INFERENCE_ERROR")


async def test_the_tool_finds_one_model_and_its_widgets():
    async with house() as it:
        models = (await it.client.get("/x-anylabeling/v1/models")).json()
        info = (await it.client.get("/x-anylabeling/v1/models/rematte/info")).json()
        none: httpx.Response = await it.client.get("/x-anylabeling/v1/models/sam/info")
    assert models == {"success": True, "data": {"rematte": info["data"]}}
    assert {widget["name"] for widget in info["data"]["widgets"]} >= {"button_run", "edit_conf", "mask_fineness_slider"}
    assert (none.status_code, none.json()["error"]["code"]) == (404, "MODEL_NOT_FOUND")


@pytest.mark.parametrize("ready", [True, False])
async def test_health_says_whether_a_model_is_there(ready: bool):
    async with house(readiness=lambda: Readiness(ready=ready)) as it:
        answer = (await it.client.get("/x-anylabeling/health")).json()
    assert (answer["status"], answer["models_loaded"]) == ("healthy", int(ready))


async def test_a_server_with_keys_wants_one_in_token_but_for_its_health():
    async with house(backend(), keys=Keys(["a-key-of-this-server"])) as it:
        refused = await it.client.post(PATH, json=asked())
        answer = await it.client.post(PATH, json=asked(), headers={"Token": "a-key-of-this-server"})
        health = await it.client.get("/x-anylabeling/health")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert (answer.status_code, health.status_code) == (200, 200)
