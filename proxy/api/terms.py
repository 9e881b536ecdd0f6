"""`Cache-Control` in a request: what the caller allows the cache to do (RFC 9111, 5.2.1)."""

import re

from proxy.api.fields import Fields
from proxy.core.types import ANY_TERMS, Terms

# RFC 9110, 5.6.4. Possessive, so that a field of nothing but quotes is read in linear time.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?P<end>"?)')


def terms_of(fields: Fields) -> Terms:
    """`no-cache`, `no-store` and `only-if-cached` count, whatever their case and argument; others are passed over."""
    if "cache-control" not in fields:
        return ANY_TERMS
    given = _names(fields["cache-control"])
    return Terms(
        may_find="no-cache" not in given, may_keep="no-store" not in given, may_infer="only-if-cached" not in given
    )


def _names(line: str) -> list[str]:
    return [directive.partition("=")[0].strip().lower() for directive in _QUOTED.sub(_without, line).split(",")]


def _without(quoted: re.Match[str]) -> str:
    """Nothing of a quoted string; a quote that nobody closes is none."""
    return "" if quoted["end"] else quoted[0]


def parameter() -> dict[str, object]:
    """The header, as OpenAPI describes it."""
    return {
        "name": "Cache-Control",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "examples": ["no-cache"]},
        "description": "`no-cache`: ask the model, whatever is kept. `no-store`: keep nothing of this image. "
        "`only-if-cached`: answer from the cache or not at all (504). `max-age` is passed over: a mask does not age.",
    }
