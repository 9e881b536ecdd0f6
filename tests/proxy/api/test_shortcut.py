import httpx
import pytest

from proxy.api import doors
from proxy.api.predictions import RENDERERS
from proxy.api.shortcut import Shortcut
from tests.proxy.api.house import house
from tests.support.fakes import grey_png


async def test_predictions_do_not_pass_through_the_documented_routes():
    async with house() as opened:
        opened.app.router.routes.clear()
        answer = await opened.client.post("/v1/mask", content=grey_png(), headers={"content-type": "image/png"})
    assert answer.status_code == 200


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


async def test_everything_else_does():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope["type"], scope.get("method"), scope.get("path")))

    for scope in (
        {"type": "http", "method": "GET", "path": "/v1/mask"},
        {"type": "http", "method": "POST", "path": "/v1/mask/"},
        {"type": "http", "method": "POST", "path": "/readyz"},
        {"type": "lifespan"},
    ):
        await Shortcut(app)(scope, None, None)
    assert len(seen) == 4


def test_every_documented_prediction_has_its_shortcut():
    paths = doors.openapi()["paths"]
    documented = {
        path for path, operations in paths.items() if "predictions" in operations.get("post", {}).get("tags", ())
    }
    assert documented == set(RENDERERS)
