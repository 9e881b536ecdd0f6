"""The story of one image: look it up, race the lookup against the model, render, keep, answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from proxy.core.events import SILENT, Events, Result
from proxy.core.fingerprint import Image
from proxy.core.flights import Landing
from proxy.core.keys import alias, alias_of, etag, rendered_key
from proxy.core.lookup import Lookup, Wanted
from proxy.core.oracle import Landed, Oracle
from proxy.core.race import HeadStart, race
from proxy.core.renders import Renders
from proxy.core.types import ANY_TERMS, Cache, Found, Key, Mask, Model, Rendered, Renderer, Terms
from proxy.core.watch import ModelWatch
from proxy.errors import DeadlinePassed, NotCached, UnknownDigest


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer and how it came about. `found` is None when the model was asked; stages are in seconds."""

    rendered: Rendered
    etag: str
    found: Found | None = None
    collapsed: bool = False
    bypassed: bool = False
    stored: bool = True
    stages: dict[str, float] = field(default_factory=dict)


Waiting = Callable[[Awaitable[Prediction]], Awaitable[Prediction]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a mask came from."""

    mask: Mask
    stages: dict[str, float]
    found: Found | None = None
    collapsed: bool = False
    stored: bool = True


class Predictor:
    """Everything that a door needs: an image and a renderer in, a prediction out."""

    def __init__(
        self,
        *,
        cache: Cache,
        oracle: Oracle,
        renders: Renders,
        watch: ModelWatch,
        head_start: HeadStart,
        deadline_s: float,
        events: Events = SILENT,
    ) -> None:
        self._cache = cache
        self._oracle = oracle
        self._renders = renders
        self._watch = watch
        self._head_start = head_start
        self._deadline_s = deadline_s
        self._events = events
        self._lookup = Lookup(cache, head_start, events=events)

    async def predict(
        self, image: Image, renderer: Renderer, terms: Terms = ANY_TERMS, waiting: Waiting | None = None
    ) -> Prediction:
        """`waiting` goes around the work where there is any: an answer that lies finished in this process has none.

        Raises BadImage, Overloaded, BackendError, NotCached, or DeadlinePassed when the deadline is over.
        """
        begun = time.perf_counter()
        result: Result = "miss" if terms.may_find else "bypass"
        try:
            wanted = Wanted(image, self._watch.model, renderer.name)
            found = await self._lookup.near(wanted) if terms.may_find else None
            if found and isinstance(found.entry, Rendered):  # nothing is left to wait for
                prediction = _finished(found.entry, found, begun)
            else:
                work = self._in_time(self._predict(wanted, found, renderer, terms, begun))
                prediction = await (waiting(work) if waiting else work)
            result = "hit" if prediction.found else result
            return prediction
        finally:
            self._events.predicted(result)

    async def _in_time(self, work: Awaitable[Prediction]) -> Prediction:
        try:
            async with asyncio.timeout(self._deadline_s) as deadline:
                return await work
        except TimeoutError:
            if not deadline.expired():
                raise
            raise DeadlinePassed(f"There was no mask within {self._deadline_s:g} seconds; try again later.") from None

    async def recall(
        self, digest: str, renderer: Renderer, terms: Terms = ANY_TERMS, waiting: Waiting | None = None
    ) -> Prediction:
        """What is kept for an image that is only named, or can be made of its mask. `waiting` as for `predict`.

        Raises UnknownDigest; BackendAway before there was a model; DeadlinePassed.
        """
        version = self._watch.model.version
        found = await self._recall(digest, version, renderer)
        self._events.recalled(found is not None)
        if found is None:
            nothing = f"Nothing is kept for the image {digest} and the live model {version}"
            raise UnknownDigest(f"{nothing}; upload the image.")
        if isinstance(found.entry, Rendered):
            return Prediction(found.entry, _etag(found.entry), found)
        work = self._in_time(self._rendered(None, renderer, Source(found.entry, {}, found), terms))
        return await (waiting(work) if waiting else work)

    async def _recall(self, digest: str, version: str, renderer: Renderer) -> Found | None:
        """The finished answer, or else the mask if that is enough."""
        found = await self._follow(alias(digest, version, renderer.name))
        if found is None and not renderer.needs_image:
            found = await self._follow(alias(digest, version, None))
        return found

    async def _follow(self, wanted: Key) -> Found | None:
        """The entry's own digest proves that it is the one."""
        found = await self._cache.follow(wanted)
        if found and alias_of(found.entry) != wanted:
            self._events.refuted()
            return None
        return found

    async def _predict(
        self, wanted: Wanted, near: Found | None, renderer: Renderer, terms: Terms, begun: float
    ) -> Prediction:
        result = near or await self._find_or_infer(wanted, terms)
        if isinstance(result, Landing):
            landed = result.value
            source = Source(landed.mask, landed.stages, landed.found, result.collapsed, stored=landed.kept)
        elif isinstance(result.entry, Rendered):
            return _finished(result.entry, result, begun)
        else:
            source = Source(result.entry, {"lookup": time.perf_counter() - begun}, result)
        return await self._rendered(wanted.image, renderer, source, terms)

    async def _find_or_infer(self, wanted: Wanted, terms: Terms) -> Found | Landing[Landed]:
        """What is not at hand."""
        if not terms.may_infer:
            return await self._find(wanted, terms)
        infer = partial(self._oracle.ask, wanted.image, wanted.mask, terms)
        if not terms.may_find:
            return await infer(False)
        result: Found | Landing[Landed] = await race(self._lookup.far(wanted), infer, self._head_start.seconds)
        return result

    async def _find(self, wanted: Wanted, terms: Terms) -> Found:
        if terms.may_find and (found := await self._lookup.far(wanted)):
            return found
        raise NotCached("Nothing is kept for this image; send it without `only-if-cached` to have it made.")

    async def _rendered(self, image: Image | None, renderer: Renderer, source: Source, terms: Terms) -> Prediction:
        begun = time.perf_counter()
        if terms.may_keep:
            key = self._rendered_key(image, source.mask, renderer)
            rendered = await self._renders.make_and_keep(key, image, source.mask, renderer)
        else:
            rendered = await self._renders.make(image, source.mask, renderer)
        render_s = time.perf_counter() - begun
        self._events.took("render", render_s)
        return Prediction(
            rendered,
            _etag(rendered),
            source.found,
            source.collapsed,
            bypassed=not terms.may_find,
            stored=source.stored,
            stages=source.stages | {"render": render_s},
        )

    def _rendered_key(self, image: Image | None, mask: Mask, renderer: Renderer) -> Key:
        """Without the image there is no seeded hash: then its alias is the only name of what is made."""
        if image is None:
            return alias(mask.digest, mask.model_version, renderer.name)
        return rendered_key(image, Model(self._watch.model.name, mask.model_version), renderer.name)


def _finished(rendered: Rendered, found: Found, begun: float) -> Prediction:
    return Prediction(rendered, _etag(rendered), found, stages={"lookup": time.perf_counter() - begun})


def _etag(rendered: Rendered) -> str:
    return etag(rendered.digest, rendered.model_version, rendered.rendering)
