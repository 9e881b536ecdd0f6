import asyncio
import hashlib
import io

import http_sf
import httpx
import pytest
from PIL import Image as Pillow

from proxy.core.fingerprint import Image
from proxy.errors import BackendAway, BackendError, BackendSilent, BadImage, RematteError
from tests.proxy.api.asgi import LEAVES, Caller, body
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of, png_header
from tests.support.fakes import DictCache, FakeBackend, grey_png, masks

JPEG = {"Content-Type": "image/jpeg"}
CAT = file_of(corners(48, 32), "JPEG", orientation=6)
DOG = file_of(corners(20, 20), "PNG")


async def send(house: House, door: str = "mask", picture: bytes = CAT) -> httpx.Response:
    return await house.client.post(f"/v1/{door}", content=picture, headers=JPEG)


def picture_of(response: httpx.Response) -> Pillow.Image:
    assert response.headers["Content-Type"] == "image/png"
    return Pillow.open(io.BytesIO(response.content))


def cache_status(response: httpx.Response) -> dict[str, object]:
    ((name, parameters),) = http_sf.parse(response.headers["Cache-Status"].encode(), tltype="list")
    assert str(name) == "rematte"
    return {key: value if isinstance(value, bool | int) else str(value) for key, value in parameters.items()}


def stages(response: httpx.Response) -> list[str]:
    return [member.partition(";")[0].strip() for member in response.headers["Server-Timing"].split(",")]


async def test_an_image_is_answered_with_its_mask_at_its_upright_size():
    async with house() as it:
        mask = picture_of(await send(it, "mask"))
    assert (mask.mode, mask.size) == ("L", (32, 48))


async def test_a_mask_is_as_large_as_the_model_made_it_for_whoever_asks_for_that():
    made = grey_png(level=77)
    async with house(FakeBackend(mask=made)) as it:
        large = await send(it)
        small = await it.client.post("/v1/mask?size=model", content=CAT, headers=JPEG)
        kept = await it.client.get(f"/v1/masks/{hashlib.sha256(CAT).hexdigest()}?size=model")
    assert small.content == kept.content == made
    assert small.headers["ETag"] == kept.headers["ETag"] != large.headers["ETag"]
    assert cache_status(small)["hit"]


async def test_a_size_that_does_not_exist_is_refused_by_name():
    async with house() as it:
        answer = await it.client.post("/v1/mask?size=huge", content=CAT, headers=JPEG)
    assert answer.status_code == 422
    assert "size" in answer.json()["detail"]


async def test_an_option_that_does_not_exist_is_refused_by_name():
    async with house() as it:
        answer = await it.client.post("/v1/mask?colour=red", content=CAT, headers=JPEG)
    assert answer.status_code == 422
    assert "colour" in answer.json()["detail"]


async def test_an_image_is_answered_with_its_cutout():
    async with house(FakeBackend(mask=grey_png(level=77))) as it:
        cutout = picture_of(await send(it, "cutout?edges=plain", DOG))
    assert cutout.getchannel("A").getextrema() == (77, 77)
    assert cutout.convert("RGB").tobytes() == corners(20, 20).tobytes()


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg; q=1", "IMAGE/JPEG", "application/octet-stream"])
async def test_the_bytes_decide_and_not_the_media_type(media_type: str):
    async with house() as it:
        answer = await it.client.post("/v1/mask", content=CAT, headers={"Content-Type": media_type})
    assert answer.status_code == 200


async def test_a_form_is_answered_like_the_image_that_it_holds():
    backend = FakeBackend()
    async with house(backend) as it:
        raw = await send(it)
        form = await it.client.post("/v1/mask", files={"image": ("cat.jpg", CAT)})
    assert form.content == raw.content
    assert form.headers["ETag"] == raw.headers["ETag"]
    assert backend.images == [CAT]


