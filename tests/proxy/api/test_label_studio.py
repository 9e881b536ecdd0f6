"""Label Studio's requests, as its ML connector makes them; its own validator and decoder read the answers."""

import base64
import hashlib
import json
from typing import Any

import httpx
import numpy as np
import pytest
from label_studio_sdk.converter.brush import decode_rle
from label_studio_sdk.label_interface import LabelInterface
from PIL import Image as Pillow
from pydantic import ValidationError

from proxy.api import Readiness
from proxy.api.keys import Keys
from proxy.api.label_studio import Tasks
from proxy.errors import BackendAway
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import MODEL, FakeBackend, grey_png

WIDTH, HEIGHT = 40, 20
LEFT, RIGHT = np.s_[5:15, 4:12], np.s_[5:15, 28:36]
CONFIG = """<View>
  <Image name="photo" value="$picture" zoom="true"/>
  <BrushLabels name="brush" toName="photo"><Label value="Cat"/><Label value="Dog"/></BrushLabels>
  <KeyPointLabels name="kp" toName="photo" smart="true"><Label value="Cat"/><Label value="Dog"/></KeyPointLabels>
  <RectangleLabels name="box" toName="photo" smart="true"><Label value="Cat"/><Label value="Dog"/></RectangleLabels>
</View>"""


def two_objects() -> np.ndarray:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[LEFT] = levels[RIGHT] = 255
    return levels


def backend() -> FakeBackend:
    return FakeBackend(mask=file_of(Pillow.fromarray(two_objects())), confidence=0.875)


def picture(seed: int = 0) -> bytes:
    return file_of(corners(WIDTH, HEIGHT).point(lambda level: (level + seed) % 256))


def task(data: bytes | None = None, number: int = 1) -> dict[str, Any]:
    encoded = base64.b64encode(picture() if data is None else data).decode()
    return {"id": number, "data": {"picture": f"data:image/png;base64,{encoded}"}, "project": 1}


def body(*tasks: dict[str, Any], context: list[dict[str, Any]] | None = None, config: str = CONFIG) -> dict[str, Any]:
    params = {"login": None, "password": None, "context": context and {"result": context}}
    return {"tasks": list(tasks), "project": "1.1763690000", "label_config": config, "params": params}


def point(x: float, y: float, label: str = "Cat", **more: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": 0.32, "keypointlabels": [label]}
    return {"type": "keypointlabels", "from_name": "kp", "to_name": "photo", "value": value} | more


def rectangle(x: float, y: float, width: float, height: float, rotation: float = 0) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation, "rectanglelabels": ["Dog"]}
    return {"type": "rectanglelabels", "from_name": "box", "to_name": "photo", "value": value}


