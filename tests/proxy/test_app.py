"""The whole house, with a Redis that is real and a TorchServe that is not."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
from fastapi import FastAPI

from proxy.serving import LAST_WRITES_S
from proxy.settings import Settings
from tests.proxy.api.asgi import Caller, body
from tests.proxy.fetching.servers import plainly, serving
from tests.support.fake_torchserve import FakeTorchServe, open_house
from tests.support.fakes import damaged, grey_png
from tests.support.pictures import picture
from tests.support.scrape import Scrape

PICTURES = [picture(width, 30) for width in range(40, 60)]
TOKEN = "sixteen-letters-and-more"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Visitor:
    """Sends pictures, and counts those that come to a prediction."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.app = app
        self.asked = 0
        self._client = client

    async def mask(self, image: bytes, said: str = "", door: str = "mask") -> httpx.Response:
        self.asked += 1
        headers = {"content-type": "image/jpeg"} | ({"cache-control": said} if said else {})
        return await self._client.post(f"/v1/{door}", content=image, headers=headers)

    async def post(self, image: bytes, **headers: str) -> httpx.Response:
        return await self._client.post("/v1/mask", content=image, headers=headers)

    async def kept(self, digest: str) -> httpx.Response:
        return await self._client.get(f"/v1/masks/{digest}")

    async def contents(self) -> dict[str, Any]:
        return (await self._client.get("/admin/cache", headers={"authorization": f"Bearer {TOKEN}"})).json()

    async def looks(self) -> dict[str, bool]:
        """What `/readyz?verbose` says of each part."""
        return {part["name"]: part["ok"] for part in (await self._client.get("/readyz?verbose")).json()["checks"]}

    def leaver(self, image: bytes) -> Caller:
        self.asked += 1
        return Caller("/v1/mask", body(image), {"Content-Type": "image/jpeg"})

    async def scrape(self) -> Scrape:
        return Scrape((await self._client.get("/metrics")).text)


@asynccontextmanager
async def visiting(torchserve: FakeTorchServe, redis_url: str | None = None) -> AsyncIterator[Visitor]:
    patient = {"race_head_start_ms": 60_000, "redis_timeout_ms": 60_000}
    settings = Settings(redis_url=redis_url, admin_token=TOKEN, **patient)
    async with open_house(torchserve, settings) as (app, client):
        yield Visitor(app, client)


async def cached(visitor: Visitor, torchserve: FakeTorchServe, shared: bytes) -> None:
    """Hits from either tier, and what a caller may say of them."""
    mine = PICTURES[0]
    first = await visitor.mask(mine)
    for _ in range(5):
        await visitor.mask(mine)
    await visitor.mask(mine, door="cutout")
    await visitor.mask(shared)
    await visitor.mask(shared)
    await visitor.mask(picture(60, 30, "PNG"))
    await visitor.mask(picture(60, 30, "BMP"))
    await visitor.mask(mine, "no-store")
    await visitor.mask(mine, "only-if-cached")
    await visitor.mask(mine, "no-cache")
    assert (await visitor.mask(mine, "no-cache, only-if-cached")).status_code == 504
    assert (await visitor.mask(PICTURES[1], "only-if-cached")).status_code == 504
    await visitor.mask(PICTURES[1], "no-store")
    assert (await visitor.kept(first.headers["X-Image-Digest"])).status_code == 200
    assert (await visitor.kept("0" * 64)).status_code == 404


async def failing(visitor: Visitor, torchserve: FakeTorchServe) -> None:
    """A file that is no image, one that breaks the model, and uploads that never come to a prediction."""
    torchserve.breaks_on = {PICTURES[2]}
    assert (await visitor.mask(b"text")).status_code == 422
    assert (await visitor.mask(PICTURES[2])).status_code == 502
    assert (await visitor.post(PICTURES[2], **{"content-type": "text/plain"})).status_code == 415
    assert (await visitor.post(b"", **{"content-type": "image/png"})).status_code == 400


async def together(visitor: Visitor, torchserve: FakeTorchServe) -> None:
    """Equal pictures at once, and callers who leave: from a flight that is in the air, and from one that waits."""
    torchserve.gate.clear()
    torchserve.arrived.clear()
    equal = [asyncio.create_task(visitor.mask(PICTURES[3])) for _ in range(4)]
    await torchserve.arrived.wait()
    leaving = [visitor.leaver(image) for image in PICTURES[4:7]]
    calls = [asyncio.create_task(caller.call(visitor.app)) for caller in leaving]
    await until(visitor, ("rematte_queue_images",), 2)
    for caller in leaving:
        caller.leave()
    await asyncio.gather(*calls)
    torchserve.gate.set()
    await asyncio.gather(*equal)
    await until(visitor, ("rematte_inflight_images",), 0)


