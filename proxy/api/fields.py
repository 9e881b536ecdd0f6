"""A request's header fields, read in one pass: a framework's mapping searches the list again for every name."""

from collections.abc import Mapping

from starlette.types import Scope

from proxy.errors import UnsupportedUpload

Fields = Mapping[str, str]
"""By lower-case name. Several lines of one name are one, with commas (RFC 9110, 5.3)."""


def fields_of(scope: Scope) -> Fields:
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields.items()}


def refuse_coding(fields: Fields) -> None:
    """Raises UnsupportedUpload for a body that would have to be unpacked: it could grow without end."""
    coding = fields.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise UnsupportedUpload(f"The body has the Content-Encoding `{coding}`; send it as it is.")
