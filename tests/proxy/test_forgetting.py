"""Images that come, are deleted and come again, through the parts as `app.py` puts them together."""

from hashlib import sha256

from proxy.settings import Settings
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fake_torchserve import FakeTorchServe, open_house

TOKEN = "sixteen-letters-and-more"
ADMIN = {"authorization": f"Bearer {TOKEN}"}
TYPE = {"content-type": "image/png"}


async def test_an_image_that_is_sent_again_right_after_it_was_deleted_is_made_and_kept_anew():
    torchserve, picture = FakeTorchServe(), file_of(corners())
    kept = f"/v1/masks/{sha256(picture).hexdigest()}"
    async with open_house(torchserve, Settings(admin_token=TOKEN)) as (_, client):
        await client.post("/v1/mask", content=picture, headers=TYPE)
        assert (await client.delete(kept, headers=ADMIN)).status_code == 204
        assert (await client.get(kept)).status_code == 404
        await client.post("/v1/mask", content=picture, headers=TYPE)
        assert (await client.get(kept)).status_code == 200
    assert len(torchserve.requests) == 2
