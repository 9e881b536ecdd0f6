"""Who asks. Told to logs and to the model server; nothing is decided by it."""

from contextvars import ContextVar
from typing import NamedTuple


class Trace(NamedTuple):
    """A caller's W3C trace context, as it came."""

    parent: str
    """`traceparent`, well-formed."""
    state: str = ""
    """`tracestate`, printable ASCII."""

    @property
    def id(self) -> str:
        """32 lower-case hex digits."""
        return self.parent[3:35]


class Caller(NamedTuple):
    """One request."""

    request_id: str
    trace: Trace | None = None


caller: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Whose request this is; work that several share is the one's who began it."""
