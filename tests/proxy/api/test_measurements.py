import json
import logging

import pytest

from proxy.errors import BackendAway
from proxy.telemetry.logs import JsonFormatter
from tests.proxy.api.house import house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import FakeBackend
from tests.support.scrape import Scrape

PNG = {"Content-Type": "image/png"}
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


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


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.given: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.given.append(json.loads(self.format(record)))


@pytest.fixture
def lines():
    handler = Lines()
    logger = logging.getLogger("proxy")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.given
    logger.removeHandler(handler)
    logger.setLevel(level)


async def test_what_the_server_owes_is_logged_under_the_requests_name_and_trace(lines):
    async with house(FakeBackend(failure=BackendAway("gone")), ready=False) as it:
        headers = PNG | {"X-Request-Id": "job-7", "traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
        await it.client.post("/v1/mask", content=b"cat", headers=headers)
    (line,) = [line for line in lines if line["logger"] == "proxy.api.problems"]
    assert (line["request_id"], line["trace_id"]) == ("job-7", TRACE_ID)
    assert line["message"].startswith("503 for /v1/mask#job-7: No model has been ready yet")


async def test_what_the_caller_did_wrong_is_not(lines):
    async with house() as it:
        await it.client.post("/v1/mask", content=b"", headers=PNG)
    assert not [line for line in lines if line["logger"] == "proxy.api.problems"]
