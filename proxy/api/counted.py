"""A prediction, counted under its door and the status that its caller is told."""

from types import TracebackType

from proxy.api.problems import status_of
from proxy.telemetry.metrics import Metrics


class Counted:
    """Goes around the prediction alone: an upload that was refused never came to one."""

    __slots__ = ("_door", "_metrics")

    def __init__(self, metrics: Metrics, door: str) -> None:
        self._metrics = metrics
        self._door = door

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._metrics.answered(self._door, status_of(error))
