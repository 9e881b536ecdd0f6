import asyncio
import hashlib

import httpx
import pytest

from proxy.core.types import Model
from tests.proxy.api.asgi import Caller
from tests.proxy.api.house import RENDERS, house
from tests.proxy.api.test_predictions import CAT, cache_status, picture_of, send
from tests.proxy.core.test_renders import Slow, gated
from tests.support.entries import MASK
from tests.support.fakes import DictCache, FakeBackend, grey_png, renders

NAME = hashlib.sha256(CAT).hexdigest()


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


@pytest.mark.parametrize("door", ["mask", "cutout"])
async def test_what_was_sent_before_is_answered_to_whoever_knows_its_digest(door: str):
    async with house(FakeBackend(mask=grey_png(level=77))) as it:
        sent = await send(it, door)
        kept = await it.client.get(f"/v1/{door}s/{NAME}")
    assert kept.content == sent.content
    assert kept.headers["X-Image-Digest"] == NAME
    assert {name: kept.headers[name] for name in ("ETag", "Content-Type", "X-Model-Version")} == {
        name: sent.headers[name] for name in ("ETag", "Content-Type", "X-Model-Version")
    }
    assert cache_status(kept)["detail"] == "rendered"


@pytest.mark.parametrize("door", ["mask", "cutout"])
async def test_what_was_never_sent_is_a_404_that_says_upload(door: str):
    backend = FakeBackend()
    async with house(backend) as it:
        answer = await it.client.get(f"/v1/{door}s/{NAME}")
    assert problem_of(answer) == (404, "/problems/unknown-digest")
    assert "upload" in answer.json()["detail"]
    assert backend.calls == 0


async def test_a_kept_mask_is_rendered_but_a_cutout_needs_the_image():
    cache = DictCache()
    async with house(cache=cache) as it:
        await send(it, "cutout")
        assert len(renders(cache)) == 1
        mask = await it.client.get(f"/v1/masks/{NAME}")
        assert picture_of(mask).size == (32, 48)
        cache.entries = {key: entry for key, entry in cache.entries.items() if entry not in renders(cache)}
        assert problem_of(await it.client.get(f"/v1/cutouts/{NAME}"))[0] == 404


async def test_head_says_the_same_without_the_body():
    async with house() as it:
        assert (await it.client.head(f"/v1/masks/{NAME}")).status_code == 404
        sent = await send(it)
        head = await it.client.head(f"/v1/masks/{NAME}")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(sent.content))
    assert head.headers["ETag"] == sent.headers["ETag"]


@pytest.mark.parametrize("tags", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
async def test_what_the_caller_has_is_not_sent_again(tags: str):
    async with house() as it:
        etag = (await send(it)).headers["ETag"]
        answer = await it.client.get(f"/v1/masks/{NAME}", headers={"If-None-Match": tags.format(etag=etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert "Content-Type" not in answer.headers


async def test_another_tag_gets_the_mask():
    async with house() as it:
        await send(it)
        answer = await it.client.get(f"/v1/masks/{NAME}", headers={"If-None-Match": '"other"'})
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["cat", NAME.upper(), NAME[:-1], NAME + "0"])
async def test_what_is_no_digest_is_refused(name: str):
    async with house() as it:
        answer = await it.client.get(f"/v1/masks/{name}")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_after_a_new_archive_the_old_masks_are_not_found():
    cache = DictCache()
    async with house(cache=cache) as it:
        await send(it)
    async with house(FakeBackend(model=Model("inspyrenet", "small-2")), cache) as it:
        assert problem_of(await it.client.get(f"/v1/masks/{NAME}"))[0] == 404


async def test_before_there_is_a_model_nothing_can_be_named():
    async with house(ready=False) as it:
        assert problem_of(await it.client.get(f"/v1/masks/{NAME}")) == (503, "/problems/backend-away")


async def test_who_leaves_while_another_format_is_being_made_is_not_waited_for():
    async with house(cache=(cache := DictCache())) as it, gated(it.renders) as gate:
        await send(it)
        busy = [asyncio.create_task(it.renders.make(None, MASK, Slow(gate))) for _ in range(RENDERS)]
        caller = Caller(f"/v1/masks/{NAME}", [], {"Accept": "image/webp"}, "GET")
        answering = asyncio.create_task(caller.call(it.app))
        while not len(it.renders):
            await asyncio.sleep(0)
        caller.leave()
        await answering
        assert caller.status == 499
        assert len(it.renders) == 0, "its turn had not come"
        gate.set()
        await asyncio.gather(*busy)
    assert [entry.rendering for entry in renders(cache)] == ["mask.png"]
