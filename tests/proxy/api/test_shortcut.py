import httpx
import pytest

from proxy.api import doors
from proxy.api.predictions import RENDERERS
from proxy.core.fingerprint import Image
from tests.proxy.api.house import house
from tests.support.fakes import grey_png


async def test_predictions_do_not_pass_through_the_documented_routes():
    async with house() as opened:
        opened.app.router.routes.clear()
        answer = await opened.client.post("/v1/mask", content=grey_png(), headers={"content-type": "image/png"})
    assert answer.status_code == 200


async def test_kept_answers_do_not_pass_through_them_either():
    async with house() as it:
        sent = await it.client.post("/v1/mask", content=grey_png(), headers={"content-type": "image/png"})
        it.app.router.routes.clear()
        kept = await it.client.get(f"/v1/masks/{sent.headers['x-image-digest']}")
        same = await it.client.get(kept.request.url, headers={"if-none-match": kept.headers["etag"]})
        unknown = await it.client.get(f"/v1/cutouts/{'0' * 64}")
    assert (kept.status_code, kept.content) == (200, sent.content)
    assert (same.status_code, unknown.status_code) == (304, 404)
    assert "x-request-id" in same.headers


@pytest.mark.parametrize("content_type", ["image/png", "text/plain"])
async def test_the_documented_routes_answer_alike(content_type: str):
    """They are taken below a path prefix, which the shortcut does not know."""
    async with house() as it:
        below = httpx.ASGITransport(it.app, root_path="/prefix")
        async with httpx.AsyncClient(transport=below, base_url="http://rematte/prefix") as prefixed:
            answers = [
                await client.post("/v1/mask", content=grey_png(), headers={"content-type": content_type})
                for client in (it.client, prefixed)
            ]
    direct, routed = ((answer.status_code, set(answer.headers)) for answer in answers)
    assert direct == routed


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/mask", 405), ("POST", "/v1/mask/", 307), ("POST", "/readyz", 405), ("GET", "/livez", 200)],
)
async def test_everything_else_is_the_documented_routes(method: str, path: str, status: int):
    async with house() as it:
        answer = await it.client.request(method, path, headers={"content-type": "image/png"})
    assert answer.status_code == status


async def test_what_nobody_foresaw_is_a_problem_with_the_requests_name_here_too(caplog: pytest.LogCaptureFixture):
    async def breaks(image: Image) -> tuple[int, int]:
        raise ZeroDivisionError

    async with house(measure=breaks) as it:
        answer = await it.client.post(
            "/v1/mask", content=grey_png(), headers={"content-type": "image/png", "x-request-id": "seven"}
        )
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "seven")
    assert "ZeroDivisionError" not in answer.text
    assert "request seven failed" in caplog.text


def test_every_documented_prediction_has_its_shortcut():
    paths = doors.openapi()["paths"]
    documented = {
        path for path, operations in paths.items() if "predictions" in operations.get("post", {}).get("tags", ())
    }
    assert documented == set(RENDERERS)
