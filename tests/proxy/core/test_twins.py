import asyncio
from dataclasses import dataclass, field, replace

import pytest

from proxy.cache.keeper import Keeper
from proxy.cache.memory import MemoryCache
from proxy.cache.tiers import TieredCache
from proxy.core.dispatch import Dispatch
from proxy.core.fingerprint import Image, image_of
from proxy.core.keys import mask_key, picture_alias
from proxy.core.oracle import Oracle
from proxy.core.predictor import Prediction, Predictor
from proxy.core.race import HeadStart
from proxy.core.renders import Renders
from proxy.core.twins import Twins
from proxy.core.types import ANY_TERMS, Found, Key, Model, Terms
from proxy.core.watch import ModelWatch
from proxy.errors import BadImage, Overloaded
from tests.support.fakes import MODEL, DictCache, FakeBackend, MaskRenderer, masks
from tests.support.settling import settle

CAT, CAT_AGAIN, DOG = (image_of(name, seed=1) for name in (b"cat.png", b"cat.bmp", b"dog.png"))
CAT_JPEG = image_of(b"cat.jpeg", seed=1)
NO_CACHE, NO_STORE, ONLY_IF_CACHED = Terms(may_find=False), Terms(may_keep=False), Terms(may_infer=False)


@dataclass
class FirstWord:
    """Names a picture by what stands before the dot; JPEGs by all of it, and by that only the model does."""

    open: bool = True
    named: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = asyncio.Event()
        if self.open:
            self.gate.set()

    async def of(self, image: Image) -> bytes | None:
        await self.gate.wait()
        (file,) = image.chunks
        self.named.append(file)
        return file.ljust(32) if file.endswith(b".jpeg") else first_word(file)


def first_word(file: bytes) -> bytes:
    return file.partition(b".")[0].ljust(32)


async def measure(image: Image) -> tuple[int, int]:
    if image.chunks[0].startswith(b"text"):
        raise BadImage("no image")
    return 40, 30


class House:
    def __init__(self, backend=None, cache=None, names=None, *, head_start_s=60.0, max_waiting=8):
        self.backend = backend or FakeBackend(picture_name=first_word)
        self.cache = cache or DictCache()
        self.names = names or FirstWord()
        head_start = HeadStart(head_start_s)
        self.dispatch = Dispatch(self.backend, max_waiting=max_waiting, max_waiting_bytes=1000)
        self.watch = ModelWatch(self.backend, self.dispatch, poll_s=60)
        self.twins = Twins(self.cache, self.names, head_start)
        oracle = Oracle(
            cache=self.cache, claims=None, dispatch=self.dispatch, watch=self.watch, measure=measure, twins=self.twins
        )
        self.predictor = Predictor(
            cache=self.cache,
            oracle=oracle,
            renders=Renders(self.cache, at_once=1),
            watch=self.watch,
            head_start=head_start,
            deadline_s=60,
        )

    async def opened(self) -> "House":
        await self.watch.look()
        return self

    async def predict(self, image: Image, terms: Terms = ANY_TERMS) -> Prediction:
        return await self.predictor.predict(image, MaskRenderer(), terms)

    def ask(self, image: Image, terms: Terms = ANY_TERMS) -> "asyncio.Task[Prediction]":
        return asyncio.create_task(self.predict(image, terms))


async def test_the_same_picture_in_another_file_is_a_hit_without_an_inference():
    house = await House().opened()
    first, second = await house.predict(CAT), await house.predict(CAT_AGAIN)
    assert house.backend.images == [b"cat.png"]
    assert second.found is not None
    assert second.found.by_pixels
    assert second.rendered.body == first.rendered.body
    assert set(second.stages) == {"pixels", "render"}


async def test_the_other_file_is_known_by_its_own_bytes_from_then_on():
    house = await House().opened()
    await house.predict(CAT)
    prediction = await house.predict(CAT_AGAIN)
    mask = house.cache.entries[mask_key(CAT_AGAIN, MODEL)]
    assert mask.digest == prediction.rendered.digest == await CAT_AGAIN.digest()
    assert mask.blake3 == await CAT_AGAIN.blake3()
    again = await house.predict(CAT_AGAIN)
    assert again.found is not None
    assert again.found.entry == prediction.rendered
    assert house.names.named == [b"cat.png", b"cat.bmp"], "a plain hit needs no name"


async def test_another_picture_is_inferred():
    house = await House().opened()
    await house.predict(CAT)
    assert (await house.predict(DOG)).found is None
    assert house.backend.images == [b"cat.png", b"dog.png"]


async def test_the_models_name_is_kept_too_and_found_by_others():
    house = await House().opened()
    await house.predict(CAT_JPEG)
    assert [len(mask.names) for mask in masks(house.cache)] == [2]
    assert (await house.predict(CAT)).found is not None
    assert house.backend.calls == 1


async def test_what_was_forgotten_and_is_known_by_its_pixels_later_is_kept_again():
    memory = MemoryCache(10**6, 1800.0)
    house = await House(cache=TieredCache(memory, None, ttl_s=1800.0)).opened()
    await house.predict(CAT)
    await Keeper(memory, None, None).forget(await CAT_AGAIN.digest())
    assert (await house.predict(CAT_AGAIN)).found.by_pixels
    assert memory.get(mask_key(CAT_AGAIN, MODEL))


