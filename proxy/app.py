"""The one file that knows every part: builds them, opens and closes them, and puts the doors in front."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from proxy.api import application
from proxy.api.drain import Drain
from proxy.api.service import Check, Readiness, Service
from proxy.backends.torchserve import TorchServe
from proxy.cache.advice import advice
from proxy.cache.keeper import Keeper
from proxy.cache.lease import Leases
from proxy.cache.link import RedisAway, RedisLink
from proxy.cache.memory import MemoryCache
from proxy.cache.notices import Notices
from proxy.cache.redis import RedisCache
from proxy.cache.seed import Seed
from proxy.cache.tiers import TieredCache
from proxy.core.dispatch import Dispatch
from proxy.core.events import Events
from proxy.core.fingerprint import Fingerprinter
from proxy.core.oracle import Oracle
from proxy.core.patience import Patience
from proxy.core.predictor import Predictor
from proxy.core.race import HeadStart
from proxy.core.twins import Twins
from proxy.core.watch import ModelWatch
from proxy.imaging.measure import Measure
from proxy.imaging.names import PictureNames
from proxy.imaging.renderers import CutoutPng, MaskPng, ModelMaskPng
from proxy.settings import Settings
from proxy.telemetry.metrics import Metrics

logger = logging.getLogger(__name__)

TORCHSERVE_URL = "http://127.0.0.1:8080"
MANAGEMENT_PORT = 8081
LAST_LANDINGS_S = 3.0
"""How long a closing house waits for inferences that are under way, before their masks are lost."""


class House:
    """The parts of one proxy, put together. Opening it starts its two watchers; closing it lets work land first."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        url = settings.torchserve_url or TORCHSERVE_URL
        management_url = settings.torchserve_management_url or str(httpx.URL(url).copy_with(port=MANAGEMENT_PORT))
        self.drain = Drain()
        self.metrics = Metrics()
        self.link = _link(settings, self.metrics)
        redis = self._redis = RedisCache(self.link, settings.idle_ttl_s) if self.link else None
        self.seed = Seed(redis)
        memory = MemoryCache(settings.memory_bytes, settings.idle_ttl_s)
        self.cache = TieredCache(memory, redis, ttl_s=settings.idle_ttl_s, events=self.metrics)
        self.notices = Notices(self.link) if self.link else None
        patience = Patience(settings.deadline_s / 2)  # then there is as much left for whoever takes over
        self.leases = (
            Leases(self.link, self.notices, self.cache.shared, patience) if self.link and self.notices else None
        )
        self.backend = TorchServe.at(url, management_url, model=settings.model, transport=transport)
        self.dispatch = Dispatch(
            self.backend,
            max_waiting=settings.max_queue,
            max_waiting_bytes=settings.max_queue_bytes,
            events=self.metrics,
        )
        self.watch = ModelWatch(self.backend, self.dispatch, poll_s=settings.model_poll_s, events=self.metrics)
        head_start = HeadStart(settings.head_start_s)
        self.names = PictureNames(settings.pixel_names_max_pixels)
        self.twins = Twins(self.cache, self.names, head_start)
        self.oracle = Oracle(
            cache=self.cache,
            claims=self.leases,
            dispatch=self.dispatch,
            watch=self.watch,
            measure=Measure(settings.max_image_pixels),
            twins=self.twins if settings.pixel_names_max_pixels else None,
            patience=patience,
            events=self.metrics,
        )
        self.keeper = Keeper(memory, redis, self.notices, self.oracle.forget)
        self.predictor = Predictor(
            cache=self.cache,
            oracle=self.oracle,
            watch=self.watch,
            head_start=head_start,
            deadline_s=settings.deadline_s,
            events=self.metrics,
        )

    def readiness(self) -> Readiness:
        troubles = [self.watch.trouble]
        if self.link is not None and self.link.trouble:
            troubles.append(f"Redis is away: {self.link.trouble}")
        return Readiness(
            ready=self.watch.ever_ready,
            degraded=tuple(trouble for trouble in troubles if trouble),
            model=self.watch.model if self.watch.ever_ready else None,
            stopping=self.drain.begun,
        )

    async def checks(self) -> Sequence[Check]:
        """Each part as it is now."""
        waiting = f"{self.dispatch.waiting} images wait, {self.dispatch.inside} are with the model"
        model = Check("model server", not self.watch.trouble, self.watch.trouble or "ready")
        return (model, Check("queue", True, waiting), *await self._redis_checks())

    async def _redis_checks(self) -> Sequence[Check]:
        if self.link is None or self._redis is None:
            return ()
        try:
            wrong = await advice(self._redis)
        except RedisAway as error:
            return (Check("Redis", False, str(error)),)
        return (
            Check("Redis", True, f"answers; its breaker is {self.link.breaker.state}"),
            Check("Redis's eviction", not wrong, wrong or "as it should be"),
        )

    async def _advise(self) -> None:
        for check in await self._redis_checks():
            if not check.ok:
                logger.warning("%s: %s", check.name, check.detail)

    @asynccontextmanager
    async def open(self, _app: FastAPI) -> AsyncIterator[None]:
        await asyncio.gather(self.seed.share(), self.watch.look(), self._advise())
        watchers = [asyncio.create_task(self.seed.run()), asyncio.create_task(self.watch.run())]
        if self.notices:
            watchers.append(asyncio.create_task(self.notices.run()))
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await self.dispatch.close(LAST_LANDINGS_S)
            await self.oracle.close(LAST_LANDINGS_S)
            await self.twins.close()
            self.names.close()
            if self.leases:
                await self.leases.close()
            await self.cache.settle()
            if self.link:
                await self.link.close()
            await self.backend.close()


def build_app(settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service as an ASGI application. `transport` stands in for the network to TorchServe.

    Raises ValueError for a Redis URL that is none.
    """
    house = House(settings, transport)
    service = Service(
        predictor=house.predictor,
        new_fingerprinter=lambda: Fingerprinter(house.seed.value),
        max_image_bytes=settings.max_image_bytes,
        mask=MaskPng(),
        model_mask=ModelMaskPng(),
        cutout=CutoutPng(settings.max_image_pixels),
        readiness=house.readiness,
        checks=house.checks,
        drain=house.drain,
        keeper=house.keeper,
        idle_ttl_s=settings.idle_ttl_s,
        admin_token=settings.admin_token,
        metrics=house.metrics,
    )
    return application(service, house.open)


def _link(settings: Settings, events: Events) -> RedisLink | None:
    if settings.redis_url is None:
        return None
    return RedisLink.at(settings.redis_url, timeout_s=settings.redis_timeout_ms / 1000, events=events)
