"""Images that come, are deleted and come again, through the parts as `app.py` puts them together."""

from hashlib import sha256

import httpx

from proxy.app import build_app
from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import grey_png

TOKEN = "sixteen-letters-and-more"
ADMIN = {"authorization": f"Bearer {TOKEN}"}
TYPE = {"content-type": "image/png"}
HEADERS = TYPE | {"x-mask-confidence": "0.75", "x-model-version": "small-1"}
DESCRIPTION = {"modelName": "inspyrenet", "modelVersion": "small-1", "batchSize": 1, "workers": [{"status": "READY"}]}


async def test_an_image_that_is_sent_again_right_after_it_was_deleted_is_made_and_kept_anew():
    sent = []

    def torchserve(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[DESCRIPTION])
        sent.append(request)
        return httpx.Response(200, content=grey_png(), headers=HEADERS)

    picture = file_of(corners())
    kept = f"/v1/masks/{sha256(picture).hexdigest()}"
    app = build_app(Settings(admin_token=TOKEN), transport=httpx.MockTransport(torchserve))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://it") as client:
        await client.post("/v1/mask", content=picture, headers=TYPE)
        assert (await client.delete(kept, headers=ADMIN)).status_code == 204
        assert (await client.get(kept)).status_code == 404
        await client.post("/v1/mask", content=picture, headers=TYPE)
        assert (await client.get(kept)).status_code == 200
    assert len(sent) == 2
