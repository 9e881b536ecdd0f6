"""Callers who leave before their answer is there."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

V = TypeVar("V")

GRACE_S = 0.02
"""Hits are answered within it, and a watch would cost them more than the answer does."""


async def while_connected(request: Request, work: Awaitable[V], grace_s: float = GRACE_S) -> V:
    """What `work` brings. Raises ClientDisconnect when the caller leaves first: the work is cancelled then.

    What is left of the body is passed over. No server tells an application of a departure unless it is asked.
    """
    watch = _Watch(request)
    timer = asyncio.get_running_loop().call_later(grace_s, watch.begin)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.caller_left:
            watch.answering.uncancel()
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Cancels the task that answers once its caller has left."""

    def __init__(self, request: Request) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.answering = task
        self.caller_left = False
        self._request = request
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._wait())

    def end(self) -> None:
        if self._task:
            self._task.cancel()

    async def _wait(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass  # the body of a request that needs none
        self.caller_left = True
        self.answering.cancel()
