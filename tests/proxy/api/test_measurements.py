from tests.proxy.api.house import house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.scrape import Scrape

PNG = {"Content-Type": "image/png"}


async def test_a_scrape_is_plain_text_and_not_kept():
    async with house() as it:
        answer = await it.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_prediction_is_counted_by_its_door_and_status():
    async with house() as it:
        for door in ("/v1/mask", "/v1/mask", "/v1/cutout"):
            await it.client.post(door, content=file_of(corners()), headers=PNG)
        await it.client.post("/v1/mask", content=b"text", headers=PNG)
        count = Scrape((await it.client.get("/metrics")).text)
    assert count["rematte_predictions_total", "/v1/mask", "200"] == 2
    assert count["rematte_predictions_total", "/v1/cutout", "200"] == 1
    assert count["rematte_predictions_total", "/v1/mask", "422"] == 1
    assert count["rematte_stage_seconds_count", "read"] == 4


async def test_an_upload_that_never_came_to_a_prediction_is_counted_as_a_problem():
    async with house() as it:
        await it.client.post("/v1/mask", content=b"", headers=PNG)
        count = Scrape((await it.client.get("/metrics")).text)
    assert count["rematte_problems_total", "empty-upload"] == 1
    assert count.sum("rematte_predictions_total") == 0


async def test_a_surprise_is_counted_as_what_the_caller_is_told():
    async def measure(image):
        raise ZeroDivisionError

    async with house(measure=measure) as it:
        assert (await it.client.post("/v1/mask", content=b"cat", headers=PNG)).status_code == 500
        count = Scrape((await it.client.get("/metrics")).text)
    assert count["rematte_predictions_total", "/v1/mask", "500"] == 1
    assert count["rematte_problems_total", "internal-error"] == 1
