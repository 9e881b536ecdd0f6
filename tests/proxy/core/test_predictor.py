import asyncio
import hashlib
from dataclasses import replace

import pytest

from proxy.core.fingerprint import Image, image_of
from proxy.core.keys import mask_key
from proxy.core.types import Answer, Model, Terms
from proxy.errors import BackendAway, BackendError, BadImage, DeadlinePassed, Overloaded, UnknownDigest
from tests.proxy.core.house import CAT, DOG, House, settle
from tests.support.fakes import MODEL, DictCache, FakeBackend, MaskRenderer, masks, renders

DIGEST, DOGS_DIGEST = (hashlib.sha256(data).hexdigest() for data in (b"cat", b"dog"))


class Echo(MaskRenderer):
    """Gives the image back, as a cutout does."""

    async def render(self, image, mask, in_turn):
        await asyncio.sleep(0)
        return Answer(b"".join(image.chunks), "image/png")


async def test_a_new_image_is_inferred_rendered_and_kept():
    house = await House().opened()
    prediction = await house.predict()
    assert prediction.found is None
    assert prediction.rendered.body == house.backend.mask
    assert prediction.rendered.digest == hashlib.sha256(b"cat").hexdigest()
    assert set(prediction.stages) == {"queue", "infer", "network", "render"}
    (mask,) = masks(house.cache)
    assert (mask.width, mask.height, mask.model_version) == (40, 30, MODEL.version)
    assert renders(house.cache) == [prediction.rendered]


@pytest.mark.parametrize("near", [True, False], ids=["memory", "redis"])
async def test_the_same_image_again_is_a_hit_on_the_finished_answer(near):
    house = await House(cache=DictCache(near=near)).opened()
    first, second = await house.predict(), await house.predict()
    assert house.backend.calls == 1
    assert second.found is not None
    assert second.rendered == first.rendered
    assert second.etag == first.etag
    assert set(second.stages) == {"lookup"}


async def test_another_rendering_of_a_known_image_needs_no_inference():
    house = await House().opened()

    class Loud(MaskRenderer):
        name = "loud"

    first, second = await house.predict(), await house.predict(renderer=Loud())
    assert house.backend.calls == 1
    assert second.found is not None
    assert second.etag != first.etag


async def test_what_a_renderer_found_out_comes_with_every_hit():
    house = await House().opened()

    class Measuring(MaskRenderer):
        async def render(self, image, mask, in_turn):
            return Answer(mask.png, "image/png", (("width", mask.width),))

    answers = [await house.predict(renderer=Measuring()) for _ in range(2)]
    assert [dict(answer.rendered.facts) for answer in answers] == [{"width": 40}] * 2


async def test_many_equal_requests_at_once_are_one_inference_and_one_rendering():
    house = await House(FakeBackend(open=False)).opened()
    asked = [house.ask() for _ in range(32)]
    await house.backend.started.wait()
    house.backend.release()
    predictions = await asyncio.gather(*asked)
    assert house.backend.calls == 1
    assert sorted(prediction.collapsed for prediction in predictions) == [False] + [True] * 31


async def test_a_caller_who_leaves_does_not_cancel_the_others():
    house = await House(FakeBackend(open=False)).opened()
    first = house.ask()
    await house.backend.started.wait()
    second = house.ask()
    await settle()
    first.cancel()
    house.backend.release()
    assert (await second).rendered.body == house.backend.mask


async def test_when_all_leave_a_sent_inference_lands_and_is_kept():
    house = await House(FakeBackend(open=False)).opened()
    asked = house.ask()
    await house.backend.started.wait()
    asked.cancel()
    await settle()
    house.backend.release()
    await settle()
    assert len(masks(house.cache)) == 1
    assert (house.heard.times("predicted", "miss"), house.heard.times("wasted")) == (1, 1)


