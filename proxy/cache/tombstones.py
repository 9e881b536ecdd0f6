"""What was forgotten stays forgotten: no copy that was made before comes back.

A replica that did not hear of it may still hold such a copy. It is known by the time when it was made,
so an image that is sent again is kept again.
"""

from proxy.core.types import Entry

EVERYTHING = "*"
LIFE_PER_TTL = 2
"""How long one stands, in idle times to live. Whoever reads an old copy renews it a TTL and a thirtieth after the last
time at the latest, and sees the tombstone then; the rest is for a Redis that he cannot reach at once."""


def words_of(entry: Entry) -> tuple[str, str, str]:
    """What may be said to have it forgotten."""
    return entry.digest, entry.model_version, EVERYTHING


class Tombstones:
    """Of one process: when it last forgot what, in seconds since the epoch."""

    def __init__(self, life_s: float) -> None:
        self._life_s = life_s
        self._laid: dict[str, float] = {}

    def lay(self, word: str, at: float) -> None:
        self._laid.pop(word, None)
        self._laid[word] = at
        while at - next(iter(self._laid.values())) > self._life_s:
            del self._laid[next(iter(self._laid))]

    def cover(self, entry: Entry) -> bool:
        """Whether it was made before it was forgotten."""
        return any(word in self._laid and entry.made_at <= self._laid[word] for word in words_of(entry))
