"""One picture through every door of the whole house: one inference, and counts that agree."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from proxy.settings import Settings
from tests.support.fake_torchserve import FakeTorchServe, open_house
from tests.support.pictures import picture
from tests.support.scrape import Scrape

CAT = picture(64, 48)
BASE64 = b64encode(CAT).decode()
CONFIG = (
    '<View><Image name="image" value="$image"/><BrushLabels name="tag" toName="image"><Label value="Cat"/>'
    "</BrushLabels></View>"
)
DOORS: dict[str, dict[str, Any]] = {
    "/v1/mask": {"content": CAT, "headers": {"Content-Type": "image/jpeg"}},
    "/v1/cutout": {"json": {"image": BASE64, "bg_color": "white", "format": "jpeg"}},
    "/v1/batch": {"json": {"images": [{"image": BASE64}]}},
    "/v1.0/removebg": {"files": {"image_file": CAT}},
    "/api/remove": {"files": {"file": CAT}},
    "/v1/segment": {"files": {"image_file": CAT}},
    "/remove-background/v1": {"files": {"image_file": CAT}},
    "/label-studio/predict": {
        "json": {"tasks": [{"data": {"image": f"data:image/jpeg;base64,{BASE64}"}}], "label_config": CONFIG}
    },
    "/x-anylabeling/v1/predict": {"json": {"model": "rematte", "image": BASE64}},
}


async def scraped(client: httpx.AsyncClient) -> Scrape:
    return Scrape((await client.get("/metrics")).text)


async def test_a_picture_through_all_doors_is_one_inference_and_each_door_counts():
    torchserve = FakeTorchServe()
    async with open_house(torchserve, Settings()) as (_, client):
        answers = {door: await client.post(door, **sent) for door, sent in DOORS.items()}
        count = await scraped(client)
    assert {door: answer.status_code for door, answer in answers.items()} == dict.fromkeys(DOORS, 200)
    assert len(torchserve.requests) == 1
    assert [count["rematte_predictions_total", door, "200"] for door in DOORS] == [1] * len(DOORS)
    assert (count["rematte_cache_results_total", "hit"], count["rematte_cache_results_total", "miss"]) == (8, 1)


@pytest.mark.parametrize(("said", "result"), [("no-cache", "bypass"), ("only-if-cached", "miss")])
async def test_every_door_obeys_the_callers_terms(said: str, result: str):
    torchserve = FakeTorchServe()
    async with open_house(torchserve, Settings()) as (_, client):
        client.headers["Cache-Control"] = said
        for door, sent in DOORS.items():
            await client.post(door, **sent)
        count = await scraped(client)
    assert len(torchserve.requests) == (len(DOORS) if result == "bypass" else 0)
    assert count["rematte_cache_results_total", result] == len(DOORS)
    assert count.sum("rematte_predictions_total") == len(DOORS)