async def predicted(it: House, asked: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await it.client.post("/label-studio/predict", json=asked)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    for prediction in results:
        assert LabelInterface(CONFIG).validate_prediction(prediction, return_errors=True) == []
    return results


def painted(prediction: dict[str, Any]) -> np.ndarray:
    (region,) = prediction["result"]
    assert (region["original_width"], region["original_height"]) == (WIDTH, HEIGHT)
    return decode_rle(region["value"]["rle"]).reshape(HEIGHT, WIDTH, 4)[..., 3]


async def pointed_at(*shapes: dict[str, Any]) -> list[dict[str, Any]]:
    async with house(backend()) as it:
        (prediction,) = await predicted(it, body(task(), context=list(shapes)))
    return [prediction]


def only(*places: tuple[slice, ...]) -> np.ndarray:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place in places:
        levels[place] = 255
    return levels


async def test_a_task_gets_the_mask_of_its_image_as_a_brush_of_the_projects_own_tags():
    async with house(backend()) as it:
        (prediction,) = await predicted(it, body(task()))
    (region,) = prediction["result"]
    assert (region["from_name"], region["to_name"], region["value"]["brushlabels"]) == ("brush", "photo", ["Cat"])
    assert (prediction["score"], prediction["model_version"]) == (0.875, MODEL.version)
    assert (painted(prediction) == two_objects()).all()


async def test_a_wanted_point_keeps_its_object_and_its_label():
    (prediction,) = await pointed_at(point(20, 50, "Dog", is_positive=True))
    assert (painted(prediction) == only(LEFT)).all()
    assert prediction["result"][0]["value"]["brushlabels"] == ["Dog"]


async def test_a_point_that_does_not_say_is_a_wanted_one():
    (prediction,) = await pointed_at(point(80, 50))
    assert (painted(prediction) == only(RIGHT)).all()


async def test_an_unwanted_point_drops_its_object():
    (prediction,) = await pointed_at(point(20, 50, is_positive=False))
    assert (painted(prediction) == only(RIGHT)).all()


async def test_a_point_on_the_background_finds_nothing():
    (prediction,) = await pointed_at(point(50, 50))
    assert prediction["result"] == []


async def test_a_rectangle_cuts_the_mask():
    (prediction,) = await pointed_at(rectangle(0, 0, 20, 100))
    assert (painted(prediction) == only(np.s_[5:15, 4:8])).all()


async def test_a_rectangle_may_be_turned():
    upside_down = rectangle(20, 100, 20, 100, rotation=180)
    (prediction,) = await pointed_at(upside_down)
    assert (painted(prediction) == only(np.s_[5:15, 4:8])).all()


async def test_what_is_no_number_is_none():
    async with house(backend()) as it:
        text = json.dumps(body(task(), context=[point(float("nan"), float("inf"))]))
        answer = await it.client.post("/label-studio/predict", content=text)
    assert answer.json()["results"][0]["result"] == []


async def test_a_point_and_a_rectangle_are_the_part_of_the_object_in_it():
    (prediction,) = await pointed_at(rectangle(0, 0, 75, 100), point(20, 50))
    assert (painted(prediction) == only(LEFT)).all()


async def test_however_often_somebody_clicks_the_model_is_asked_once_and_our_own_doors_know_the_image_too():
    server = backend()
    async with house(server) as it:
        await predicted(it, body(task()))
        for x in (20, 80):
            await predicted(it, body(task(), context=[point(x, 50)]))
        kept = await it.client.get(f"/v1/masks/{hashlib.sha256(picture()).hexdigest()}")
    assert (server.calls, kept.status_code) == (1, 200)


async def test_a_batch_has_a_prediction_for_each_task_in_their_order():
    server = backend()
    async with house(server) as it:
        results = await predicted(it, body(*(task(picture(seed), seed) for seed in (0, 9, 0))))
    assert (len(results), server.calls) == (3, 2)


async def test_an_image_that_is_none_costs_the_others_of_a_batch_nothing(caplog: pytest.LogCaptureFixture):
    async with house(backend()) as it:
        good, bad = await predicted(it, body(task(), task(b"hello")))
    assert (len(good["result"]), bad["result"]) == (1, [])
    assert "no prediction" in caplog.text


async def test_an_outage_is_no_prediction_of_nothing():
    async with house(FakeBackend(failure=BackendAway("TorchServe cannot be reached."))) as it:
        answer = await it.client.post("/label-studio/predict", json=body(task(), task(picture(9))))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/backend-away")


async def test_alone_it_is_told_what_is_wrong():
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", json=body(task(b"hello")))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-image")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (body({"id": 1, "data": {"picture": "/data/upload/1/cat.jpg"}}), "REMATTE_LABEL_STUDIO_URL"),
        (body(task(), config="<View/>"), "BrushLabels"),
    ],
)
async def test_the_log_has_the_reason_since_label_studio_shows_the_status_alone(
    asked: dict[str, Any], word: str, caplog: pytest.LogCaptureFixture
):
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", json=asked)
    assert answer.status_code == 400
    assert word in caplog.text


async def test_where_nothing_stands_out_the_result_is_empty_and_not_missing():
    async with house(FakeBackend(mask=grey_png(level=0))) as it:
        (prediction,) = await predicted(it, body(task()))
    assert prediction["result"] == []


