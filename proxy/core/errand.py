"""One image on its way to the model, and how it is called back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proxy.core.dispatch import Dispatch, Job
from proxy.core.fingerprint import Image


class Errand:
    """`keep` and `find`: whether its mask may be kept, and whether a kept one may answer it."""

    def __init__(self, image: Image, dispatch: Dispatch, keep: bool, find: bool) -> None:
        self.image = image
        self.keep = keep
        self.find = find
        self._dispatch = dispatch
        self._job: Job | None = None

    @contextmanager
    def queued(self) -> Iterator[Job]:
        """Its place in the queue, held until it is released: who looks around first loses nothing, and who would be
        refused is refused at once. Raises Overloaded."""
        self._job = self._dispatch.submit(self.image, held=True)
        try:
            yield self._job
        finally:
            self._dispatch.withdraw(self._job)

    def withdraw(self, task: asyncio.Task[Any]) -> bool:
        if self._job is None or self._dispatch.withdraw(self._job):
            return task.cancel()
        return False
