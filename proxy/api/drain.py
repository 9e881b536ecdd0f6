"""The way out: those who are inside finish, nobody new comes in."""

from collections.abc import Iterator
from contextlib import contextmanager

from proxy.errors import Stopping


class Drain:
    """Counts the images under way. Not safe across threads."""

    def __init__(self) -> None:
        self.begun = False
        self._inside = 0

    @property
    def is_empty(self) -> bool:
        return not self._inside

    def begin(self) -> None:
        """From now on nobody enters."""
        self.begun = True

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Raises Stopping when it has begun."""
        if self.begun:
            raise Stopping("This server is being stopped; send the image again in a moment.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
