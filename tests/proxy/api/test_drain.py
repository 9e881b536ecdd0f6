import asyncio

from tests.proxy.api.house import house
from tests.support.fakes import FakeBackend, grey_png

PNG = {"content-type": "image/png"}


async def test_what_is_under_way_is_finished_and_nothing_new_is_begun():
    backend = FakeBackend(open=False)
    async with house(backend) as it:
        early = asyncio.create_task(it.client.post("/v1/mask", content=grey_png(), headers=PNG))
        await backend.started.wait()
        it.drain.begin()
        late = await it.client.post("/v1/mask", content=grey_png(), headers=PNG)
        assert not it.drain.is_empty
        backend.release()
        assert (await early).status_code == 200
        assert it.drain.is_empty
    assert (late.status_code, late.json()["type"], late.headers["retry-after"]) == (503, "/problems/stopping", "5")


async def test_one_that_fails_is_no_longer_inside():
    async with house() as it:
        await it.client.post("/v1/mask", content=b"text", headers=PNG)
        assert it.drain.is_empty
