"""How long the others wait for one who makes a mask for all of them, and lives, and does not come back with it."""

from collections import deque

TIMES = 3
"""As slow as the slowest of late is no reason for a second inference; three times as slow is one."""
REMEMBERED = 64


class Patience:
    """`TIMES` what the slowest of the recent masks took, in the queue and in the model. At most `longest_s`, also until
    there was a first mask."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._recent: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, mask_s: float) -> None:
        self._recent.append(mask_s)

    @property
    def seconds(self) -> float:
        """Grows while a queue does: those ahead in it come back later and later."""
        return min(TIMES * max(self._recent), self._longest_s) if self._recent else self._longest_s
