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


async def test_a_format_made_by_digest_is_kept_for_every_replica_and_forgotten_with_its_image(redis_server):
    torchserve, picture = FakeTorchServe(), file_of(corners())
    kept = f"/v1/masks/{sha256(picture).hexdigest()}"
    settings = Settings(admin_token=TOKEN, redis_url=redis_server.url, redis_timeout_ms=60_000)
    async with open_house(torchserve, settings) as (_, client):
        await client.post("/v1/mask", content=picture, headers=TYPE)
        told = [(await client.get(f"{kept}?format=coco")).headers["cache-status"] for _ in range(3)]
        assert [status.rpartition("=")[2] for status in told] == ["memory", "rendered", "rendered"]
    async with open_house(torchserve, settings) as (_, client):
        there = await client.get(f"{kept}?format=coco")
        assert there.headers["cache-status"].endswith("detail=rendered")
        assert (await client.delete(kept, headers=ADMIN)).status_code == 204
        assert (await client.get(f"{kept}?format=coco")).status_code == 404
    assert len(torchserve.requests) == 1
