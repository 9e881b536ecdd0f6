"""The nouns of the race, and the two verbs it asks of a cache and of a back end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeVar, TypeVarTuple

from proxy.core.fingerprint import Image

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its server describes it. `version` names weights and code: another version, another mask."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Key:
    """Names one entry for ever: same key, same pixels. So nothing is ever invalidated.

    `token` is 32 lower-case hex digits. It may be seen (a Redis key listing shows it): it is made one-way from the
    seeded hash, which may not.
    """

    token: str


@dataclass(frozen=True, slots=True)
class Mask:
    """What the model said of one image. `png` is 8-bit grey, upright, never larger than the image."""

    png: bytes = field(repr=False)
    width: int
    """Pixels of the upright image, not of `png`."""
    height: int
    digest: str
    """SHA-256 of the image's bytes, lower-case hex: its public name."""
    blake3: bytes = field(repr=False)
    """BLAKE3 of the image's bytes (32): what a hit must match."""
    model_version: str
    confidence: float
    """Largest sigmoid before normalisation, 0..1: near 0 means that nothing stood out."""
    made_at: float
    """Seconds since the epoch."""
    names: tuple[bytes, ...] = field(default=(), repr=False)
    """What the picture is called whatever file it is in (`twins.Names`): what a hit from another file must match."""

    @property
    def payload(self) -> bytes:
        """What weighs."""
        return self.png


Facts = tuple[tuple[str, int], ...]
"""What a renderer found out beside its bytes, by name: for doors whose headers tell of it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished answer for one set of output options, sent as it lies."""

    body: bytes = field(repr=False)
    media_type: str
    rendering: str
    """The renderer's name."""
    digest: str
    blake3: bytes = field(repr=False)
    model_version: str
    confidence: float
    made_at: float
    facts: Facts = ()

    @property
    def payload(self) -> bytes:
        return self.body


Entry = Mask | Rendered
Tier = Literal["memory", "redis"]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as a tier gave it. `ttl_s`: how long it will live if nobody reads it again."""

    entry: Entry
    tier: Tier
    ttl_s: float
    by_pixels: bool = False
    """It was kept for another file that shows the same picture."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller allows (RFC 9111, 5.2.1)."""

    may_find: bool = True
    """`no-cache` forbids to answer with what is kept."""
    may_keep: bool = True
    """`no-store` forbids to keep the answer."""
    may_infer: bool = True
    """`only-if-cached` forbids to ask the model."""


ANY_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Inference:
    """The back end's answer. `model_version` is the one that really ran, whatever was asked for.

    `picture_name`: as in `twins.Names`, None where the model gives none. `stages`: the seconds that the model server
    says its parts took.
    """

    png: bytes = field(repr=False)
    confidence: float
    model_version: str
    picture_name: bytes | None = field(default=None, repr=False)
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Description:
    """What the back end says of itself: the model it would run now, and how many images it takes at once.

    `refusal`: why no worker can ever be ready as things are, and what to do. None where that is not known.
    """

    model: Model
    ready_workers: int
    window: int
    refusal: str | None = None


class Cache(Protocol):
    """Entries by key. Its failures are its own affair: to the race a broken cache is an empty one."""

    def peek(self, key: Key) -> Found | None:
        """What lies in this process, at once. Counts as a read."""
        ...

    async def get(self, *keys: Key) -> Found | None:
        """What the slower tiers hold for the first of the keys that has an entry."""
        ...

    async def follow(self, alias: Key) -> Found | None:
        """The entry that an alias points to, from any tier. The caller must check that it is the one it wants."""
        ...

    def keep(self, key: Key, entry: Entry) -> None:
        """Returns before slow tiers have it. From then on each of `keys.aliases_of(entry)` points to it."""
        ...


class Backend(Protocol):
    """The model server."""

    async def infer(self, image: Image) -> Inference:
        """Raises BadImage for bytes that it cannot read, BackendError for everything else. Never cancel it."""
        ...

    async def describe(self) -> Description:
        """Raises BackendError."""
        ...


class Answer(NamedTuple):
    """What a renderer made. All of it is kept."""

    body: bytes
    media_type: str
    facts: Facts = ()


class InTurn(Protocol):
    """Has work done in a thread when its turn comes; otherwise like `asyncio.to_thread`."""

    async def __call__(self, work: Callable[[*Ts], T], /, *args: *Ts) -> T: ...


class Renderer(Protocol):
    """Turns a mask into the bytes of an answer. Pure: same name, image and mask, same bytes."""

    name: str
    """Names the output options without ambiguity, for the key and the ETag."""
    needs_image: bool
    """Whether the image's bytes are used, and not the mask alone."""

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        """`image` may be None if it is not needed. What takes a processor is done `in_turn`. Raises BadImage."""
        ...