async def test_a_mask_found_by_one_name_hands_on_all_of_them():
    house = await House().opened()
    await house.predict(CAT_JPEG)
    await house.predict(CAT)
    assert len({mask.names for mask in masks(house.cache)}) == 1


async def test_where_the_models_name_is_ours_it_is_kept_once():
    house = await House().opened()
    await house.predict(CAT)
    assert [len(mask.names) for mask in masks(house.cache)] == [1]


async def test_a_model_that_gives_no_name_leaves_ours():
    house = await House(FakeBackend()).opened()
    await house.predict(CAT_JPEG)
    assert [mask.names for mask in masks(house.cache)] == [(CAT_JPEG.chunks[0].ljust(32),)]


class Forger(DictCache):
    """Leads every alias to the first mask that it has."""

    async def follow(self, alias: Key) -> Found | None:
        return next((self._found(mask_key(image, MODEL)) for image in (CAT, DOG)), None)


async def test_a_forged_alias_is_not_believed():
    house = await House(cache=Forger()).opened()
    await house.predict(CAT)
    assert (await house.predict(DOG)).found is None
    assert house.backend.calls == 2


async def test_a_mask_that_bears_no_such_name_is_not_believed_either():
    house = await House(cache=Forger()).opened()
    await house.predict(CAT)
    key = mask_key(CAT, MODEL)
    house.cache.entries[key] = replace(house.cache.entries[key], names=())
    assert (await house.predict(CAT_AGAIN)).found is None


async def test_a_mask_of_another_model_is_not_found():
    house = await House().opened()
    await house.predict(CAT)
    house.backend.model = Model("inspyrenet", "small-2")
    await house.watch.look()
    assert (await house.predict(CAT_AGAIN)).rendered.model_version == "small-2"
    assert house.backend.calls == 2
    assert picture_alias(b"n", "small-1") != picture_alias(b"n", "small-2")


async def test_no_cache_is_not_answered_with_a_twins_mask():
    house = await House().opened()
    await house.predict(CAT)
    assert (await house.predict(CAT_AGAIN, NO_CACHE)).found is None
    assert house.backend.calls == 2


async def test_no_cache_that_boards_a_flight_which_finds_a_twin_flies_by_itself():
    house = await House().opened()
    await house.predict(CAT)
    house.names.gate.clear()
    finds = house.ask(CAT_AGAIN)
    await settle()
    insists = house.ask(CAT_AGAIN, NO_CACHE)
    await settle()
    house.names.gate.set()
    assert (await finds).found is not None
    assert (await insists).found is None
    assert house.backend.images == [b"cat.png", b"cat.bmp"]


async def test_no_store_may_be_answered_by_a_twin_and_leaves_nothing():
    house = await House().opened()
    await house.predict(CAT)
    before = dict(house.cache.entries)
    assert (await house.predict(CAT_AGAIN, NO_STORE)).found is not None
    assert house.cache.entries == before


async def test_a_full_queue_refuses_before_anything_is_named():
    house = await House(FakeBackend(open=False, window=1), max_waiting=1).opened()
    asked = [house.ask(image_of(name, seed=1)) for name in (b"one.png", b"two.png")]
    await settle()
    with pytest.raises(Overloaded):
        await house.predict(DOG)
    assert house.names.named == [b"one.png", b"two.png"]
    house.backend.release()
    await asyncio.gather(*asked)


async def test_who_is_being_named_holds_its_place_and_gives_it_back_when_a_twin_is_found():
    house = await House(FakeBackend(window=1), max_waiting=1).opened()
    await house.predict(CAT)
    house.names.gate.clear()
    asked = house.ask(CAT_AGAIN)
    await settle()
    assert house.dispatch.waiting == 1
    house.names.gate.set()
    await asked
    assert (house.dispatch.waiting, house.backend.calls) == (0, 1)


@pytest.mark.parametrize("leave", [True, False], ids=["its caller left", "it is no image"])
async def test_a_place_in_the_queue_is_given_back_when(leave: bool):
    house = await House(names=FirstWord(open=not leave)).opened()
    asked = house.ask(CAT if leave else image_of(b"text.png", seed=1))
    await settle()
    if leave:
        assert house.dispatch.waiting == 1
        asked.cancel()
    await asyncio.wait({asked})
    await settle()
    assert (house.dispatch.waiting, house.backend.calls) == (0, 0)


class Slow(DictCache):
    """Its far tier never answers who asks by alias."""

    async def follow(self, alias: Key) -> Found | None:
        return await asyncio.get_running_loop().create_future()


async def test_a_cache_that_does_not_answer_is_not_waited_for():
    house = await House(cache=Slow(), head_start_s=0.0).opened()
    assert (await house.predict(CAT)).found is None


async def test_what_lies_near_is_found_even_in_the_literal_race():
    house = await House(head_start_s=0.0).opened()
    await house.predict(CAT)
    assert (await house.predict(CAT_AGAIN)).found is not None
    assert house.backend.calls == 1
