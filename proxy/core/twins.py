"""The same picture in other bytes: saved anew, stripped of its notes, or sent as decoded pixels.

Only the mask is shared. The answer is rendered from the file that was sent: its alpha and its profile may differ.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from proxy.core.fingerprint import Image
from proxy.core.keys import picture_alias
from proxy.core.race import HeadStart
from proxy.core.types import Cache, Found, Mask

MAX_LATE_BYTES = 16 * 1024 * 1024
"""Images that may wait for their late names, together. What is too much goes without, for an inference some day."""

REST_PER_WORK = 4.0
"""One late name at a time, and so many times as long a rest: they take a fifth of a processor at most."""


class Names(Protocol):
    """BLAKE3 names (32 bytes) of what a file shows: two files that share one show the model the same pixels.

    None where there is none. Never raises.
    """

    async def early(self, image: Image) -> bytes | None:
        """What is worth its time before the model is asked."""
        ...

    async def late(self, image: Image) -> bytes | None:
        """What is not, for other files that come later."""
        ...


@dataclass(frozen=True, slots=True)
class Twin:
    """Another file's mask, and where it lay."""

    mask: Mask
    found: Found


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a picture is called, what was kept under that name, and the seconds that the look took."""

    names: tuple[bytes, ...] = ()
    twin: Twin | None = None
    seconds: float = 0.0


class Twins:
    """Knows pictures again."""

    def __init__(self, cache: Cache, names: Names, head_start: HeadStart, max_late_bytes: int = MAX_LATE_BYTES) -> None:
        self._cache = cache
        self._names = names
        self._head_start = head_start
        self._max_late_bytes = max_late_bytes
        self._searching: set[asyncio.Task[Found | None]] = set()
        self._pace = asyncio.Lock()
        self._naming: dict[asyncio.Task[None], int] = {}
        """With the bytes that each holds."""

    async def sight(self, image: Image, model_version: str, *, search: bool) -> Sighting:
        """The image's early name, and what is kept under it if `search` allows to look."""
        begun = time.perf_counter()
        name = await self._names.early(image)
        if name is None:
            return Sighting(seconds=time.perf_counter() - begun)
        found = await self._find(name, model_version) if search else None
        return Sighting((name,), found, time.perf_counter() - begun)

    def name_later(self, image: Image, mask: Mask, keep: Callable[[Mask], None]) -> None:
        """Hands the mask to `keep` once more when the image has its late name. The answer does not wait for that."""
        if sum(self._naming.values()) + image.size <= self._max_late_bytes:
            task = asyncio.create_task(self._name_late(image, mask, keep))
            self._naming[task] = image.size
            task.add_done_callback(self._naming.pop)

    async def settle(self) -> None:
        """Waits for the late names under way."""
        while self._naming:
            await asyncio.wait(self._naming)

    async def close(self) -> None:
        """What has no late name yet goes without."""
        for task in self._naming:
            task.cancel()
        await self.settle()

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

    async def _name_late(self, image: Image, mask: Mask, keep: Callable[[Mask], None]) -> None:
        async with self._pace:
            begun = time.perf_counter()
            name = await self._names.late(image)
            if name is not None:
                keep(replace(mask, names=(*mask.names, name)))
            await asyncio.sleep(REST_PER_WORK * (time.perf_counter() - begun))


def _is_of(mask: Mask, name: bytes, model_version: str) -> bool:
    return name in mask.names and mask.model_version == model_version