@pytest.mark.parametrize(
    "config",
    [
        "<View/>",
        '<View><BrushLabels name="brush" toName="photo"><Label value="Cat"/></BrushLabels></View>',
        CONFIG.replace("BrushLabels", "PolygonLabels"),
        "<View>",
        '<!DOCTYPE x [<!ENTITY a "b">]><View/>',
    ],
)
async def test_a_config_without_a_brush_is_told_what_to_add(config: str):
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", json=body(task(), config=config))
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-upload")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ({"picture": 7}, 400),
        ({"picture": "/data/upload/1/cat.jpg"}, 400),
        ({"picture": "file:///etc/passwd"}, 400),
        ({"picture": "http://cat:port/"}, 400),
        ({"picture": "http://a\tb/"}, 400),
        ({"picture": "http://127.0.0.1:9/cat.jpg"}, 422),
        ({"picture": "data:image/png;base64,@@"}, 400),
        ({"picture": "data:image/png;base64,"}, 400),
    ],
)
async def test_a_task_without_an_image_that_can_be_had_is_told_why(data: dict[str, Any], status: int):
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", json=body({"id": 1, "data": data}))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b'{"tasks": []}', b'{"tasks": [{"data": {}}]}'])
async def test_what_is_no_request_of_label_studios_is_told_so(sent: bytes):
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", content=sent)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-upload")


async def test_a_request_that_is_too_long_is_not_read_to_its_end():
    async with house(backend()) as it:
        answer = await it.client.post("/label-studio/predict", content=b"x" * 300_000)
    assert answer.status_code == 413


async def test_health_and_setup_do_not_ask_the_model():
    server = backend()
    project = {"project": "1.17", "schema": CONFIG, "hostname": "http://ls", "access_token": "t", "extra_params": None}
    async with house(server) as it:
        for path in ("/label-studio/health", "/label-studio/"):
            assert (await it.client.get(path)).json() == {"status": "UP", "model_class": "Rematte"}
        assert (await it.client.post("/label-studio/setup", json=project)).json() == {"model_version": MODEL.version}
        assert (await it.client.get("/label-studio/versions")).json() == {"versions": [MODEL.version]}
    assert server.calls == 0


async def test_before_there_was_a_model_setup_says_so_and_health_is_well():
    async with house(readiness=lambda: Readiness(ready=False)) as it:
        health: httpx.Response = await it.client.get("/label-studio/health")
        setup = await it.client.post("/label-studio/setup", json={})
    assert (health.status_code, setup.status_code) == (200, 503)


async def test_events_of_projects_are_heard_and_forgotten():
    async with house() as it:
        answer = await it.client.post("/label-studio/webhook", json={"action": "ANNOTATION_CREATED"})
    assert answer.json() == {"status": "ok"}


async def test_a_server_with_keys_challenges_for_a_password_and_takes_a_key_for_it():
    keys = Keys(["a-key-of-this-server"])
    async with house(backend(), keys=keys) as it:
        refused = await it.client.get("/label-studio/health")
        wrong = await it.client.get("/label-studio/health", auth=("rematte", "wrong"))
        health = await it.client.get("/label-studio/health", auth=("rematte", "a-key-of-this-server"))
        bearer = await it.client.get("/label-studio/health", headers={"X-API-Key": "a-key-of-this-server"})
    assert [answer.status_code for answer in (refused, wrong, health, bearer)] == [401, 401, 200, 200]
    assert refused.headers["WWW-Authenticate"] == "Basic"


@pytest.mark.parametrize("authorization", ["Basic", "Basic ===", "Basic Y2F0", "Basic w7w6w7w="])
async def test_a_damaged_password_is_none(authorization: str):
    headers = {"Authorization": authorization}
    async with house() as it:
        free = await it.client.get("/label-studio/health", headers=headers)
    async with house(keys=Keys(["a key"])) as it:
        locked = await it.client.get("/label-studio/health", headers=headers)
    assert (free.status_code, locked.status_code) == (200, 401)
    assert locked.headers["WWW-Authenticate"] == "Basic"


def test_a_labelling_config_that_would_take_seconds_to_read_is_refused():
    with pytest.raises(ValidationError, match="label_config"):
        Tasks.model_validate({"tasks": [{"data": {}}], "label_config": " " * 1_000_001})
