import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from proxy.api.departure import while_connected
from tests.support.settling import settle


class Caller:
    def __init__(self, *unread: Message) -> None:
        self.asked = False
        self.leaves = asyncio.Event()
        self.request = Request({"type": "http"}, self._receive)
        self._unread = list(unread)

    async def _receive(self) -> Message:
        if self._unread:
            return self._unread.pop(0)
        self.asked = True
        await self.leaves.wait()
        return {"type": "http.disconnect"}


class Work:
    """Never ends by itself."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        async with self._watched():
            await asyncio.Event().wait()

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        self.begun.set()
        try:
            yield
        finally:
            self.ended = True


async def mask() -> str:
    return "mask"


async def failure() -> str:
    raise ZeroDivisionError


async def test_who_stays_gets_what_the_work_brings():
    assert await while_connected(Caller().request, mask(), grace_s=0) == "mask"


async def test_a_body_that_nobody_has_read_is_no_departure():
    caller = Caller({"type": "http.request", "body": b"", "more_body": False})
    work = Work()
    waiting = asyncio.create_task(while_connected(caller.request, work.run(), grace_s=0))
    await settle()
    assert caller.asked
    assert not work.ended
    caller.leaves.set()
    with pytest.raises(ClientDisconnect):
        await waiting


async def test_who_stays_gets_the_works_error_too():
    with pytest.raises(ZeroDivisionError):
        await while_connected(Caller().request, failure(), grace_s=0)


async def test_who_leaves_ends_the_work_and_the_task_goes_on():
    caller, work = Caller(), Work()
    caller.leaves.set()
    with pytest.raises(ClientDisconnect):
        await while_connected(caller.request, work.run(), grace_s=0)
    assert work.ended
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_who_is_cancelled_ends_the_work_and_is_not_taken_for_one_who_left():
    work = Work()
    answering = asyncio.create_task(while_connected(Caller().request, work.run(), grace_s=0))
    await work.begun.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert work.ended


async def test_who_is_answered_at_once_is_never_watched():
    caller = Caller()
    await while_connected(caller.request, mask(), grace_s=0)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not caller.asked