async def until(visitor: Visitor, series: tuple[str, ...], value: float) -> None:
    while (await visitor.scrape())[series] != value:
        await asyncio.sleep(0)


async def test_after_a_mixed_trace_all_the_counters_reconcile(redis_server):
    torchserve, shared = FakeTorchServe(), PICTURES[10]
    async with visiting(torchserve, redis_server.url) as other:
        await other.mask(shared)
    torchserve.requests.clear()
    async with visiting(torchserve, redis_server.url) as visitor:
        await cached(visitor, torchserve, shared)
        await failing(visitor, torchserve)
        await together(visitor, torchserve)
        redis_server.kill()
        await visitor.mask(PICTURES[7])
        count = await visitor.scrape()

    hits, misses, bypassed = (count["rematte_cache_results_total", result] for result in ("hit", "miss", "bypass"))
    assert hits + misses + bypassed == visitor.asked
    assert count.sum("rematte_predictions_total") == visitor.asked
    assert (hits, bypassed) == (11, 2)

    near, far = count.sum("rematte_lookups_total", "memory"), count.sum("rematte_lookups_total", "redis")
    assert near == hits + misses
    assert far == count["rematte_lookups_total", "miss", "memory"]
    assert count["rematte_lookups_total", "hit", "redis"] == 1
    assert count["rematte_lookups_total", "error", "redis"] == 1
    assert count["rematte_upstream_errors_total", "ConnectionError", "redis"] >= 1

    flights, withdrawn = count["rematte_flights_total"], count["rematte_withdrawn_total"]
    recognised = count["rematte_recognised_total"]
    unmeasured = 1  # the file that is no image takes off and is not sent
    assert flights - withdrawn - recognised - unmeasured == len(torchserve.requests)
    assert count["rematte_stage_seconds_count", "queue"] == len(torchserve.requests)
    assert count["rematte_collapsed_total"] == 3
    assert (withdrawn, recognised, count["rematte_wasted_inferences_total"]) == (2, 1, 1)
    assert count["rematte_upstream_errors_total", "BackendError", "torchserve"] == 1
    assert count["rematte_predictions_total", "/v1/mask", "499"] == 3
    assert [count["rematte_recalls_total", result] for result in ("hit", "miss")] == [1, 1]
    assert count["rematte_problems_total", "unsupported-upload"] == 1
    assert count["rematte_verify_failures_total"] == 0


