"""Real objects with a gate: a back end that answers when told to, a cache that is a dictionary."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from PIL import Image as Pillow

from proxy.core.events import Events
from proxy.core.fingerprint import Image
from proxy.core.keys import aliases_of
from proxy.core.types import Answer, Description, Entry, Found, Inference, InTurn, Key, Mask, Model, Rendered
from proxy.errors import RematteError

MODEL = Model("inspyrenet", "small-00000000")


def grey_png(width: int = 4, height: int = 3, level: int = 255) -> bytes:
    """A mask as the model server sends it: 8-bit grey."""
    buffer = io.BytesIO()
    Pillow.new("L", (width, height), level).save(buffer, "PNG")
    return buffer.getvalue()


def damaged(png: bytes) -> bytes:
    """One bit of its pixels is not as it was; head and tail are."""
    at = png.index(b"IDAT") + 8
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


@dataclass
class FakeBackend:
    """Answers every image with the same mask, as soon as its gate is open. Counts what it was sent."""

    model: Model = MODEL
    mask: bytes = field(default_factory=grey_png)
    confidence: float = 1.0
    open: bool = True
    failure: RematteError | None = None
    surprise: Exception | None = None
    window: int = 2
    ready_workers: int = 1
    refusal: str | None = None
    picture_name: Callable[[bytes], bytes | None] = lambda _image: None
    images: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gate = asyncio.Event()
        if self.open:
            self._gate.set()
        self.started = asyncio.Event()

    @property
    def calls(self) -> int:
        return len(self.images)

    async def infer(self, image: Image) -> Inference:
        data = b"".join(image.chunks)
        self.images.append(data)
        self.started.set()
        await self._gate.wait()
        if self.failure:
            raise self.failure
        return Inference(
            self.mask, self.confidence, self.model.version, self.picture_name(data), stages={"network": 0.25}
        )

    async def describe(self) -> Description:
        if error := self.surprise or self.failure:
            raise error
        return Description(self.model, self.ready_workers, self.window, self.refusal)

    def release(self) -> None:
        self._gate.set()


class DictCache:
    """A far tier only, so that every lookup is a real one; `near=True` makes it a memory tier instead.

    `late`: its answers left before there was anything to find.
    """

    def __init__(self, *, near: bool = False, open: bool = True, late: bool = False) -> None:
        self.entries: dict[Key, Entry] = {}
        self._near = near
        self._late = late
        self._gate = asyncio.Event()
        if open:
            self._gate.set()

    def peek(self, key: Key) -> Found | None:
        return self._found(key) if self._near else None

    async def get(self, *keys: Key) -> Found | None:
        await self._gate.wait()
        return None if self._late else next(filter(None, map(self._found, keys)), None)

    async def follow(self, alias: Key) -> Found | None:
        return next((self._found(key) for key, entry in self.entries.items() if alias in aliases_of(entry)), None)

    def keep(self, key: Key, entry: Entry) -> None:
        self.entries[key] = entry

    def release(self) -> None:
        self._gate.set()

    def _found(self, key: Key) -> Found | None:
        entry = self.entries.get(key)
        return Found(entry, "memory" if self._near else "redis", 1800.0) if entry else None


class MaskRenderer:
    """Gives the mask as it lies."""

    name = "mask"
    needs_image = False

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        return Answer(mask.png, "image/png")


class Heard(Events):
    """Remembers what happened, and with what."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        for name in vars(Events):
            if not name.startswith("_"):
                setattr(self, name, partial(self._hear, name))

    def _hear(self, *event: object) -> None:
        self.events.append(event)

    def times(self, *event: object) -> int:
        return self.events.count(event)


def masks(cache: DictCache) -> list[Mask]:
    return [entry for entry in cache.entries.values() if isinstance(entry, Mask)]


def renders(cache: DictCache) -> list[Rendered]:
    return [entry for entry in cache.entries.values() if isinstance(entry, Rendered)]
