"""The way to the model and back, flown once for equal images."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from proxy.core.claims import Claim, Claims, Free
from proxy.core.dispatch import Dispatch, Job
from proxy.core.errand import Errand
from proxy.core.events import SILENT, Events
from proxy.core.fingerprint import Image
from proxy.core.flights import Flight, Flights, Landing
from proxy.core.keys import mask_key
from proxy.core.patience import Patience
from proxy.core.twins import Sighting, Twin, Twins
from proxy.core.types import Cache, Found, Inference, Key, Mask, Model, Terms
from proxy.core.watch import ModelWatch

Size = tuple[int, int]
Measure = Callable[[Image], Awaitable[Size]]
"""Width and height of the upright image. Raises BadImage: what cannot be measured never reaches the model."""

TRIES = 3
"""How often another replica may have made nothing, or something for other bytes, before we ask the model unasked."""
LATELY, LATELY_S = 64, 1.0
"""How many masks are remembered after their landing, and how long: more than one lookup can be on its way."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A mask fresh from the model, whether the cache has it now, and the seconds that it took.

    `found`: where it lay instead, when it had been kept for another file that shows the same picture.
    """

    mask: Mask
    kept: bool = True
    queue_s: float = 0.0
    infer_s: float = 0.0
    inside: Mapping[str, float] = field(default_factory=dict)
    """What of the inference the model server accounts for."""
    sight_s: float = 0.0
    found: Found | None = None
    made_elsewhere: bool = False
    """Another replica asked the model, and we waited for it."""

    @property
    def inferred(self) -> bool:
        """This flight asked the model."""
        return not (self.found or self.made_elsewhere)

    @property
    def stages(self) -> dict[str, float]:
        sighted = {"pixels": self.sight_s} if self.sight_s else {}
        return sighted if self.found else {**sighted, "queue": self.queue_s, "infer": self.infer_s, **self.inside}


class Oracle:
    """Asks the model for masks and keeps what it says."""

    def __init__(
        self,
        *,
        cache: Cache,
        claims: Claims | None,
        dispatch: Dispatch,
        watch: ModelWatch,
        measure: Measure,
        twins: Twins | None = None,
        patience: Patience | None = None,
        events: Events = SILENT,
    ) -> None:
        """`claims` None: there are no other replicas. `twins` None: pictures are not known again in other files.
        `patience` learns how long masks take."""
        self._cache = cache
        self._claims = claims
        self._dispatch = dispatch
        self._watch = watch
        self._measure = measure
        self._twins = twins
        self._patience = patience
        self._events = events
        self._flights = _flights(events)
        self._lately: OrderedDict[Key, tuple[Mask, float]] = OrderedDict()

    async def ask(self, image: Image, key: Key, terms: Terms, searched: bool) -> Landing[Landed]:
        """The image's mask. Raises BadImage, Overloaded, BackendError.

        A flight that several share is kept if one of them allows it. `searched`: the lookup has answered, so its tier
        is worth asking whether another replica is making this mask.
        """
        # A miss may be older than it looks: while our lookup was on its way back, an equal image's flight may have
        # landed and left the board. Without a look back we would ask for its mask twice.
        mask = self._landed_lately(key) if terms.may_find else None
        if mask and mask.blake3 == await image.blake3():
            self._events.collapsed()
            return Landing(Landed(mask), collapsed=True)
        claims = self._claims if searched and terms.may_keep else None
        landing = await self._flights.board(key, partial(self._take_off, image, key, terms, claims))
        unwanted = not (landing.value.inferred or terms.may_find)
        if unwanted or landing.value.mask.blake3 != await image.blake3():
            # `no-cache` on a flight that took what was kept, for another file or by another replica, or two images
            # with one seeded hash at the same time: this one flies by itself.
            if not unwanted:
                self._events.refuted()
            landing = await _flights(self._events).board(key, partial(self._take_off, image, key, terms, None))
        if landing.value.made_elsewhere:
            return Landing(landing.value, collapsed=True)
        return self._kept(image, landing) if terms.may_keep else landing

    def forget(self) -> None:
        """What landed lately is no answer any more. What is in the air lands."""
        self._lately.clear()

    async def close(self, patience_s: float) -> None:
        """Waits for masks that are on their way into the cache."""
        await self._flights.close(patience_s)

    def _landed_lately(self, key: Key) -> Mask | None:
        mask, landed_at = self._lately.get(key, (None, 0.0))
        return mask if time.monotonic() - landed_at < LATELY_S else None

    def _kept(self, image: Image, landing: Landing[Landed]) -> Landing[Landed]:
        """One who said `no-store` may have begun the flight that brought this."""
        landed = landing.value
        if not landed.kept and self._landed_lately(self._key(image, landed.mask)) is not landed.mask:
            self._keep(image, landed.mask)
        return Landing(replace(landed, kept=True), landing.collapsed)

    def _key(self, image: Image, mask: Mask) -> Key:
        """Under the version that really ran, whichever was live when it was asked for."""
        return mask_key(image, Model(self._watch.model.name, mask.model_version))

    def _keep(self, image: Image, mask: Mask) -> None:
        key = self._key(image, mask)
        self._cache.keep(key, mask)
        self._lately[key] = mask, time.monotonic()
        if len(self._lately) > LATELY:
            self._lately.popitem(last=False)

    def _take_off(self, image: Image, key: Key, terms: Terms, claims: Claims | None) -> Flight[Landed]:
        errand = Errand(image, self._dispatch, terms.may_keep, terms.may_find)
        task = asyncio.create_task(self._run(errand, key, claims))
        return Flight(task, partial(errand.withdraw, task))

    async def _run(self, errand: Errand, key: Key, claims: Claims | None) -> Landed:
        with errand.queued() as job:
            claiming = asyncio.create_task(self._claimed(errand.image, key, claims)) if claims else None
            try:
                size, sighting = await self._look_at(errand)
                if sighting.twin and _fits(sighting.twin, size):
                    return await self._adopt(errand, sighting.twin, sighting.seconds)
                if claiming and isinstance(made := await claiming, Mask):
                    self._events.shared()
                    return Landed(made, made_elsewhere=True)
                return await self._infer(errand, job, size, sighting)
            finally:
                if claiming:
                    claiming.add_done_callback(_release)
                    if not claiming.done():
                        claiming.cancel()

    async def _claimed(self, image: Image, key: Key, claims: Claims) -> Claim | Mask:
        """The right to ask the model, or the mask that another replica has just made."""
        for _ in range(TRIES):
            if claim := await claims.claim(key):
                return claim
            found = await self._cache.get(key)
            if found and isinstance(found.entry, Mask) and found.entry.blake3 == await image.blake3():
                return found.entry
        return Free()

    async def _infer(self, errand: Errand, job: Job, size: Size, sighting: Sighting) -> Landed:
        self._dispatch.release(job)
        await errand.image.digest()  # beside the inference, not before it
        inference = await job.landed
        mask = await self._mask(errand.image, size, inference, sighting)
        if self._patience:
            self._patience.learn(job.queue_s + job.infer_s)
        if errand.keep:
            self._keep(errand.image, mask)
        return Landed(mask, errand.keep, job.queue_s, job.infer_s, inference.stages, sighting.seconds)

    async def _look_at(self, errand: Errand) -> tuple[Size, Sighting]:
        measuring = self._measure(errand.image)
        if self._twins is None:
            return await measuring, Sighting()
        sighting = self._twins.sight(errand.image, self._watch.model.version, search=errand.find)
        return await asyncio.gather(measuring, sighting)

    async def _adopt(self, errand: Errand, twin: Twin, sight_s: float) -> Landed:
        """The same picture's mask, under this file's names. As an entry it is made now: its age decides whether it was
        forgotten."""
        digest, blake3 = await errand.image.digest(), await errand.image.blake3()
        mask = replace(twin.mask, digest=digest, blake3=blake3, made_at=time.time())
        if errand.keep:
            self._keep(errand.image, mask)
        self._events.recognised()
        return Landed(mask, errand.keep, sight_s=sight_s, found=twin.found)

    async def _mask(self, image: Image, size: Size, inference: Inference, sighting: Sighting) -> Mask:
        self._watch.saw(inference.model_version)
        return Mask(
            png=inference.png,
            width=size[0],
            height=size[1],
            digest=await image.digest(),
            blake3=await image.blake3(),
            model_version=inference.model_version,
            confidence=inference.confidence,
            made_at=time.time(),
            names=self._names(sighting, inference),
        )

    def _names(self, sighting: Sighting, inference: Inference) -> tuple[bytes, ...]:
        """Ours and the model's, where they are not one."""
        if self._twins is None:
            return ()
        return tuple(dict.fromkeys(name for name in (sighting.name, inference.picture_name) if name))


def _flights(events: Events) -> Flights[Key, Landed]:
    return Flights(events, lambda landed: landed.inferred)


def _fits(twin: Twin, size: Size) -> bool:
    """A mask of another size is of another picture, whatever the two are called."""
    return (twin.mask.width, twin.mask.height) == size


def _release(claiming: asyncio.Task[Claim | Mask]) -> None:
    """Nobody shall wait for what will not be made."""
    if not claiming.cancelled() and not claiming.exception() and not isinstance(claim := claiming.result(), Mask):
        claim.release()
