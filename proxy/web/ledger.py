"""What anybody who may open the page may know of the cache: counts, and nothing of an image.

`/metrics` and `/readyz` tell the same without a token. What Redis holds is not among it: counting that looks at every
entry, so it is the administration's (`GET /admin/cache`).
"""

from dataclasses import dataclass

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The cache and the model, now. `entries` and `bytes` lie in the memory of the process that answers; `kept` of
    `answers` came from the cache, since the start and over all processes."""

    entries: int
    bytes: int
    kept: int
    answers: int
    idle_ttl_s: float
    redis: bool
    """Whether there is one; if it is away, `troubles` says so."""
    model: str | None
    """Its version; None before one was ready."""
    troubles: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        return in_units(self.bytes)

    @property
    def keeps_for(self) -> str:
        minutes = round(self.idle_ttl_s / 60)
        return f"{minutes} minutes" if minutes > 1 else f"{round(self.idle_ttl_s)} seconds"

    @property
    def is_small(self) -> bool:
        """Whether the weights are those that the repository carries, which are not good enough for real photos."""
        return self.model is not None and self.model.startswith("small-")


def in_units(count: int) -> str:
    """As people write it, in powers of a thousand."""
    size, unit = float(count), 0
    while round(size, 1) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{count} bytes"
