"""A flight and the other replicas: who asks the model, and what becomes of the right to ask it."""

import asyncio
import hashlib

import pytest
from blake3 import blake3

from proxy.core.fingerprint import Image, image_of
from proxy.core.types import Found, Mask, Terms
from proxy.errors import BackendError, BadImage
from tests.proxy.core.house import CAT, DOG, House, settle
from tests.support.fakes import MODEL, DictCache, FakeBackend, grey_png


class OtherReplicas:
    """Claims that are granted, or refused as often as another replica is said to have made the mask."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.asked = 0
        self.held = 0

    async def claim(self, key):
        self.asked += 1
        if self.asked <= self.refusals:
            return None
        self.held += 1
        return self

    def release(self) -> None:
        self.held -= 1


class LandsLater(DictCache):
    """Another replica's mask, which the first lookup came too early for."""

    def __init__(self, mask) -> None:
        super().__init__()
        self._mask = mask
        self._lookups = 0

    async def get(self, *keys):
        self._lookups += 1
        return Found(self._mask, "redis", 1800.0) if self._lookups > 1 else None


def mask_of(image: Image) -> Mask:
    digest = hashlib.sha256(b"".join(image.chunks)).hexdigest()
    return Mask(grey_png(), 40, 30, digest, blake3(b"".join(image.chunks)).digest(), MODEL.version, 1.0, 0.0)


async def test_a_mask_that_another_replica_has_just_made_costs_no_inference():
    house = await House(cache=LandsLater(mask_of(CAT)), claims=OtherReplicas(refusals=1)).opened()
    prediction = await house.predict()
    assert house.backend.calls == 0
    assert prediction.collapsed
    assert house.heard.times("shared") == 1


class SlowReplicas(OtherReplicas):
    """They land when told to."""

    def __init__(self) -> None:
        super().__init__(refusals=1)
        self.landed = asyncio.Event()

    async def claim(self, key):
        await self.landed.wait()
        return await super().claim(key)


async def test_no_cache_that_boards_a_flight_which_takes_another_replicas_mask_flies_by_itself():
    claims = SlowReplicas()
    house = await House(FakeBackend(mask=grey_png(level=7)), LandsLater(mask_of(CAT)), claims).opened()
    waits = house.ask()
    await settle()
    insists = house.ask(terms=Terms(may_find=False))
    await settle()
    claims.landed.set()
    assert (await waits).rendered.body == grey_png()
    fresh = await insists
    assert (fresh.rendered.body, fresh.bypassed, fresh.collapsed) == (grey_png(level=7), True, False)
    assert house.backend.calls == 1


async def test_a_mask_that_another_replica_made_for_other_bytes_is_not_taken():
    claims = OtherReplicas(refusals=99)
    house = await House(cache=LandsLater(mask_of(DOG)), claims=claims).opened()
    prediction = await house.predict(CAT)
    assert prediction.rendered.digest == hashlib.sha256(b"cat").hexdigest()
    assert house.backend.calls == 1


async def test_where_another_replica_made_nothing_we_ask_the_model():
    claims = OtherReplicas(refusals=1)
    house = await House(claims=claims).opened()
    await house.predict()
    assert (house.backend.calls, claims.asked, claims.held) == (1, 2, 0)


@pytest.mark.parametrize("failure", [BackendError("broken"), None])
async def test_a_claim_is_released_however_the_flight_ends(failure):
    claims = OtherReplicas()
    house = await House(FakeBackend(failure=None), claims=claims).opened()
    house.backend.failure = failure
    asking = house.ask()
    await asyncio.wait({asking})
    assert (claims.asked, claims.held) == (1, 0)
    asking.exception()


async def test_the_claim_for_bytes_that_are_no_image_is_released():
    claims = OtherReplicas()
    house = await House(claims=claims).opened()
    with pytest.raises(BadImage):
        await house.predict(image_of(b"text", seed=1))
    await settle()
    assert (claims.asked, claims.held) == (1, 0)


async def test_a_lookup_that_has_not_answered_is_not_asked_who_else_is_flying():
    claims = OtherReplicas()
    house = await House(cache=DictCache(open=False), claims=claims, head_start_s=0).opened()
    await house.predict()
    assert claims.asked == 0


@pytest.mark.parametrize("terms", [Terms(may_find=False), Terms(may_keep=False)])
async def test_what_is_not_shared_needs_no_claim(terms):
    claims = OtherReplicas()
    house = await House(claims=claims).opened()
    await house.predict(terms=terms)
    assert claims.asked == 0
