"""The parts as `app.py` puts them together, with nothing faked but the network to TorchServe."""

import httpx
import pytest

from proxy.app import build_app
from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import grey_png

HEADERS = {"content-type": "image/png", "x-mask-confidence": "0.75", "x-model-version": "small-1"}
TYPE = {"content-type": "application/octet-stream"}
DESCRIPTION = {
    "modelName": "inspyrenet", "modelVersion": "small-1", "minWorkers": 1, "maxWorkers": 1, "batchSize": 1,
    "workers": [{"id": "9000", "status": "READY"}],
}  # fmt: skip


@pytest.mark.parametrize(("max_pixels", "inferences"), [(48 * 32, 1), (48 * 32 - 1, 2), (0, 2)])
async def test_a_picture_is_known_in_another_file_up_to_the_limit(max_pixels: int, inferences: int):
    sent = []

    def torchserve(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[DESCRIPTION])
        sent.append(request)
        return httpx.Response(200, content=grey_png(), headers=HEADERS)

    app = build_app(Settings(pixel_names_max_pixels=max_pixels), transport=httpx.MockTransport(torchserve))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://it") as client:
        for kind in ("PNG", "BMP"):
            answer = await client.post("/v1/mask", content=file_of(corners(), kind), headers=TYPE)
            assert answer.status_code == 200
    assert len(sent) == inferences
