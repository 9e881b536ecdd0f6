import asyncio

import pytest

from proxy.core.dispatch import Dispatch
from proxy.core.fingerprint import image_of
from proxy.core.types import Model
from proxy.core.watch import ModelWatch
from proxy.errors import BackendAway
from tests.support.fakes import MODEL, FakeBackend


def watch(backend: FakeBackend) -> tuple[ModelWatch, Dispatch]:
    dispatch = Dispatch(backend, max_waiting=8, max_waiting_bytes=1000)
    return ModelWatch(backend, dispatch, poll_s=60), dispatch


async def test_nothing_is_known_before_the_first_look():
    watched, _ = watch(FakeBackend())
    assert not watched.ever_ready
    with pytest.raises(BackendAway, match="not been asked yet"):
        _ = watched.model


async def test_a_ready_worker_makes_the_model_known():
    watched, _ = watch(FakeBackend())
    await watched.look()
    assert watched.ever_ready
    assert (watched.model, watched.trouble) == (MODEL, None)


async def test_a_model_without_a_ready_worker_is_not_ready():
    watched, _ = watch(FakeBackend(ready_workers=0))
    await watched.look()
    assert not watched.ever_ready
    assert (watched.trouble or "").startswith(f"no worker of {MODEL.name} {MODEL.version} is ready")


async def test_a_model_that_is_refused_is_not_ready_and_every_caller_is_told_why():
    watched, _ = watch(FakeBackend(ready_workers=0, refusal="build it anew"))
    await watched.look()
    assert watched.trouble == "build it anew"
    with pytest.raises(BackendAway, match=r"^No model has been ready yet: build it anew\.$"):
        _ = watched.model


async def test_a_server_that_goes_away_leaves_the_model_known_and_its_trouble_told():
    backend = FakeBackend()
    watched, _ = watch(backend)
    await watched.look()
    backend.failure = BackendAway("gone")
    await watched.look()
    assert (watched.model, watched.trouble) == (MODEL, "gone")
    backend.failure = None
    await watched.look()
    assert watched.trouble is None


async def test_a_new_version_is_followed():
    backend = FakeBackend()
    watched, _ = watch(backend)
    await watched.look()
    backend.model = Model("inspyrenet", "small-2")
    await watched.look()
    assert watched.model == Model("inspyrenet", "small-2")


async def test_a_mask_of_another_version_is_a_reason_to_look_and_not_yet_a_new_model():
    """It may be the first of the new model, or the last of the old one."""
    backend = FakeBackend()
    watched, _ = watch(backend)
    polling = asyncio.create_task(watched.run())
    async with asyncio.timeout(10):
        while not watched.ever_ready:
            await asyncio.sleep(0)
        backend.model = Model("inspyrenet", "small-2")
        watched.saw("small-2")
        assert watched.model == MODEL
        while watched.model == MODEL:
            await asyncio.sleep(0)
    polling.cancel()


async def test_a_look_that_goes_wrong_in_a_new_way_is_not_the_last_one():
    backend = FakeBackend(ready_workers=1)
    dispatch = Dispatch(backend, max_waiting=8, max_waiting_bytes=1000)
    watched = ModelWatch(backend, dispatch, poll_s=0.001)
    backend.surprise = TypeError("what?")
    polling = asyncio.create_task(watched.run())
    async with asyncio.timeout(10):
        while watched.trouble != "its description cannot be understood":
            await asyncio.sleep(0)
        backend.surprise = None
        while not watched.ever_ready:
            await asyncio.sleep(0)
    polling.cancel()


async def test_the_window_follows_the_description():
    backend = FakeBackend(open=False, window=3)
    watched, dispatch = watch(backend)
    await watched.look()
    jobs = [dispatch.submit(image_of(name, seed=1)) for name in (b"a", b"b", b"c", b"d")]
    assert (dispatch.inside, dispatch.waiting) == (3, 1)
    backend.release()
    await asyncio.gather(*(job.landed for job in jobs))


async def test_polling_goes_on_until_cancelled():
    backend = FakeBackend(ready_workers=0)
    dispatch = Dispatch(backend, max_waiting=8, max_waiting_bytes=1000)
    watched = ModelWatch(backend, dispatch, poll_s=0.0)
    polling = asyncio.create_task(watched.run())
    await asyncio.sleep(0)
    backend.ready_workers = 1
    async with asyncio.timeout(10):
        while not watched.ever_ready:
            await asyncio.sleep(0)
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
