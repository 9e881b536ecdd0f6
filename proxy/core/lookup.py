"""The cache as the race sees it: the finished answer if there is one, else the mask; and neither without proof."""

import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from proxy.core.events import SILENT, Events
from proxy.core.fingerprint import Image
from proxy.core.keys import mask_key, rendered_key
from proxy.core.race import HeadStart
from proxy.core.types import Cache, Found, Key, Model

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image, one model, one rendering: what may lie in the cache for them."""

    image: Image
    model: Model
    rendering: str

    @property
    def rendered(self) -> Key:
        return rendered_key(self.image, self.model, self.rendering)

    @property
    def mask(self) -> Key:
        """Not needed where the finished answer lies near."""
        return mask_key(self.image, self.model)


class Lookup:
    """Finds entries and believes them only if their BLAKE3 is the image's."""

    def __init__(
        self,
        cache: Cache,
        head_start: HeadStart,
        *,
        events: Events = SILENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._head_start = head_start
        self._events = events
        self._clock = clock

    async def near(self, wanted: Wanted) -> Found | None:
        """What this process holds."""
        begun = self._clock()
        found = await self._peek(wanted.rendered, wanted.image) or await self._peek(wanted.mask, wanted.image)
        self._events.looked_up("memory", "hit" if found else "miss")
        if found:
            self._events.took("lookup", self._clock() - begun)
        return found

    async def _peek(self, key: Key, image: Image) -> Found | None:
        found = self._cache.peek(key)
        return await self._verified(found, image) if found else None

    async def far(self, wanted: Wanted) -> Found | None:
        """What the slower tiers hold. The race's head start learns from how long they take."""
        begun = self._clock()
        try:
            found = await self._cache.get(wanted.rendered, wanted.mask)
            return await self._verified(found, wanted.image) if found else None
        finally:
            lookup_s = self._clock() - begun
            self._head_start.learn(lookup_s)
            self._events.took("lookup", lookup_s)

    async def _verified(self, found: Found, image: Image) -> Found | None:
        if hmac.compare_digest(found.entry.blake3, await image.blake3()):
            return found
        self._events.refuted()
        logger.warning("an entry did not belong to the image that asked for it: taken as a miss")
        return None
