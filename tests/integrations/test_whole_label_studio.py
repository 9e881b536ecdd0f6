"""A whole Label Studio in front of the whole house: a picture uploaded there, its predictions made here."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from label_studio_sdk.converter.brush import decode_rle
from PIL import Image as Pillow

from proxy.app import build_app
from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fake_torchserve import VERSION, FakeTorchServe
from tests.support.label_studio import EXECUTABLE, LabelStudio, label_studio
from tests.support.served import served

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="LABEL_STUDIO names no label-studio (docs/label-studio.md)")

WIDTH, HEIGHT = 40, 20
LEFT, RIGHT = np.s_[5:15, 4:12], np.s_[5:15, 28:36]
PICTURE = file_of(corners(WIDTH, HEIGHT))
CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <BrushLabels name="tag" toName="image"><Label value="Foreground"/></BrushLabels>
  <KeyPointLabels name="kp" toName="image" smart="true"><Label value="Foreground"/></KeyPointLabels>
  <RectangleLabels name="box" toName="image" smart="true"><Label value="Foreground"/></RectangleLabels>
</View>"""


def levels(*places: tuple[slice, ...]) -> np.ndarray:
    """White there."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place in places:
        mask[place] = 255
    return mask


@dataclass(frozen=True, slots=True)
class Connected:
    """A project with one task, and our server as its model."""

    studio: LabelStudio
    rematte: httpx.Client
    torchserve: FakeTorchServe
    project: int
    task: int
    model: int

    def predictions(self) -> list[dict[str, Any]]:
        """What Label Studio has kept, after it was told to retrieve them."""
        query = {"id": "retrieve_tasks_predictions", "project": self.project}
        chosen = {"selectedItems": {"all": True, "excluded": []}}
        self.studio.post("/api/dm/actions", params=query, json=chosen)
        kept: list[dict[str, Any]] = self.studio.get("/api/predictions", task=self.task)
        return kept

    def click(self, x: float, y: float) -> dict[str, Any]:
        """What a smart tool is told. `x` and `y` in percent."""
        value = {"x": x, "y": y, "width": 0.3, "keypointlabels": ["Foreground"]}
        point = {"type": "keypointlabels", "from_name": "kp", "to_name": "image", "is_positive": True, "value": value}
        asked = {"task": self.task, "context": {"result": [point]}}
        answer = self.studio.post(f"/api/ml/{self.model}/interactive-annotating", json=asked)
        prediction: dict[str, Any] = answer["data"]
        return prediction

    def mask(self) -> np.ndarray:
        """Our own door's."""
        answer = self.rematte.post("/v1/mask", content=PICTURE, headers={"Content-Type": "image/png"})
        return np.asarray(Pillow.open(io.BytesIO(answer.content)))


@pytest.fixture(scope="module")
def studio() -> Iterator[LabelStudio]:
    with label_studio() as it:
        yield it


@pytest.fixture(scope="module", params=[None, "a-key-of-this-server"], ids=["open", "locked"])
def connected(studio: LabelStudio, request: pytest.FixtureRequest) -> Iterator[Connected]:
    key: str | None = request.param
    torchserve = FakeTorchServe(lambda _image: file_of(Pillow.fromarray(levels(LEFT, RIGHT))))
    settings = Settings(
        label_studio_url=studio.url, label_studio_token=studio.token, api_keys=(key,) if key is not None else ()
    )
    with (
        served(build_app(settings, transport=httpx.MockTransport(torchserve.answer))) as url,
        httpx.Client(base_url=url, headers={"X-API-Key": key or ""}, timeout=60, trust_env=False) as rematte,
    ):
        project = studio.post("/api/projects", json={"title": "Cats", "label_config": CONFIG})["id"]
        studio.post(f"/api/projects/{project}/import", files={"cat.png": ("cat.png", PICTURE, "image/png")})
        (task,) = studio.get("/api/tasks", project=project)["tasks"]
        model = studio.post("/api/ml", json={"project": project} | backend(url, key))
        yield Connected(studio, rematte, torchserve, project, task["id"], model["id"])


def backend(url: str, key: str | None) -> dict[str, Any]:
    """As one fills in the settings screen."""
    form = {"title": "Rematte", "url": f"{url}/label-studio", "is_interactive": True}
    if key is None:
        return form | {"auth_method": "NONE"}
    return form | {"auth_method": "BASIC_AUTH", "basic_auth_user": "rematte", "basic_auth_pass": key}


def painted(prediction: dict[str, Any]) -> np.ndarray:
    (region,) = prediction["result"]
    assert (region["original_width"], region["original_height"]) == (WIDTH, HEIGHT)
    return decode_rle(region["value"]["rle"]).reshape(HEIGHT, WIDTH, 4)[..., 3]


def test_label_studio_keeps_the_mask_of_an_uploaded_picture_as_a_brush(connected: Connected):
    (prediction,) = connected.predictions()
    assert (prediction["model_version"], prediction["score"]) == (VERSION, 0.75)
    assert (painted(prediction) == connected.mask()).all()
    assert (connected.mask() == levels(LEFT, RIGHT)).all()


def test_a_click_with_a_smart_tool_gives_the_object_under_it(connected: Connected):
    assert (painted(connected.click(20, 50)) == levels(LEFT)).all()
    assert (painted(connected.click(80, 50)) == levels(RIGHT)).all()
    assert connected.click(50, 50)["result"] == []


def test_a_task_with_a_prediction_of_the_live_model_is_not_asked_for_again(connected: Connected):
    (before,), (after,) = connected.predictions(), connected.predictions()
    assert before["id"] == after["id"]


def test_predictions_clicks_and_our_own_door_cost_one_inference(connected: Connected):
    connected.predictions()
    connected.click(20, 50)
    connected.mask()
    assert len(connected.torchserve.requests) == 1
