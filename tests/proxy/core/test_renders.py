import asyncio
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxy.core.fingerprint import INLINE_BYTES, image_of
from proxy.core.renders import Renders
from proxy.core.types import Answer, Key, Rendered
from tests.proxy.core.house import CAT, House
from tests.support.entries import CAT_KEY, DOG_KEY, MASK
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


class MaskWithWork(MaskRenderer):
    """Gives the mask as it lies, when its turn comes."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def render(self, image, mask, in_turn):
        return Answer(await in_turn(bytes, mask.png), "image/png")


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


def boarded(renders: Renders, key: Key, renderer: MaskRenderer) -> asyncio.Task[Rendered]:
    return asyncio.create_task(renders.make_and_keep(key, CAT, MASK, renderer))


async def leave(*waiting: asyncio.Task[Rendered]) -> None:
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await settle()


async def test_a_render_that_has_not_begun_is_withdrawn_and_let_go_when_all_have_left():
    renders = Renders(cache := DictCache(), at_once=1)
    async with gated(renders) as gate:
        busy, queued = boarded(renders, CAT_KEY, Slow(gate)), Slow(gate)
        await settle()
        waiting = [boarded(renders, DOG_KEY, queued) for _ in range(2)]
        await settle()
        await leave(waiting.pop())
        assert len(renders) == 2
        await leave(waiting.pop())
        assert len(renders) == 1
        let_go = weakref.ref(queued)
        del queued
        assert let_go() is None, "and what it held with it"
        gate.set()
        await busy
    assert set(cache.entries) == {CAT_KEY}


async def test_a_render_that_has_begun_ends_and_is_kept_although_all_have_left():
    renders = Renders(cache := DictCache(), at_once=1)
    async with gated(renders) as gate:
        slow = Slow(gate)
        asked = boarded(renders, CAT_KEY, slow)
        assert await asyncio.to_thread(slow.begun.wait, PATIENCE_S)
        await leave(asked)
        again = boarded(renders, CAT_KEY, Slow(gate, "a second time"))
        await settle()
        gate.set()
        assert (await again).rendering == "slow"
    assert set(cache.entries) == {CAT_KEY}


@pytest.mark.parametrize("comes_first", [True, False])
async def test_who_boards_at_the_moment_when_the_last_one_leaves_is_not_cancelled_with_it(comes_first: bool):
    renders = Renders(DictCache(), at_once=1)
    async with gated(renders) as gate:
        busy = boarded(renders, CAT_KEY, Slow(gate))
        await settle()
        leaving = boarded(renders, DOG_KEY, MaskWithWork("first"))
        await settle()
        if not comes_first:
            leaving.cancel()
        comes = boarded(renders, DOG_KEY, MaskWithWork("second"))
        leaving.cancel()
        gate.set()
        assert (await comes).rendering == ("first" if comes_first else "second")
        await busy


async def test_a_turn_that_comes_to_one_who_leaves_goes_to_the_next():
    renders = Renders(DictCache(), at_once=1)
    async with gated(renders) as gate:
        busy = boarded(renders, CAT_KEY, Slow(gate))
        await settle()
        leaving = boarded(renders, DOG_KEY, MaskWithWork("first"))
        await settle()
        busy.add_done_callback(lambda _: leaving.cancel())
        gate.set()
        await asyncio.wait({busy, leaving})
        async with asyncio.timeout(PATIENCE_S):
            assert (await boarded(renders, DOG_KEY, MaskWithWork("second"))).body == MASK.png


async def test_a_turn_lasts_as_long_as_its_work_although_the_caller_has_left():
    renders = Renders(DictCache(), at_once=1)
    async with gated(renders) as gate:
        slow = Slow(gate)
        alone = asyncio.create_task(renders.make(CAT, MASK, slow))
        assert await asyncio.to_thread(slow.begun.wait, PATIENCE_S)
        await leave(alone)
        queued = boarded(renders, DOG_KEY, MaskWithWork("queued"))
        await settle()
        await leave(queued)
        assert len(renders) == 0, "it had not begun"
        gate.set()
        assert (await boarded(renders, DOG_KEY, MaskWithWork("later"))).rendering == "later"
