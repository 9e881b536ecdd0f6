"""Keys: who asks for what, folded one-way into a name that may be seen."""

from collections.abc import Iterable

from blake3 import blake3

from proxy.core.fingerprint import Image
from proxy.core.types import Entry, Key, Mask, Model

SCHEMA = "rematte entry 3"
"""Changes when an entry's meaning changes; old entries are then never found again."""
TOKEN_BYTES = 16


def mask_key(image: Image, model: Model) -> Key:
    return _key("mask", model, image)


def rendered_key(image: Image, model: Model, rendering: str) -> Key:
    """`rendering` is the renderer's name: it holds the output options."""
    return _key("rendered", model, image, rendering)


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


def etag(digest: str, model_version: str, rendering: str) -> str:
    """Strong entity tag (RFC 9110, 8.8.3) with its quotes. Needs no inference."""
    return f'"{_name(digest, model_version, rendering).token}"'


def _name(*texts: str) -> Key:
    return Key(blake3(_unambiguous(text.encode() for text in (SCHEMA, *texts))).hexdigest(length=TOKEN_BYTES))


def _key(kind: str, model: Model, image: Image, *more: str) -> Key:
    texts = (SCHEMA, kind, model.name, model.version, *more)
    fields = (*(text.encode() for text in texts), image.xxh3, image.size.to_bytes(8, "big"))
    return Key(blake3(_unambiguous(fields)).hexdigest(length=TOKEN_BYTES))


def _unambiguous(fields: Iterable[bytes]) -> bytes:
    """Each field with its length in front: no two lists of fields give the same bytes."""
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)
