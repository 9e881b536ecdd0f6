"""The check of `REMATTE_API_KEYS` for doors that FastAPI opens, and its place in `/openapi.json`."""

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from proxy.api.fields import fields_of
from proxy.api.service import service_of

_WHERE = "One of `REMATTE_API_KEYS`, where that is set; without it, nobody is asked for a key."
_header = APIKeyHeader(name="X-API-Key", scheme_name="Key", auto_error=False, description=_WHERE)
_bearer = HTTPBearer(scheme_name="KeyAsToken", auto_error=False, description=_WHERE)


async def _require_key(request: Request) -> None:
    """Raises UnknownKey."""
    service_of(request).keys.check(fields_of(request.scope))


KEY = [Depends(_require_key), Depends(_header), Depends(_bearer)]
"""For a router's `dependencies`. What a request lacks besides is told only to those who have a key."""
