import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxy.core.fingerprint import INLINE_BYTES, image_of
from proxy.core.renders import Renders
from proxy.core.types import Answer
from tests.proxy.core.house import CAT, House
from tests.support.entries import CAT_KEY, MASK
from tests.support.fakes import DictCache, MaskRenderer
from tests.support.settling import settle

PATIENCE_S = 20.0
MANY = 40
"""More than asyncio's own threads."""


class Slow(MaskRenderer):
    """Its work takes until the gate is open."""

    def __init__(self, gate: threading.Event, name: str = "slow") -> None:
        self.name = name
        self.begun = threading.Event()
        self._gate = gate

    async def render(self, image, mask, in_turn):
        return Answer(await in_turn(self._work, mask), "image/png")

    def _work(self, mask):
        self.begun.set()
        assert self._gate.wait(PATIENCE_S)
        return mask.png


@asynccontextmanager
async def gated(renders: Renders) -> AsyncIterator[threading.Event]:
    """Whatever becomes of a test, its threads end."""
    gate = threading.Event()
    try:
        yield gate
    finally:
        gate.set()
        renders.close()


async def test_a_hit_on_a_large_image_waits_for_no_render():
    house = await House(cache=DictCache(near=True)).opened()
    data = b"cat" * INLINE_BYTES
    image = image_of(data, seed=1)
    await house.predict(image)
    async with gated(house.renders) as gate:
        slow = [asyncio.create_task(house.predict(image, Slow(gate, f"slow {at}"))) for at in range(MANY)]
        await settle()
        async with asyncio.timeout(PATIENCE_S / 2):
            assert (await house.predict(image_of(data, seed=1))).found
        assert not any(task.done() for task in slow)
        gate.set()
        await asyncio.gather(*slow)


async def test_no_more_answers_are_made_at_once_than_there_are_turns():
    renders = Renders(DictCache(), at_once=1)
    async with gated(renders) as gate:
        first, second = Slow(gate), Slow(gate)
        made = [asyncio.create_task(renders.make(CAT, MASK, slow)) for slow in (first, second)]
        assert await asyncio.to_thread(first.begun.wait, PATIENCE_S)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(made[1]), 0.05)
        assert not second.begun.is_set()
        gate.set()
        assert {answer.body for answer in await asyncio.gather(*made)} == {MASK.png}


async def test_what_lies_ready_waits_for_no_turn():
    renders = Renders(DictCache(), at_once=1)
    async with gated(renders) as gate:
        busy = asyncio.create_task(renders.make(CAT, MASK, Slow(gate)))
        await settle()
        assert (await renders.make_and_keep(CAT_KEY, CAT, MASK, MaskRenderer())).body == MASK.png
        assert not busy.done()
        gate.set()
        await busy
