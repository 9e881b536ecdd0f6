"""The story of one image: look it up, race the lookup against the model, render, keep, answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from proxy.core.dispatch import Dispatch, Job
from proxy.core.fingerprint import Image
from proxy.core.flights import Flight, Flights, Landing
from proxy.core.keys import etag, mask_key, rendered_key
from proxy.core.lookup import Lookup, Wanted
from proxy.core.race import HeadStart, race
from proxy.core.types import Cache, Found, Key, Mask, Model, Rendered, Renderer
from proxy.core.watch import ModelWatch
from proxy.errors import DeadlinePassed

Size = tuple[int, int]
Measure = Callable[[Image], Awaitable[Size]]
"""Width and height of the upright image. Raises BadImage: what cannot be measured never reaches the model."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer and how it came about. `found` is None when the model was asked; stages are in seconds."""

    rendered: Rendered
    etag: str
    found: Found | None = None
    collapsed: bool = False
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Landed:
    """A mask fresh from the model."""

    mask: Mask
    queue_s: float
    infer_s: float


class Predictor:
    """Everything that a door needs: an image and a renderer in, a prediction out."""

    def __init__(
        self,
        *,
        cache: Cache,
        dispatch: Dispatch,
        watch: ModelWatch,
        measure: Measure,
        head_start: HeadStart,
        deadline_s: float,
    ) -> None:
        self._cache = cache
        self._dispatch = dispatch
        self._watch = watch
        self._measure = measure
        self._head_start = head_start
        self._deadline_s = deadline_s
        self._lookup = Lookup(cache, head_start)
        self._masks: Flights[Key, Landed] = Flights()
        self._renders: Flights[Key, Rendered] = Flights()

    async def predict(self, image: Image, renderer: Renderer) -> Prediction:
        """Raises BadImage, Overloaded, BackendError, or DeadlinePassed when the deadline is over."""
        try:
            async with asyncio.timeout(self._deadline_s) as deadline:
                return await self._predict(image, renderer)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise DeadlinePassed(f"There was no mask within {self._deadline_s:g} seconds; try again later.") from None

    async def _predict(self, image: Image, renderer: Renderer) -> Prediction:
        begun = time.perf_counter()
        wanted = Wanted.of(image, self._watch.model, renderer.name)
        result: Found | Landing[Landed] | None = await self._lookup.near(wanted)
        if result is None:
            result = await race(self._lookup.far(wanted), lambda: self._infer(wanted), self._head_start.seconds)
        if isinstance(result, Landing):
            landed = result.value
            stages = {"queue": landed.queue_s, "infer": landed.infer_s}
            return await self._rendered(image, landed.mask, renderer, None, result.collapsed, stages)
        stages = {"lookup": time.perf_counter() - begun}
        if isinstance(result.entry, Mask):
            return await self._rendered(image, result.entry, renderer, result, False, stages)
        return _prediction(result.entry, renderer, result, False, stages)

    async def _infer(self, wanted: Wanted) -> Landing[Landed]:
        image = wanted.image
        size = await self._measure(image)
        take_off = partial(self._take_off, image, size)
        landing = await self._masks.board(wanted.mask, take_off)
        if landing.value.mask.blake3 == await image.blake3():
            return landing
        # Two images with one seeded hash, in the air at once: each gets its own inference.
        return await Flights[Key, Landed]().board(wanted.mask, take_off)

    def _take_off(self, image: Image, size: Size) -> Flight[Landed]:
        job = self._dispatch.submit(image)
        return Flight(asyncio.create_task(self._land(image, size, job)), partial(self._dispatch.withdraw, job))

    async def _land(self, image: Image, size: Size, job: Job) -> Landed:
        digest, blake3 = await image.digest(), await image.blake3()  # beside the inference, not before it
        inference = await job.landed
        self._watch.saw(inference.model_version)
        model = Model(self._watch.model.name, inference.model_version)
        width, height = size
        mask = Mask(
            png=inference.png,
            width=width,
            height=height,
            digest=digest,
            blake3=blake3,
            model_version=model.version,
            confidence=inference.confidence,
            made_at=time.time(),
        )
        self._cache.keep(mask_key(image, model), mask)
        return Landed(mask, job.queue_s, job.infer_s)

    async def _rendered(
        self,
        image: Image,
        mask: Mask,
        renderer: Renderer,
        found: Found | None,
        collapsed: bool,
        stages: dict[str, float],
    ) -> Prediction:
        begun = time.perf_counter()
        key = rendered_key(image, Model(self._watch.model.name, mask.model_version), renderer.name)
        landing = await self._renders.board(key, partial(self._start_rendering, image, mask, renderer, key))
        stages["render"] = time.perf_counter() - begun
        return _prediction(landing.value, renderer, found, collapsed, stages)

    def _start_rendering(self, image: Image, mask: Mask, renderer: Renderer, key: Key) -> Flight[Rendered]:
        return Flight(asyncio.create_task(self._render(image, mask, renderer, key)), withdraw=lambda: False)

    async def _render(self, image: Image, mask: Mask, renderer: Renderer, key: Key) -> Rendered:
        body, media_type = await renderer.render(image, mask)
        rendered = Rendered(
            body=body,
            media_type=media_type,
            digest=mask.digest,
            blake3=mask.blake3,
            model_version=mask.model_version,
            confidence=mask.confidence,
            made_at=mask.made_at,
        )
        self._cache.keep(key, rendered)
        return rendered


def _prediction(
    rendered: Rendered, renderer: Renderer, found: Found | None, collapsed: bool, stages: dict[str, float]
) -> Prediction:
    tag = etag(rendered.digest, rendered.model_version, renderer.name)
    return Prediction(rendered, tag, found, collapsed, stages)
