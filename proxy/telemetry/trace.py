"""W3C Trace Context, as it comes in."""

import re
from collections.abc import Iterable

from proxy.core.caller import Trace

# Section 3.2: version 00 ends with its flags, a later one may go on, ff is none; ids of zeros are none either.
_IDS = rb"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_PARENT = re.compile(rb"00" + _IDS + rb"|(?!00|ff)[0-9a-f]{2}" + _IDS + rb"(?:-[\x21-\x7e]{0,200})?")
_STATE = re.compile(rb"[\t\x20-\x7e]{1,512}")
"""As long as section 3.3.1.5 asks for, and nothing that a client library would refuse to send on."""


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Trace | None:
    """The trace that a request's headers (ASGI's: lower-case names) tell of. None where there is none, or two, or one
    that is malformed."""
    fields = [(name, value) for name, value in headers if name.startswith(b"trace")]
    if not fields:
        return None
    parents = [value for name, value in fields if name == b"traceparent"]
    if len(parents) != 1 or not _PARENT.fullmatch(parents[0]):
        return None
    state = b",".join(value for name, value in fields if name == b"tracestate").strip(b" \t")
    return Trace(parents[0].decode(), state.decode() if _STATE.fullmatch(state) else "")