async def test_an_answer_names_image_model_and_confidence():
    async with house(FakeBackend(confidence=0.98765)) as it:
        headers = (await send(it)).headers
    assert headers["X-Image-Digest"] == hashlib.sha256(CAT).hexdigest()
    assert headers["X-Model-Version"] == "small-00000000"
    assert headers["X-Mask-Confidence"] == "0.9877"


async def test_an_answer_may_be_kept_but_not_shown_unasked():
    async with house() as it:
        assert (await send(it)).headers["Cache-Control"] == "private, no-cache"


async def test_the_entity_tag_is_strong_and_belongs_to_image_and_output():
    async with house() as it:
        tags = [
            (await send(it, door, picture)).headers["ETag"] for door in ("mask", "cutout") for picture in (CAT, DOG)
        ]
        assert (await send(it)).headers["ETag"] == tags[0]
    assert len(set(tags)) == 4
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


async def test_a_miss_says_that_the_model_was_asked_and_what_it_took():
    async with house() as it:
        answer = await send(it)
    assert cache_status(answer) == {"fwd": "miss", "stored": True}
    assert stages(answer) == ["read", "pixels", "queue", "infer", "network", "render"]


async def test_the_same_image_again_is_a_hit_on_the_finished_answer():
    async with house() as it:
        first, second = await send(it), await send(it)
    assert cache_status(second) == {"hit": True, "ttl": 1800, "detail": "rendered"}
    assert stages(second) == ["read", "lookup"]
    assert 'desc="redis"' in second.headers["Server-Timing"]
    assert second.content == first.content


async def test_another_output_of_a_known_image_is_a_hit_on_its_mask():
    async with house(cache=DictCache(near=True)) as it:
        await send(it, "mask")
        answer = await send(it, "cutout")
    assert cache_status(answer) == {"hit": True, "ttl": 1800, "detail": "memory"}
    assert stages(answer) == ["read", "lookup", "render"]


async def test_equal_images_at_once_share_one_inference():
    async def measure(_: Image) -> tuple[int, int]:
        return 32, 48  # without a thread, so that turns of the loop are all it takes to be on board

    backend = FakeBackend(open=False)
    async with house(backend, measure=measure) as it:
        callers = [asyncio.create_task(send(it)) for _ in range(3)]
        await backend.started.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        backend.release()
        answers = await asyncio.gather(*callers)
    assert backend.calls == 1
    assert sum(cache_status(answer).get("collapsed") is True for answer in answers) == 2


@pytest.mark.parametrize("door", ["mask", "cutout"])
@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (b"hello", "bad-image"),
        (CAT[:30], "bad-image"),
        (png_header(0, 7), "bad-image"),
        (png_header(60_000, 60_000), "too-many-pixels"),
    ],
    ids=["text", "a cut header", "no pixels", "a bomb"],
)
async def test_what_is_no_image_never_reaches_the_model_nor_the_cache(door: str, picture: bytes, kind: str):
    backend, cache = FakeBackend(), DictCache()
    async with house(backend, cache) as it:
        answer = await send(it, door, picture)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{kind}")
    assert (backend.calls, cache.entries) == (0, {})


async def test_a_broken_image_that_only_the_model_notices_is_a_422_too():
    backend, cache = FakeBackend(), DictCache()
    async with house(backend, cache) as it:
        backend.failure = BadImage("The image is damaged.")
        answer = await send(it)
    assert (answer.status_code, answer.json()["detail"]) == (422, "The image is damaged.")
    assert cache.entries == {}


@pytest.mark.parametrize(
    ("failure", "status", "kind", "retry_after"),
    [
        (BackendError("It stumbled."), 502, "backend-failed", None),
        (BackendAway("It is gone."), 503, "backend-away", "5"),
        (BackendSilent("It is mute."), 504, "backend-silent", None),
    ],
)
async def test_a_failing_model_server_is_a_problem_of_its_own_kind(
    failure: RematteError, status: int, kind: str, retry_after: str | None
):
    backend = FakeBackend()
    async with house(backend) as it:
        backend.failure = failure
        answer = await send(it)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.headers.get("Retry-After") == retry_after


