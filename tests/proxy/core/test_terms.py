"""What a caller allows the predictor, and what it then does."""

import asyncio

import pytest

from proxy.core.types import ANY_TERMS, Terms
from proxy.errors import NotCached
from tests.proxy.core.house import House, settle
from tests.support.fakes import DictCache, FakeBackend, MaskRenderer, masks

NO_CACHE, NO_STORE, ONLY_IF_CACHED = Terms(may_find=False), Terms(may_keep=False), Terms(may_infer=False)


@pytest.mark.parametrize("near", [True, False], ids=["memory", "redis"])
async def test_no_cache_asks_the_model_again_and_keeps_what_it_says(near):
    house = await House(cache=DictCache(near=near)).opened()
    await house.predict()
    again = await house.predict(terms=NO_CACHE)
    assert house.backend.calls == 2
    assert (again.found, again.bypassed, again.stored) == (None, True, True)
    assert (await house.predict()).found is not None


async def test_no_store_leaves_nothing_behind():
    house = await House().opened()
    first = await house.predict(terms=NO_STORE)
    assert not first.stored
    assert not house.cache.entries
    await house.predict(terms=NO_STORE)
    assert house.backend.calls == 2


async def test_no_store_may_be_answered_with_what_is_kept():
    house = await House().opened()
    await house.predict()
    assert (await house.predict(terms=NO_STORE)).found is not None


@pytest.mark.parametrize("order", [(NO_STORE, ANY_TERMS), (ANY_TERMS, NO_STORE)], ids=["first", "second"])
async def test_a_flight_shared_with_no_store_is_kept_for_the_other(order):
    house = await House(FakeBackend(open=False)).opened()
    first = house.ask(terms=order[0])
    await house.backend.started.wait()
    second = house.ask(terms=order[1])
    await settle()
    house.backend.release()
    predictions = await asyncio.gather(first, second)
    assert house.backend.calls == 1
    assert any(prediction.stored for prediction in predictions)
    assert len(masks(house.cache)) == 1


async def test_what_has_just_landed_is_no_answer_to_no_cache():
    house = await House(cache=DictCache(late=True)).opened()
    both = await asyncio.gather(house.predict(), house.predict(terms=NO_CACHE))
    assert house.backend.calls == 1, "a flight may be shared"
    again = await asyncio.gather(house.predict(), house.predict(terms=NO_CACHE))
    assert house.backend.calls == 2, "what it brought may not"
    assert [prediction.bypassed for prediction in (*both, *again)] == [False, True, False, True]


@pytest.mark.parametrize("near", [True, False], ids=["memory", "redis"])
async def test_only_if_cached_answers_from_the_cache_or_not_at_all(near):
    house = await House(cache=DictCache(near=near)).opened()
    with pytest.raises(NotCached, match="only-if-cached"):
        await house.predict(terms=ONLY_IF_CACHED)
    assert house.backend.calls == 0
    await house.predict()
    assert (await house.predict(terms=ONLY_IF_CACHED)).found is not None


async def test_only_if_cached_renders_a_kept_mask():
    house = await House().opened()
    await house.predict()

    class Loud(MaskRenderer):
        name = "loud"

    assert (await house.predict(renderer=Loud(), terms=ONLY_IF_CACHED)).found is not None
    assert house.backend.calls == 1


async def test_nothing_kept_may_be_used_and_no_model_asked_is_nothing_at_all():
    house = await House().opened()
    await house.predict()
    with pytest.raises(NotCached):
        await house.predict(terms=Terms(may_find=False, may_infer=False))
