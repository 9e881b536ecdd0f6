"""A budget for second tries: where every call breaks, a retry for each would double the load on what is failing."""

IN_HAND = 5.0
"""Second tries at once: connections that went stale together."""
EARNED = 0.05
"""By each call. A hundred calls are then at most a hundred and ten, as gRPC throttles its own (gRFC A6)."""


class Retries:
    """Every image earns a part of one; a second try costs one."""

    def __init__(self) -> None:
        self._left = IN_HAND

    def earn(self) -> None:
        self._left = min(IN_HAND, self._left + EARNED)

    def spend(self) -> bool:
        """Whether there may be another try."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
