import asyncio

import pytest

from proxy.core.dispatch import Dispatch
from proxy.core.fingerprint import image_of
from proxy.errors import BackendAway, Overloaded
from tests.support.fakes import FakeBackend
from tests.support.settling import settle

CAT, DOG, COW = (image_of(name * 10, seed=1) for name in (b"cat", b"dog", b"cow"))


def dispatch(backend: FakeBackend, *, max_waiting: int = 8, max_waiting_bytes: int = 1000) -> Dispatch:
    return Dispatch(backend, max_waiting=max_waiting, max_waiting_bytes=max_waiting_bytes)


async def test_an_image_goes_in_and_its_mask_comes_out():
    backend = FakeBackend()
    job = dispatch(backend).submit(CAT)
    assert (await job.landed).png == backend.mask
    assert backend.images == [b"cat" * 10]


async def test_no_more_images_than_the_window_are_inside_the_back_end():
    backend = FakeBackend(open=False)
    queue = dispatch(backend)
    queue.widen(2)
    jobs = [queue.submit(image) for image in (CAT, DOG, COW)]
    await settle()
    assert (backend.calls, queue.inside, queue.waiting) == (2, 2, 1)
    backend.release()
    await asyncio.gather(*(job.landed for job in jobs))
    assert backend.calls == 3


async def test_a_wider_window_lets_the_waiting_in_at_once():
    backend = FakeBackend(open=False)
    queue = dispatch(backend)
    for image in (CAT, DOG, COW):
        queue.submit(image)
    queue.widen(3)
    await settle()
    assert (backend.calls, queue.waiting) == (3, 0)
    backend.release()
    await queue.close(60)


async def test_a_queued_job_is_withdrawn_for_free_and_a_sent_one_is_not():
    backend = FakeBackend(open=False)
    queue = dispatch(backend)
    sent, queued = queue.submit(CAT), queue.submit(DOG)
    await settle()
    assert queue.withdraw(queued)
    assert not queue.withdraw(sent)
    backend.release()
    await sent.landed
    await queue.close(60)
    assert queued.landed.cancelled()
    assert backend.calls == 1


async def test_one_image_too_many_is_refused_at_once():
    backend = FakeBackend(open=False)
    queue = dispatch(backend, max_waiting=1)
    queue.submit(CAT)
    queue.submit(DOG)
    with pytest.raises(Overloaded, match="1 images are waiting"):
        queue.submit(COW)
    backend.release()
    await queue.close(60)


async def test_the_queue_is_bounded_in_bytes_too_and_withdrawing_makes_room():
    backend = FakeBackend(open=False)
    queue = dispatch(backend, max_waiting_bytes=40)
    queue.submit(CAT)
    waiting = queue.submit(DOG)
    with pytest.raises(Overloaded, match="30 bytes"):
        queue.submit(COW)
    queue.withdraw(waiting)
    queue.submit(COW)
    backend.release()
    await queue.close(60)


async def test_an_image_larger_than_the_byte_bound_still_flies_when_the_window_is_free():
    backend = FakeBackend()
    assert await dispatch(backend, max_waiting_bytes=1).submit(CAT).landed


async def test_a_failure_belongs_to_its_image_and_the_next_one_flies():
    backend = FakeBackend(failure=BackendAway("gone"))
    queue = dispatch(backend)
    with pytest.raises(BackendAway, match="gone"):
        await queue.submit(CAT).landed
    backend.failure = None
    assert await queue.submit(CAT).landed


async def test_the_stages_of_a_job_add_up():
    ticks = iter([10.0, 13.0, 20.0])
    queue = Dispatch(FakeBackend(), max_waiting=1, max_waiting_bytes=100, clock=lambda: next(ticks))
    job = queue.submit(CAT)
    await job.landed
    assert (job.queue_s, job.infer_s) == (3.0, 7.0)


async def test_closing_waits_for_what_is_inside_and_cancels_what_waits():
    backend = FakeBackend(open=False)
    queue = dispatch(backend)
    inside, waiting = queue.submit(CAT), queue.submit(DOG)
    await settle()
    closing = asyncio.create_task(queue.close(60))
    await settle()
    assert not closing.done()
    backend.release()
    await closing
    assert inside.landed.done()
    assert waiting.landed.cancelled()


async def test_a_held_image_keeps_its_place_and_stops_nobody():
    backend = FakeBackend(open=False)
    queue = dispatch(backend)
    held, ahead, behind = queue.submit(CAT, held=True), queue.submit(DOG), queue.submit(COW)
    await settle()
    assert (backend.images, queue.waiting) == ([b"dog" * 10], 2)
    queue.release(held)
    backend.release()
    await asyncio.gather(*(job.landed for job in (held, ahead, behind)))
    assert backend.images == [b"dog" * 10, b"cat" * 10, b"cow" * 10]


async def test_a_held_image_takes_room_in_the_queue_until_it_is_withdrawn():
    queue = dispatch(FakeBackend(), max_waiting=1)
    held = [queue.submit(image, held=True) for image in (CAT, COW)]
    with pytest.raises(Overloaded):
        queue.submit(DOG)
    assert queue.withdraw(held[0])
    queue.release(held[0])
    await settle()
    assert (queue.waiting, queue.inside) == (1, 0)
    await queue.submit(DOG).landed


async def test_the_wait_of_a_held_image_begins_with_its_release():
    now = 0.0
    queue = Dispatch(FakeBackend(), max_waiting=8, max_waiting_bytes=1000, clock=lambda: now)
    job = queue.submit(CAT, held=True)
    now = 5.0
    queue.release(job)
    await job.landed
    assert job.queue_s == 0.0
