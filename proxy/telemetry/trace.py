"""W3C Trace Context, as it comes in."""

import re
from collections.abc import Mapping

from proxy.core.caller import Trace

# Section 3.2: version 00 ends with its flags, a later one may go on, ff is none; ids of zeros are none either.
_IDS = r"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_PARENT = re.compile(rf"00{_IDS}|(?!00|ff)[0-9a-f]{{2}}{_IDS}(?:-[\x21-\x7e]{{0,200}})?")
_STATE = re.compile(r"[\t\x20-\x7e]{1,512}")
"""As long as section 3.3.1.5 asks for, and nothing that a client library would refuse to send on."""


def trace_of(fields: Mapping[str, str]) -> Trace | None:
    """The trace that a request's fields (lower-case names, the lines of one name joined by commas) tell of. None where
    there is none, or two, or one that is malformed."""
    parent = fields.get("traceparent")
    if parent is None or not _PARENT.fullmatch(parent):
        return None
    state = fields.get("tracestate", "").strip(" \t")
    return Trace(parent, state if _STATE.fullmatch(state) else "")
