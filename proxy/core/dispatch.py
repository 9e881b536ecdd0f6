"""The queue in front of the model server. It is ours, because what is once inside TorchServe cannot be called back."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextvars import copy_context

from proxy.core.events import SILENT, Events
from proxy.core.fingerprint import Image
from proxy.core.types import Backend, Inference
from proxy.errors import Overloaded


class Job:
    """One image on its way. `landed` ends with the inference, with its error, or cancelled by `Dispatch.withdraw`.

    `held`: it has its place in the queue and is not sent yet.
    """

    def __init__(self, image: Image, now: float, held: bool) -> None:
        self.image = image
        self.context = copy_context()
        self.held = held
        self.landed: asyncio.Future[Inference] = asyncio.get_running_loop().create_future()
        self._queued_at = now
        self._sent_at = now
        self._landed_at = now

    def released(self, now: float) -> None:
        self.held = False
        self._queued_at = now

    def sent(self, now: float) -> None:
        self._sent_at = self._landed_at = now

    def returned(self, now: float) -> None:
        self._landed_at = now

    @property
    def queue_s(self) -> float:
        return self._sent_at - self._queued_at

    @property
    def infer_s(self) -> float:
        return self._landed_at - self._sent_at


class Dispatch:
    """At most `window` images inside the back end; the others wait here, bounded in number and in bytes."""

    def __init__(
        self,
        backend: Backend,
        *,
        max_waiting: int,
        max_waiting_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        events: Events = SILENT,
    ) -> None:
        self._backend = backend
        self._events = events
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._clock = clock
        self._window = 1
        self._waiting: deque[Job] = deque()
        self._waiting_bytes = 0
        self._sent: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def inside(self) -> int:
        return len(self._sent)

    def widen(self, window: int) -> None:
        """Follows the back end's own description: workers x batch size x 2."""
        self._window = max(1, window)
        self._pump()

    def submit(self, image: Image, *, held: bool = False) -> Job:
        """Queues the image, or raises Overloaded at once. A free window is never refused, however large the image."""
        self._require_room(image)
        job = Job(image, self._clock(), held)
        self._waiting.append(job)
        self._waiting_bytes += image.size
        self._pump()
        return job

    def release(self, job: Job) -> None:
        """A held image may be sent now. It kept its place."""
        job.released(self._clock())
        self._pump()

    def withdraw(self, job: Job) -> bool:
        """Takes a queued job back for free. One already sent is left alone: the server would run it anyway."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        self._waiting_bytes -= job.image.size
        job.landed.cancel()
        self._tell()
        return True

    async def close(self, patience_s: float) -> None:
        """Waits so long for what is inside the back end; what still waits here is cancelled."""
        while self._waiting:
            self.withdraw(self._waiting[0])
        if self._sent:
            await asyncio.wait(self._sent, timeout=patience_s)

    def _require_room(self, image: Image) -> None:
        beyond = len(self._sent) + len(self._waiting) - self._window  # held or not, so many come before this one
        if beyond < 0:
            return
        if beyond >= self._max_waiting:
            raise Overloaded(f"{len(self._waiting)} images are waiting already; send this one again later.")
        if self._waiting_bytes + image.size > self._max_waiting_bytes:
            raise Overloaded(f"{self._waiting_bytes:,} bytes of images are waiting already; send this one again later.")

    def _pump(self) -> None:
        while len(self._sent) < self._window and (job := next((job for job in self._waiting if not job.held), None)):
            self._waiting.remove(job)
            self._waiting_bytes -= job.image.size
            # Whoever makes room for it is another caller.
            task = asyncio.create_task(self._send(job), context=job.context)
            self._sent.add(task)  # the loop itself holds tasks only weakly
            task.add_done_callback(self._returned)
        self._tell()

    async def _send(self, job: Job) -> None:
        job.sent(self._clock())
        self._events.took("queue", job.queue_s)
        try:
            inference = await self._backend.infer(job.image)
        except Exception as error:  # whatever it is, it belongs to those who wait for this image
            job.returned(self._clock())
            self._events.failed("torchserve", error)
            job.landed.set_exception(error)
        else:
            job.returned(self._clock())
            self._events.took("infer", job.infer_s)
            job.landed.set_result(inference)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._sent.discard(task)
        self._pump()

    def _tell(self) -> None:
        self._events.queued(self.waiting, self._waiting_bytes, self.inside)
