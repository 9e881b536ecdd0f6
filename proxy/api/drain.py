"""The way out: those who are inside finish, nobody new comes in."""

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

    def __enter__(self) -> None:
        """One image more is inside. Raises Stopping when the drain has begun."""
        if self.begun:
            raise Stopping("This server is being stopped; send the image again in a moment.")
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1
