"""Keys: who asks for what, folded one-way into a name that may be seen."""

from collections.abc import Iterable
from functools import lru_cache

from blake3 import blake3

from proxy.core.fingerprint import Image
from proxy.core.types import Entry, Key, Mask, Model

SCHEMA = "rematte entry 4"
"""Changes when an entry's meaning changes; old entries are then never found again."""
TOKEN_BYTES = 16


def mask_key(image: Image, model: Model) -> Key:
    return _key(image, "mask", model.name, model.version)


def rendered_key(image: Image, model: Model, rendering: str) -> Key:
    """`rendering` is the renderer's name: it holds the output options."""
    return _key(image, "rendered", model.name, model.version, rendering)


def alias(digest: str, model_version: str, rendering: str | None) -> Key:
    """Where an image's mask (`rendering=None`) or finished answer is found by whoever knows only its digest."""
    return _name("alias", digest, model_version, *(() if rendering is None else (rendering,)))


def alias_of(entry: Entry) -> Key:
    return alias(entry.digest, entry.model_version, None if isinstance(entry, Mask) else entry.rendering)


def picture_alias(name: bytes, model_version: str) -> Key:
    """Where the mask of a picture is found by whoever has the picture in another file."""
    return _name("picture", name.hex(), model_version)


def aliases_of(entry: Entry) -> tuple[Key, ...]:
    names = entry.names if isinstance(entry, Mask) else ()
    return alias_of(entry), *(picture_alias(name, entry.model_version) for name in names)


@lru_cache(maxsize=4096)
def etag(digest: str, model_version: str, rendering: str) -> str:
    """Strong entity tag (RFC 9110, 8.8.3) with its quotes. Needs no inference."""
    return f'"{_name(digest, model_version, rendering).token}"'


def _name(*texts: str) -> Key:
    return _token(_unambiguous((SCHEMA, *texts)))


def _key(image: Image, *texts: str) -> Key:
    return _token(_start(texts) + image.xxh3 + image.size.to_bytes(8, "big"))


@lru_cache(maxsize=64)
def _start(texts: tuple[str, ...]) -> bytes:
    """What all images of one model and rendering share; what follows has a fixed length."""
    return _unambiguous((SCHEMA, *texts))


def _token(named: bytes) -> Key:
    return Key(blake3(named).hexdigest(length=TOKEN_BYTES))


def _unambiguous(texts: Iterable[str]) -> bytes:
    """Each text with its length in front: no two lists of texts give the same bytes."""
    encoded = [text.encode() for text in texts]
    return b"".join(len(field).to_bytes(8, "big") + field for field in encoded)
