"""`Cache-Control` in a request: what the caller allows the cache to do (RFC 9111, 5.2.1)."""

from proxy.api.fields import Fields
from proxy.core.types import ANY_TERMS, Terms


def terms_of(fields: Fields) -> Terms:
    """`no-cache`, `no-store` and `only-if-cached` count, whatever their case; other directives are passed over."""
    if "cache-control" not in fields:
        return ANY_TERMS
    given = {directive.partition("=")[0].strip().lower() for directive in fields["cache-control"].split(",")}
    return Terms(
        may_find="no-cache" not in given, may_keep="no-store" not in given, may_infer="only-if-cached" not in given
    )


def parameter() -> dict[str, object]:
    """The header, as OpenAPI describes it."""
    return {
        "name": "Cache-Control",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "examples": ["no-cache"]},
        "description": "`no-cache`: ask the model, whatever is kept. `no-store`: keep nothing of this image. "
        "`only-if-cached`: answer from the cache or not at all (504).",
    }
