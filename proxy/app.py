"""The one file that knows every part: builds them, opens and closes them, and puts the doors in front."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from proxy.api import application
from proxy.api.drain import Drain
from proxy.api.keys import Keys
from proxy.api.service import BatchLimits, Check, Readiness, Service
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
from proxy.core.renders import Renders
from proxy.core.twins import Twins
from proxy.core.watch import ModelWatch
from proxy.fetching import Allowed, Fetcher, Guard, TaskImages
from proxy.imaging.composition import Composition, Cutout
from proxy.imaging.measure import Measure
from proxy.imaging.names import PictureNames
from proxy.imaging.renderers import MaskPng, ModelMaskPng
from proxy.settings import Settings
from proxy.telemetry.metrics import Metrics
from proxy.web import Front, Ledger, install_page

logger = logging.getLogger(__name__)

TORCHSERVE_URL = "http://127.0.0.1:8080"
MANAGEMENT_PORT = 8081
LAST_LANDINGS_S = 3.0
"""How long a closing house waits for inferences that are under way and their masks, before these are lost."""


class Storage:
    """What is kept, and what the replicas tell each other of it. All but the memory is None without a Redis."""

    def __init__(self, settings: Settings, events: Events) -> None:
        self.link = _link(settings, events)
        self.redis = RedisCache(self.link, settings.idle_ttl_s) if self.link else None
        self.seed = Seed(self.redis)
        self.memory = MemoryCache(settings.memory_bytes, settings.idle_ttl_s)
        self.cache = TieredCache(self.memory, self.redis, ttl_s=settings.idle_ttl_s, events=events)
        self.notices = Notices(self.link) if self.link else None
        self.patience = Patience(settings.deadline_s / 2)  # then there is as much left for whoever takes over
        self.leases = (
            Leases(self.link, self.notices, self.cache.shared, self.patience) if self.link and self.notices else None
        )

    async def checks(self) -> Sequence[Check]:
        """Redis as it is now."""
        if self.link is None or self.redis is None:
            return ()
        try:
            wrong = await advice(self.redis)
        except RedisAway as error:
            return (Check("Redis", False, str(error)),)
        return (
            Check("Redis", True, f"answers; its breaker is {self.link.breaker.state}"),
            Check("Redis's eviction", not wrong, wrong or "as it should be"),
        )

    async def close(self) -> None:
        """What is on its way to Redis gets there first."""
        if self.leases:
            await self.leases.close()
        await self.cache.settle()
        if self.link:
            await self.link.close()


class ModelServer:
    """TorchServe, the queue in front of it, and the eye on it."""

    def __init__(self, settings: Settings, events: Events, transport: httpx.AsyncBaseTransport | None) -> None:
        url = settings.torchserve_url or TORCHSERVE_URL
        management_url = settings.torchserve_management_url or str(httpx.URL(url).copy_with(port=MANAGEMENT_PORT))
        self.backend = TorchServe.at(url, management_url, model=settings.model, transport=transport)
        self.dispatch = Dispatch(
            self.backend,
            max_waiting=settings.max_queue,
            max_waiting_bytes=settings.max_queue_bytes,
            events=events,
        )
        self.watch = ModelWatch(self.backend, self.dispatch, poll_s=settings.model_poll_s, events=events)


class House:
    """The parts of one proxy, put together. Opening it starts its watchers; closing it lets work land first."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._idle_ttl_s = settings.idle_ttl_s
        self.drain = Drain()
        self.metrics = Metrics()
        self.storage = Storage(settings, self.metrics)
        self.model = ModelServer(settings, self.metrics, transport)
        self._names = PictureNames(settings.pixel_names_max_pixels)
        head_start = HeadStart(settings.head_start_s)
        twins = Twins(self.storage.cache, self._names, head_start)
        self._oracle = Oracle(
            cache=self.storage.cache,
            claims=self.storage.leases,
            dispatch=self.model.dispatch,
            watch=self.model.watch,
            measure=Measure(settings.max_image_pixels),
            twins=twins if settings.pixel_names_max_pixels else None,
            patience=self.storage.patience,
            events=self.metrics,
        )
        # More at once would be no quicker, and each may hold several pictures of the largest size.
        self._renders = Renders(self.storage.cache, at_once=os.cpu_count() or 1)
        storage = self.storage
        self.keeper = Keeper(storage.memory, storage.redis, storage.notices, self._oracle.forget)
        self.predictor = Predictor(
            cache=self.storage.cache,
            oracle=self._oracle,
            renders=self._renders,
            watch=self.model.watch,
            head_start=head_start,
            deadline_s=settings.deadline_s,
            events=self.metrics,
        )

    def readiness(self) -> Readiness:
        watch, link = self.model.watch, self.storage.link
        redis_trouble = link and link.trouble and f"Redis is away: {link.trouble}"
        return Readiness(
            ready=watch.ever_ready,
            degraded=tuple(trouble for trouble in (watch.trouble, redis_trouble) if trouble),
            model=watch.model if watch.ever_ready else None,
            stopping=self.drain.begun,
        )

    async def checks(self) -> Sequence[Check]:
        """Each part as it is now."""
        dispatch, trouble = self.model.dispatch, self.model.watch.trouble
        waiting = f"{dispatch.waiting} images wait, {dispatch.inside} are with the model"
        model = Check("model server", not trouble, trouble or "ready")
        return (model, Check("queue", True, waiting), *await self.storage.checks())

    async def ledger(self) -> Ledger:
        """For the page."""
        readiness, held = self.readiness(), self.keeper.in_memory()
        given = await asyncio.to_thread(self.metrics.given)  # it reads the files of several processes
        return Ledger(
            entries=held.entries,
            bytes=held.bytes,
            kept=given.kept,
            answers=given.answers,
            idle_ttl_s=self._idle_ttl_s,
            redis=self.storage.redis is not None,
            model=readiness.model.version if readiness.model else None,
            troubles=readiness.degraded,
        )

    async def _advise(self) -> None:
        for check in await self.storage.checks():
            if not check.ok:
                logger.warning("%s: %s", check.name, check.detail)

    @asynccontextmanager
    async def open(self, _app: FastAPI) -> AsyncIterator[None]:
        seed, watch, notices = self.storage.seed, self.model.watch, self.storage.notices
        await asyncio.gather(seed.share(), watch.look(), self._advise())
        watching = (seed.run(), watch.run(), *([notices.run()] if notices else []))
        watchers = [asyncio.create_task(work) for work in watching]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await self._close()

    async def _close(self) -> None:
        await asyncio.gather(self.model.dispatch.close(LAST_LANDINGS_S), self._oracle.close(LAST_LANDINGS_S))
        self._names.close()
        self._renders.close()
        await self.storage.close()
        await self.model.backend.close()


