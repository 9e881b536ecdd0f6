import logging

import httpx
import pytest
from fastapi import FastAPI, Query, Response

from proxy.api import Readiness
from proxy.api.problems import install_handlers
from proxy.api.request_id import RequestIds
from tests.proxy.api.house import house

MEDIA_TYPE = "application/problem+json"


def broken() -> Readiness:
    raise ZeroDivisionError("the secret of the house")


async def test_a_problem_has_all_members_and_names_its_request():
    async with house() as it:
        answer = await it.client.post("/v1/mask", content=b"x", headers={"X-Request-Id": "annotator-7"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, MEDIA_TYPE)
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert (problem["type"], problem["status"]) == ("/problems/unsupported-upload", 415)
    assert problem["instance"] == "/v1/mask#annotator-7"


async def test_a_path_that_leads_nowhere_is_a_problem():
    async with house() as it:
        answer = await it.client.get("/v1/masks and more")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, MEDIA_TYPE)
    assert (answer.json()["type"], answer.json()["title"]) == ("about:blank", "Not Found")
    assert answer.json()["instance"].startswith("/v1/masks%20and%20more#")


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/v1/mask", "POST"), ("POST", "/livez", "GET")])
async def test_a_method_that_a_path_does_not_know_is_a_problem_that_names_the_right_one(
    method: str, path: str, allowed: str
):
    async with house() as it:
        answer = await it.client.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.json()["title"] == "Method Not Allowed"


async def test_a_parameter_of_the_wrong_type_is_a_problem_that_names_it():
    async with house() as it:

        @it.app.get("/squared")
        async def squared(number: int = Query()) -> int:
            return number * number

        answer = await it.client.get("/squared?number=many")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, MEDIA_TYPE)
    assert "query.number" in answer.json()["detail"]


async def test_what_nobody_foresaw_is_logged_and_kept_from_the_caller(caplog: pytest.LogCaptureFixture):
    async with house(readiness=broken) as it:
        answer = await it.client.get("/readyz", headers={"X-Request-Id": "annotator-7"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, MEDIA_TYPE)
    assert answer.json()["type"] == "/problems/internal-error"
    assert answer.headers["X-Request-Id"] == "annotator-7"
    assert "secret" not in answer.text
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert "annotator-7" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


@pytest.mark.parametrize(
    ("path", "told"),
    [("/strange/mask", "a dialect"), ("/v1/mask", "problem"), ("/strange", "problem")],
)
async def test_a_dialect_tells_of_failures_in_its_own_shape(path: str, told: str):
    app = FastAPI()
    install_handlers(app, {"/strange/": lambda request, failure: Response("a dialect", failure.status)})
    app.add_middleware(RequestIds)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rematte") as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert told in answer.text or told in answer.headers["Content-Type"]