async def test_before_a_model_has_been_ready_images_are_sent_away_for_a_while():
    async with house(ready=False) as it:
        answer = await send(it)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_more_than_may_wait_is_refused_at_once():
    backend = FakeBackend(open=False, window=1)
    async with house(backend, max_waiting=0) as it:
        inside = asyncio.create_task(send(it))
        await backend.started.wait()
        refused = await send(it, picture=DOG)
        backend.release()
        assert (await inside).status_code == 200
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/overloaded")
    assert refused.headers["Retry-After"] == "5"


async def test_a_mask_that_comes_too_late_is_a_504():
    backend = FakeBackend(open=False)
    async with house(backend, deadline_s=0.05) as it:
        answer = await send(it)
        backend.release()
    assert (answer.status_code, answer.json()["type"]) == (504, "/problems/deadline-passed")


async def test_a_caller_who_leaves_takes_a_queued_image_along():
    backend = FakeBackend(open=False, window=1)
    async with house(backend) as it:
        inside = asyncio.create_task(send(it))
        await backend.started.wait()
        caller = Caller("/v1/mask", body(DOG), JPEG)
        call = asyncio.create_task(caller.call(it.app))
        async with asyncio.timeout(10):
            while not it.dispatch.waiting:
                await asyncio.sleep(0)
            caller.leave()
            await call
            while it.dispatch.waiting:
                await asyncio.sleep(0)
        backend.release()
        await inside
    assert backend.images == [CAT]


async def test_a_caller_who_leaves_does_not_stop_an_inference_that_was_sent():
    backend, cache = FakeBackend(open=False), DictCache()
    async with house(backend, cache) as it:
        caller = Caller("/v1/mask", body(CAT), JPEG)
        call = asyncio.create_task(caller.call(it.app))
        await backend.started.wait()
        caller.leave()
        await call
        backend.release()
        async with asyncio.timeout(10):
            while not masks(cache):
                await asyncio.sleep(0)
        again = await send(it)
    assert cache_status(again)["detail"] == "redis"
    assert backend.calls == 1


async def test_a_caller_who_leaves_in_mid_body_leaves_nothing_behind(caplog: pytest.LogCaptureFixture):
    backend, cache = FakeBackend(), DictCache()
    async with house(backend, cache) as it:
        caller = Caller("/v1/mask", [*body(CAT[:50], ends=False), LEAVES], JPEG)
        await caller.call(it.app)
    assert caller.status == 499
    assert (backend.calls, cache.entries, caplog.records) == (0, {}, [])


async def test_cache_control_is_obeyed():
    async with house() as it:

        async def ask(directive: str) -> httpx.Response:
            return await it.client.post("/v1/mask", content=CAT, headers=JPEG | {"Cache-Control": directive})

        missing = await ask("only-if-cached")
        assert missing.status_code == 504
        assert missing.json()["type"] == "/problems/not-cached"
        assert cache_status(await ask("no-store")) == {"fwd": "miss"}
        assert cache_status(await ask("max-age=0")) == {"fwd": "miss", "stored": True}
        assert cache_status(await ask("no-cache")) == {"fwd": "bypass", "stored": True}
        assert "hit" in cache_status(await ask("only-if-cached"))


async def test_a_page_that_is_loaded_again_costs_no_inference():
    """A browser then says `max-age=0`, and so does `fetch` with `cache: "no-cache"`."""
    backend = FakeBackend()
    async with house(backend) as it:
        for directive in ("private", "max-age=0"):
            answer = await it.client.post("/v1/mask", content=CAT, headers=JPEG | {"Cache-Control": directive})
    assert cache_status(answer)["detail"] == "rendered"
    assert backend.calls == 1
