"""`Content-Digest` in a request: what the body is, said before it comes (RFC 9530)."""

import re
from base64 import b64decode
from hashlib import sha256

from proxy.api.fields import Fields
from proxy.errors import BadUpload

# One member of a dictionary of byte sequences (RFC 8941, 3.2 and 3.3.5). No digest has parameters.
_MEMBER = r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):"
_FIELD = re.compile(rf"{_MEMBER}(?:[ \t]*,[ \t]*{_MEMBER})*[ \t]*")
_EXAMPLE = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"


def announced_sha256(fields: Fields) -> str | None:
    """Lower-case hex; None where no SHA-256 is announced: other algorithms are passed over.

    Raises BadUpload for a field that is no dictionary of byte sequences, or whose `sha-256` cannot be one.
    """
    field = fields.get("content-digest", "").strip(" ")
    if not field:
        return None
    if not _FIELD.fullmatch(field):
        raise _malformed(field)
    digests: dict[str, str] = dict(re.findall(_MEMBER, field))  # of equal keys the last one counts (RFC 8941, 4.2.2)
    return _hex(digests["sha-256"], field) if "sha-256" in digests else None


def _hex(encoded: str, field: str) -> str:
    try:
        digest = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise _malformed(field) from None
    if len(digest) != sha256().digest_size:
        raise _malformed(field)
    return digest.hex()


def _malformed(field: str) -> BadUpload:
    return BadUpload(
        f"`Content-Digest: {field[:100]}` is malformed; "
        f"send the SHA-256 of the body in base64 between colons: `Content-Digest: {_EXAMPLE}`."
    )


def parameter() -> dict[str, object]:
    """The header, as OpenAPI describes it."""
    return {
        "name": "Content-Digest",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "examples": [_EXAMPLE]},
        "description": "RFC 9530: the SHA-256 of the body, in base64 between colons. What is kept for it is answered "
        "before the body is read: whoever says `Expect: 100-continue` too need not send it. A body that is read must "
        "have this digest (400). Other algorithms are passed over; so is the field of a form, which is no image.",
    }