def build_app(settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service as an ASGI application. `transport` stands in for the network to TorchServe.

    Raises ValueError for a Redis URL that is none.
    """
    house, fetcher = House(settings, transport), _fetcher(settings)
    service = Service(
        predictor=house.predictor,
        new_fingerprinter=lambda: Fingerprinter(house.storage.seed.value),
        max_image_bytes=settings.max_image_bytes,
        mask=MaskPng(),
        model_mask=ModelMaskPng(),
        cutout=Cutout(Composition(), settings.max_image_pixels),
        compose=lambda composition: Cutout(composition, settings.max_image_pixels),
        readiness=house.readiness,
        checks=house.checks,
        drain=house.drain,
        keeper=house.keeper,
        idle_ttl_s=settings.idle_ttl_s,
        admin_token=settings.admin_token,
        keys=Keys(settings.api_keys),
        max_image_pixels=settings.max_image_pixels,
        removebg_default_size=settings.removebg_default_size,
        removebg_deadline_s=settings.removebg_deadline_s,
        fetcher=fetcher,
        batch=BatchLimits(settings.batch_max_images, settings.batch_max_bytes),
        task_images=_task_images(settings, fetcher),
        metrics=house.metrics,
    )
    app = application(service, house.open)
    install_page(app, Front(house.ledger, settings.max_image_bytes, settings.admin_token is not None))
    return app


def _fetcher(settings: Settings, *names: str) -> Fetcher:
    """`names`: hosts that may be fetched from too, wherever they lie."""
    guard = Guard(Allowed.of((*settings.url_allow, *names)))
    return Fetcher(guard, max_bytes=settings.max_image_bytes, patience_s=settings.url_timeout_s)


def _task_images(settings: Settings, fetcher: Fetcher) -> TaskImages:
    url = settings.label_studio_url
    label_studio = _fetcher(settings, httpx.URL(url).host) if url else None
    return TaskImages(fetcher, label_studio, url, settings.label_studio_token)


def _link(settings: Settings, events: Events) -> RedisLink | None:
    if settings.redis_url is None:
        return None
    return RedisLink.at(settings.redis_url, timeout_s=settings.redis_timeout_ms / 1000, events=events)