async def test_when_all_leave_a_queued_inference_is_withdrawn():
    house = await House(FakeBackend(open=False, window=1)).opened()
    ahead, asked = house.ask(DOG), house.ask(CAT)
    await settle()
    assert house.dispatch.waiting == 1
    asked.cancel()
    await settle()
    assert house.dispatch.waiting == 0
    house.backend.release()
    await ahead
    assert house.backend.images == [b"dog"]


async def test_in_the_literal_race_a_hit_answers_although_the_model_was_asked_too():
    cache = DictCache()
    await (await House(cache=cache).opened()).predict()
    house = await House(FakeBackend(open=False), cache, head_start_s=0).opened()
    prediction = await house.predict()
    assert prediction.found is not None
    await settle()
    assert house.backend.calls == 1
    house.backend.release()
    await settle()
    assert (house.heard.times("predicted", "hit"), house.heard.times("wasted")) == (1, 1)


async def test_a_hit_within_the_head_start_asks_nobody():
    cache = DictCache()
    await (await House(cache=cache).opened()).predict()
    house = await House(cache=cache).opened()
    assert (await house.predict()).found is not None
    assert house.backend.calls == 0


async def test_an_entry_of_another_image_under_the_same_key_is_a_miss():
    """The seeded hash says where to look; only BLAKE3 says that it is ours."""
    house = await House().opened()
    await house.predict(DOG)
    (mask,) = masks(house.cache)
    house.cache.entries = {mask_key(CAT, MODEL): replace(mask, png=b"somebody else's")}
    prediction = await house.predict(CAT)
    assert prediction.found is None
    assert prediction.rendered.body == house.backend.mask
    assert house.heard.times("refuted") == 1


async def test_two_images_with_one_key_in_the_air_get_an_inference_each():
    house = await House(FakeBackend(open=False)).opened()
    twin = Image((b"eve",), CAT.size, CAT.xxh3)
    asked = [asyncio.create_task(house.predict(image, Echo())) for image in (CAT, twin)]
    await house.backend.started.wait()
    house.backend.release()
    answers = [(await prediction).rendered for prediction in asked]
    assert [answer.digest for answer in answers] == [hashlib.sha256(data).hexdigest() for data in (b"cat", b"eve")]
    assert [answer.body for answer in answers] == [b"cat", b"eve"]
    assert house.backend.images == [b"cat", b"eve"]
    assert house.heard.times("refuted") == 1


async def test_a_lookup_that_comes_back_after_its_twin_has_landed_asks_no_second_time():
    """The miss is true when Redis says it and stale when it arrives."""
    house = await House(cache=DictCache(open=False, late=True)).opened()
    late = house.ask()
    await settle()
    house.cache.release()
    early = house.ask()
    assert (await early).rendered == (await late).rendered
    assert house.heard.times("collapsed") == 1
    house.cache.entries.clear()
    assert (await house.predict()).rendered.body == house.backend.mask
    assert house.backend.calls == 1


async def test_after_a_new_archive_nothing_is_answered_from_the_old_ones_entries():
    house = await House().opened()
    await house.predict()
    house.backend.model = Model("inspyrenet", "small-2")
    await house.watch.look()
    prediction = await house.predict()
    assert prediction.found is None
    assert prediction.rendered.model_version == "small-2"


async def test_a_mask_is_kept_under_the_version_that_made_it_even_before_the_next_look():
    house = await House().opened()
    house.backend.model = Model("inspyrenet", "small-2")
    await house.predict()
    assert mask_key(CAT, house.backend.model) in house.cache.entries
    assert mask_key(CAT, MODEL) not in house.cache.entries
    house.backend.model = MODEL
    await house.predict()
    assert house.backend.calls == 2


async def test_bytes_that_cannot_be_measured_never_reach_the_model():
    house = await House().opened()
    with pytest.raises(BadImage):
        await house.predict(image_of(b"text", seed=1))
    assert house.backend.calls == 0


