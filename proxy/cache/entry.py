"""The stored format: an entry as bytes that prove whose they are and that they are whole.

A checksum, then a msgpack list: format, the key's token, kind, fields in the order of their dataclass. A reply that
was cut short, or that belongs to another key (the pool accident of 20 March 2023 at OpenAI), does not open.
"""

from dataclasses import astuple
from typing import Any

import msgpack
import xxhash

from proxy.core.types import Entry, Key, Mask, Rendered

FORMAT = "rematte 4"
CHECKSUM_BYTES = 8
KINDS: dict[str, type[Mask] | type[Rendered]] = {"mask": Mask, "rendered": Rendered}
NAMES = {kind: name for name, kind in KINDS.items()}


class BadEntry(Exception):
    """The bytes are damaged, of another format, or somebody else's."""


def seal(key: Key, entry: Entry) -> bytes:
    body: bytes = msgpack.packb([FORMAT, key.token, NAMES[type(entry)], *astuple(entry)])
    return _checksum(body) + body


def unseal(key: Key, stored: object) -> Entry:
    """Raises BadEntry for whatever else `stored` is: a reply that went astray may be of any type."""
    if not isinstance(stored, bytes):
        raise BadEntry("not bytes at all")
    view = memoryview(stored)
    body = view[CHECKSUM_BYTES:]
    if view[:CHECKSUM_BYTES] != _checksum(body):
        raise BadEntry("checksum does not match")
    fields: tuple[Any, ...] = msgpack.unpackb(body, use_list=False)
    if fields[:2] != (FORMAT, key.token):
        raise BadEntry("another format or another key")
    return KINDS[fields[2]](*fields[3:])


def _checksum(body: bytes | memoryview) -> bytes:
    return xxhash.xxh3_64_digest(body)
