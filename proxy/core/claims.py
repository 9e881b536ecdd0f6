"""Who makes an entry, where several processes could. An optimisation, never a correctness device: two who make the
same entry make the same bytes."""

from typing import Protocol

from proxy.core.types import Key


class Claim(Protocol):
    """The right to make one entry."""

    def release(self) -> None:
        """Those who wait look again, once what was kept meanwhile can be seen by them. Returns at once."""
        ...


class Claims(Protocol):
    async def claim(self, key: Key) -> Claim | None:
        """The right to make the entry, or None when somebody else has just made it or given up: look again.

        Where nobody can be asked, everybody has the right.
        """
        ...


class Free:
    """A claim that keeps nobody waiting."""

    def release(self) -> None:
        pass
