"""A house with every door and fakes behind them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from proxy.api import Readiness, Service, application
from proxy.api.drain import Drain
from proxy.api.keys import Keys
from proxy.api.service import BatchLimits, Check
from proxy.cache.keeper import Keeper
from proxy.cache.memory import MemoryCache
from proxy.core.dispatch import Dispatch
from proxy.core.fingerprint import Fingerprinter
from proxy.core.oracle import Measure, Oracle
from proxy.core.predictor import Predictor
from proxy.core.race import HeadStart
from proxy.core.renders import Renders
from proxy.core.twins import Twins
from proxy.core.watch import ModelWatch
from proxy.fetching import Fetcher
from proxy.imaging.composition import Composition, Cutout
from proxy.imaging.measure import Measure as ImagingMeasure
from proxy.imaging.names import PictureNames
from proxy.imaging.renderers import MaskPng, ModelMaskPng
from tests.support.fakes import MODEL, DictCache, FakeBackend

MAX_BYTES = 100_000
MAX_PIXELS = 1_000_000
RENDERS = 2


@dataclass(frozen=True)
class House:
    app: FastAPI
    client: httpx.AsyncClient
    dispatch: Dispatch
    drain: Drain
    renders: Renders


def always_ready() -> Readiness:
    return Readiness(ready=True, model=MODEL)


async def all_well() -> list[Check]:
    return [Check("queue", True, "0 images wait")]


@asynccontextmanager
async def house(
    backend: FakeBackend | None = None,
    cache: DictCache | None = None,
    *,
    measure: Measure | None = None,
    readiness: Callable[[], Readiness] = always_ready,
    deadline_s: float = 30.0,
    max_waiting: int = 64,
    ready: bool = True,
    admin_token: str | None = None,
    keys: Keys | None = None,
    fetcher: Fetcher | None = None,
    batch: BatchLimits | None = None,
) -> AsyncIterator[House]:
    backend = backend or FakeBackend()
    dispatch = Dispatch(backend, max_waiting=max_waiting, max_waiting_bytes=10 * MAX_BYTES)
    watch = ModelWatch(backend, dispatch, poll_s=1)
    if ready:
        await watch.look()
    cache = cache or DictCache()
    names, head_start = PictureNames(MAX_PIXELS), HeadStart(1.0)
    oracle = Oracle(
        cache=cache,
        claims=None,
        dispatch=dispatch,
        watch=watch,
        measure=measure or ImagingMeasure(MAX_PIXELS),
        twins=Twins(cache, names, head_start),
    )
    renders = Renders(cache, at_once=RENDERS)
    predictor = Predictor(
        cache=cache,
        oracle=oracle,
        renders=renders,
        watch=watch,
        head_start=head_start,
        deadline_s=deadline_s,
    )
    service = Service(
        predictor=predictor,
        new_fingerprinter=lambda: Fingerprinter(seed=1),
        max_image_bytes=MAX_BYTES,
        mask=MaskPng(),
        model_mask=ModelMaskPng(),
        cutout=Cutout(Composition(), MAX_PIXELS),
        compose=lambda composition: Cutout(composition, MAX_PIXELS),
        readiness=readiness,
        checks=all_well,
        drain=Drain(),
        keeper=Keeper(MemoryCache(0, 1800.0), None, None),
        idle_ttl_s=1800.0,
        admin_token=admin_token,
        keys=keys or Keys(),
        fetcher=fetcher or Fetcher(),
        batch=batch or BatchLimits(),
    )
    app = application(service)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rematte") as client:
        yield House(app, client, dispatch, service.drain, renders)
    names.close()
    renders.close()
