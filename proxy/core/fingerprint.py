"""Names for an image's bytes, made while they stream in.

The lookup name is a seeded XXH3-128: fast enough for the event loop, and useless to whoever does not know the seed.
It is no proof (xxHash issues 180 and 1127), so a hit must also match BLAKE3. The public name is SHA-256.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import xxhash
from blake3 import blake3

INLINE_BYTES = 512 * 1024
"""Up to here a thread (0.3 to 0.5 ms there and back on a small machine) costs more than the hash."""


class _Hash(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


@dataclass(slots=True, eq=False)
class Image:
    """The bytes of one picture as they came, never joined, and the names they give it."""

    chunks: tuple[bytes, ...] = field(repr=False)
    size: int
    xxh3: bytes = field(repr=False)
    """Seeded XXH3-128. Must never leave the process."""
    _blake3: bytes | None = field(default=None, repr=False)
    _sha256: bytes | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def blake3(self) -> bytes:
        """32 bytes, made once; in a thread when the image is large."""
        if self._blake3 is None and self.size > INLINE_BYTES:
            return await asyncio.to_thread(self._make_blake3)
        return self._make_blake3()

    async def digest(self) -> str:
        """SHA-256 in lower-case hex, made once; in a thread, since it is slow, and only wanted beside an inference."""
        if self._sha256 is None:
            await asyncio.to_thread(self._make_sha256)
        return self._make_sha256().hex()

    def _make_blake3(self) -> bytes:
        with self._lock:
            if self._blake3 is None:
                self._blake3 = self._hash(blake3)
            return self._blake3

    def _make_sha256(self) -> bytes:
        with self._lock:
            if self._sha256 is None:
                self._sha256 = self._hash(hashlib.sha256)
            return self._sha256

    def _hash(self, new: Callable[[], _Hash]) -> bytes:
        state = new()
        for chunk in self.chunks:
            state.update(chunk)
        return state.digest()


class Fingerprinter:
    """Feed it the body as it arrives; the name is ready with the last byte. `seed` is the secret, 64 bits."""

    def __init__(self, seed: int) -> None:
        self._state = xxhash.xxh3_128(seed=seed)
        self._chunks: list[bytes] = []
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        self._state.update(chunk)
        self._chunks.append(chunk)
        self.size += len(chunk)

    def finish(self) -> Image:
        return Image(tuple(self._chunks), self.size, self._state.digest())


def image_of(data: bytes, seed: int) -> Image:
    """The image whose bytes are all here already."""
    fingerprinter = Fingerprinter(seed)
    fingerprinter.feed(data)
    return fingerprinter.finish()
