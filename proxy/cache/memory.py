"""The nearest tier: least recently used entries of this process, bounded in bytes. Not safe across threads."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from proxy.cache.tombstones import LIFE_PER_TTL, Tombstones, words_of
from proxy.core.keys import aliases_of
from proxy.core.types import Entry, Key, Mask

OVERHEAD_BYTES = 940
"""What an entry and its alias take beside its image, measured with tracemalloc over 10,000 entries."""
NAME_BYTES = 280
"""What each further name of a picture takes, measured likewise."""


@dataclass(slots=True)
class Slot:
    """An entry, its aliases, and its clocks: when it was last read here, when Redis last heard that it is alive, and
    when Redis was last told the aliases."""

    entry: Entry
    aliases: tuple[Key, ...]
    read_at: float
    renewed_at: float
    linked_at: float


class MemoryCache:
    """An entry that nobody read for `ttl_s` is gone; the least recently read go first when bytes run out."""

    def __init__(self, max_bytes: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._ttl_s = ttl_s
        self._clock = clock
        self._slots: OrderedDict[Key, Slot] = OrderedDict()
        self._aliases: dict[Key, Key] = {}
        self._tombstones = Tombstones(LIFE_PER_TTL * ttl_s)
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, key: Key) -> Slot | None:
        """Counts as a read."""
        self._drop_idle()
        slot = self._slots.get(key)
        if slot is not None:
            slot.read_at = self._clock()
            self._slots.move_to_end(key)
        return slot

    def resolve(self, alias: Key) -> Key | None:
        """The key of the entry that the alias points to."""
        return self._aliases.get(alias)

    def put(self, key: Key, entry: Entry, *, age_s: float = 0.0, linked: bool = True) -> None:
        """`age_s`: how long ago Redis last heard of it; `linked`: whether it was told the aliases then.

        An entry that is larger than the whole tier is not kept.
        """
        self.drop(key)
        self._drop_idle()
        if _weight(entry) > self._max_bytes:
            return
        self.bytes += _weight(entry)
        now = self._clock()
        slot = self._slots[key] = Slot(entry, aliases_of(entry), now, now - age_s, now if linked else -math.inf)
        self._aliases.update(dict.fromkeys(slot.aliases, key))
        while self.bytes > self._max_bytes:
            self.drop(next(iter(self._slots)))

    def drop(self, key: Key) -> None:
        if slot := self._slots.pop(key, None):
            self.bytes -= _weight(slot.entry)
            for alias in slot.aliases:
                if self._aliases.get(alias) == key:
                    del self._aliases[alias]

    def forget(self, word: str, at: float) -> int:
        """Drops what has that word, and remembers that it did, at that second since the epoch. How many there were."""
        self._tombstones.lay(word, at)
        meant = [key for key, slot in self._slots.items() if word in words_of(slot.entry)]
        for key in meant:
            self.drop(key)
        return len(meant)

    def forgot(self, entry: Entry) -> bool:
        """Whether it was forgotten here after it was made. `put` takes it all the same."""
        return self._tombstones.cover(entry)

    @property
    def idle_s(self) -> float | None:
        """How long the entry that was read longest ago has not been read; None when there is none."""
        oldest = next(iter(self._slots.values()), None)
        return self._clock() - oldest.read_at if oldest else None

    def _drop_idle(self) -> None:
        # The order of the slots is the order of their last reads: the idle ones are in front.
        horizon = self._clock() - self._ttl_s
        while self._slots and (oldest := next(iter(self._slots.items())))[1].read_at <= horizon:
            self.drop(oldest[0])


def _weight(entry: Entry) -> int:
    names = entry.names if isinstance(entry, Mask) else ()
    return OVERHEAD_BYTES + NAME_BYTES * len(names) + len(entry.payload)
