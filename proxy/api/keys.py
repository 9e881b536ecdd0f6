"""`REMATTE_API_KEYS`: whose pictures are worked on. Without any, everybody's who reaches this server."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from proxy.api.fields import Fields
from proxy.errors import UnknownKey


class Keys:
    """What is known of them is their SHA-256. False where there are none."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._digests = tuple(sha256(key.encode()).digest() for key in keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def admit(self, key: str | None) -> bool:
        """Whether it is one of them; where there are none, anything is. How long that takes tells nothing of them."""
        if not self._digests:
            return True
        digest = sha256((key or "").encode()).digest()
        return sum(hmac.compare_digest(digest, known) for known in self._digests) > 0  # all of them, each time

    def check(self, fields: Fields) -> None:
        """Raises UnknownKey."""
        if self._digests and not self.admit(key_of(fields)):
            raise UnknownKey("Send one of this server's keys in `X-API-Key`, or in `Authorization` after `Bearer`.")


def key_of(fields: Fields) -> str | None:
    """The key that a request brings: in `X-API-Key`, else in `Authorization: Bearer` (RFC 6750, 2.1)."""
    if "x-api-key" in fields:
        return fields["x-api-key"].strip()
    scheme, _, token = fields.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