@pytest.mark.parametrize("failure", [BadImage("truncated"), BackendError("broken")])
async def test_a_failed_inference_is_told_and_not_kept(failure):
    house = await House().opened()
    house.backend.failure = failure
    with pytest.raises(type(failure), match=str(failure)):
        await house.predict()
    assert not house.cache.entries


async def test_before_any_worker_was_ready_nothing_can_be_asked():
    with pytest.raises(BackendAway, match="No model has been ready yet"):
        await House().predict()


async def test_hits_go_on_while_the_model_server_is_away():
    house = await House().opened()
    await house.predict()
    house.backend.failure = BackendAway("gone")
    await house.watch.look()
    assert (await house.predict()).found is not None


async def test_a_full_queue_refuses_at_once():
    house = await House(FakeBackend(open=False, window=1), max_waiting=1).opened()
    asked = [house.ask(image_of(name, seed=1)) for name in (b"one", b"two")]
    await settle()
    with pytest.raises(Overloaded):
        await house.predict()
    house.backend.release()
    await asyncio.gather(*asked)


async def test_when_the_deadline_is_over_the_caller_is_told():
    house = await House(FakeBackend(open=False), deadline_s=0.01).opened()
    with pytest.raises(DeadlinePassed, match=r"0\.01 seconds"):
        await house.predict()
    house.backend.release()


async def test_an_entry_of_another_image_under_an_alias_is_not_believed():
    """Redis may lie, or an alias be told twice: the entry's own digest decides."""

    class Liar(DictCache):
        async def follow(self, alias):
            return next(filter(None, map(self._found, self.entries)), None)

    house = await House(cache=Liar()).opened()
    await house.predict(DOG)
    with pytest.raises(UnknownDigest):
        await house.predictor.recall(DIGEST, MaskRenderer())
    assert house.heard.times("refuted") == 2, "the finished answer's alias, and the mask's"


class Counted(MaskRenderer):
    """Counts how often it was asked."""

    name = "counted"

    def __init__(self) -> None:
        self.times = 0

    async def render(self, image, mask, in_turn):
        self.times += 1
        return Answer(await in_turn(bytes, mask.png), "image/png")


@pytest.mark.parametrize("near", [True, False], ids=["memory", "redis"])
async def test_another_rendering_for_a_caller_who_knows_the_digest_is_made_once_and_kept(near):
    house, counted = await House(cache=DictCache(near=near)).opened(), Counted()
    await house.predict()
    together = await asyncio.gather(*(house.predictor.recall(DIGEST, counted) for _ in range(8)))
    later = await house.predictor.recall(DIGEST, counted)
    assert counted.times == 1
    assert {answer.rendered for answer in (*together, later)} == {later.rendered}
    assert later.found is not None
    assert later.found.entry == later.rendered


async def test_what_was_rendered_by_digest_is_no_answer_for_another_digest():
    house = await House().opened()
    await house.predict(CAT)
    await house.predict(DOG)
    answers = [await house.predictor.recall(digest, Counted()) for digest in (DIGEST, DOGS_DIGEST, DIGEST)]
    assert [answer.rendered.digest for answer in answers] == [DIGEST, DOGS_DIGEST, DIGEST]


async def test_what_no_store_has_rendered_by_digest_is_not_kept():
    house = await House().opened()
    await house.predict()
    assert (await house.predictor.recall(DIGEST, Counted(), Terms(may_keep=False))).rendered.body == house.backend.mask
    assert [entry.rendering for entry in renders(house.cache)] == ["mask"]


async def test_a_rendering_by_digest_has_a_deadline_too():
    house = await House(deadline_s=0.01).opened()
    await house.predict()

    class Endless(MaskRenderer):
        name = "endless"

        async def render(self, image, mask, in_turn):
            await asyncio.Event().wait()

    with pytest.raises(DeadlinePassed, match=r"0\.01 seconds"):
        await house.predictor.recall(DIGEST, Endless())
    assert len(house.renders) == 0