async def test_a_mask_that_came_damaged_is_told_and_made_anew_for_the_next_who_asks():
    masks = [damaged(grey_png(level=128)), grey_png(level=128)]
    torchserve = FakeTorchServe(lambda _image: masks.pop(0))
    async with visiting(torchserve) as visitor:
        answers = [await visitor.mask(PICTURES[0]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [502, 200, 200]
    assert len(torchserve.requests) == 2


async def test_the_model_server_is_told_the_callers_trace():
    torchserve = FakeTorchServe()
    async with visiting(torchserve) as visitor:
        named = {"content-type": "image/jpeg", "traceparent": TRACE, "tracestate": "vendor=1"}
        await visitor.post(PICTURES[0], **named)
        await visitor.post(PICTURES[1], **{"content-type": "image/jpeg"})
    traced, untraced = torchserve.requests
    assert (traced.headers["traceparent"], traced.headers["tracestate"]) == (TRACE, "vendor=1")
    assert not {"traceparent", "tracestate"} & set(untraced.headers)


async def test_an_image_that_had_to_wait_keeps_its_own_trace():
    """It is sent when another caller's image comes back, in that other's footsteps."""
    torchserve = FakeTorchServe()
    torchserve.gate.clear()
    async with visiting(torchserve) as visitor:
        traces = [f"00-{number:032x}-00f067aa0ba902b7-01" for number in range(1, 5)]
        asked = [
            asyncio.create_task(visitor.post(image, **{"content-type": "image/jpeg", "traceparent": trace}))
            for image, trace in zip(PICTURES, traces, strict=False)
        ]
        await until(visitor, ("rematte_queue_images",), 2)
        torchserve.gate.set()
        await asyncio.gather(*asked)
    assert sorted(request.headers["traceparent"] for request in torchserve.requests) == traces


async def test_the_live_model_is_told_with_the_build():
    async with visiting(FakeTorchServe()) as visitor:
        (build,) = [family for family in (await visitor.scrape()).families if family.name == "rematte_build_info"]
    assert [(sample.labels["model_version"], sample.value) for sample in build.samples] == [("small-1", 1)]


async def test_what_each_tier_holds_and_how_well_it_served_is_told(redis_server):
    torchserve = FakeTorchServe()
    known, new = PICTURES[:2]
    async with visiting(torchserve, redis_server.url) as other:
        await other.mask(known)
    async with visiting(torchserve, redis_server.url) as visitor:
        for image in (known, new, known, known):
            await visitor.mask(image)
        contents = await visitor.contents()
    assert contents["idle_ttl_s"] == 1800
    assert contents["memory"].items() >= {"entries": 3, "hit_ratio": 0.5}.items(), "the new one's mask, and two answers"
    assert contents["redis"]["hit_ratio"] == 0.5
    assert all(tier["bytes"] > 0 and 0 <= tier["idle_s"] < 60 for tier in (contents["memory"], contents["redis"]))


async def test_verbose_readiness_looks_at_each_part(redis_server):
    async with visiting(FakeTorchServe(), redis_server.url) as visitor:
        well = {"model server": True, "queue": True}
        assert await visitor.looks() == well | {"Redis": True, "Redis's eviction": False}
        redis_server.kill()
        assert await visitor.looks() == well | {"Redis": False}


async def test_what_removebgs_clients_get_without_a_size_and_how_long_they_wait_are_settings():
    torchserve, files = FakeTorchServe(), {"image_file": picture(1000, 800)}
    settings = Settings(removebg_default_size="full", removebg_deadline_s=2)
    async with open_house(torchserve, settings) as (_, client):
        answer = await client.post("/v1.0/removebg", files=files)
        torchserve.gate.clear()
        late = await client.post("/v1.0/removebg", files={"image_file": picture(50, 40)})
        torchserve.gate.set()
    assert (answer.status_code, answer.headers["X-Width"]) == (200, "1000")
    assert late.status_code == 504


async def test_keys_places_and_limits_of_the_settings_reach_the_doors():
    key = "sixteen-letters-1"
    settings = Settings(
        api_keys=(key,), url_allow=("127.0.0.1",), url_timeout_s=20, batch_max_images=1, max_image_bytes=10_000
    )
    async with (
        serving(plainly(PICTURES[0])) as web,
        open_house(FakeTorchServe(), settings) as (_, client),
    ):
        asked = {"images": [f"http://127.0.0.1:{web.port}/", "http://127.0.0.2/"]}
        assert (await client.post("/v1/batch", json=asked)).status_code == 401
        client.headers["X-API-Key"] = key
        assert (await client.post("/v1/batch", json=asked)).status_code == 413
        fetched = [await client.post("/v1/mask", params={"image_url": url}) for url in asked["images"]]
    assert [answer.status_code for answer in fetched] == [200, 422]


@asynccontextmanager
async def deserted(torchserve: FakeTorchServe, settings: Settings) -> AsyncIterator[None]:
    """A house whose only caller has left after his picture was sent to the model."""
    torchserve.gate.clear()
    async with open_house(torchserve, settings) as (_, client):
        asked = asyncio.create_task(
            client.post("/v1/mask", content=PICTURES[0], headers={"content-type": "image/jpeg"})
        )
        await torchserve.arrived.wait()
        asked.cancel()
        yield


async def test_a_closing_house_waits_for_a_hanging_inference_no_longer_than_its_parent_waits_for_it(redis_server):
    async with deserted(FakeTorchServe(), Settings(redis_url=redis_server.url)):
        begun = time.monotonic()
    assert time.monotonic() - begun < LAST_WRITES_S


async def test_a_mask_that_lands_while_the_house_closes_is_kept(redis_server):
    torchserve, settings = FakeTorchServe(), Settings(redis_url=redis_server.url, redis_timeout_ms=60_000)
    async with deserted(torchserve, settings):
        asyncio.get_running_loop().call_later(0.1, torchserve.gate.set)
    async with open_house(torchserve, settings) as (_, client):
        assert (await client.get(f"/v1/masks/{sha256(PICTURES[0]).hexdigest()}")).status_code == 200
