"""The same picture in other bytes: saved anew, stripped of its notes, or sent as decoded pixels.

It is looked for before the model is asked, by the name that its file gives it soonest. The model, which decodes every
file, names it by its pixels, for other files that come later. Only the mask is shared: the answer is rendered from the
file that was sent, whose alpha and profile may differ.
"""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Protocol

from proxy.core.fingerprint import Image
from proxy.core.keys import picture_alias
from proxy.core.race import HeadStart
from proxy.core.types import Cache, Found, Mask


class Names(Protocol):
    """BLAKE3 names (32 bytes) of what a file shows: two files that share one show the model the same pixels."""

    async def of(self, image: Image) -> bytes | None:
        """None where there is none that is worth its time before the model is asked. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Twin:
    """Another file's mask, and where it lay."""

    mask: Mask
    found: Found


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a picture is called, what was kept under that name, and the seconds that the look took."""

    name: bytes | None = None
    twin: Twin | None = None
    seconds: float = 0.0


class Twins:
    """Knows pictures again."""

    def __init__(self, cache: Cache, names: Names, head_start: HeadStart) -> None:
        self._cache = cache
        self._names = names
        self._head_start = head_start
        self._searching: set[asyncio.Task[Found | None]] = set()

    async def sight(self, image: Image, model_version: str, *, search: bool) -> Sighting:
        """The image's name, and what is kept under it if `search` allows to look."""
        begun = time.perf_counter()
        name = await self._names.of(image)
        if name is None:
            return Sighting(seconds=time.perf_counter() - begun)
        found = await self._find(name, model_version) if search else None
        return Sighting(name, found, time.perf_counter() - begun)

    async def _find(self, name: bytes, model_version: str) -> Twin | None:
        search = asyncio.create_task(self._cache.follow(picture_alias(name, model_version)))
        self._searching.add(search)  # the loop itself holds tasks only weakly
        search.add_done_callback(self._searching.discard)
        await asyncio.wait({search}, timeout=self._head_start.rest_s)  # it ends by itself when nobody waits any more
        found = search.result() if search.done() else None
        # An alias proves nothing: the entry itself must bear the name.
        if found and isinstance(found.entry, Mask) and _is_of(found.entry, name, model_version):
            return Twin(found.entry, replace(found, by_pixels=True))
        return None


def _is_of(mask: Mask, name: bytes, model_version: str) -> bool:
    return name in mask.names and mask.model_version == model_version
