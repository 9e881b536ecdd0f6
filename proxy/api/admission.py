"""The check of `REMATTE_API_KEYS` for doors that FastAPI opens, and its place in `/openapi.json`."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from proxy.api.fields import fields_of
from proxy.api.keys import key_of
from proxy.api.service import service_of
from proxy.errors import UnknownKey

_WHERE = "One of `REMATTE_API_KEYS`, where that is set; without it, nobody is asked for a key."
_header = APIKeyHeader(name="X-API-Key", scheme_name="Key", auto_error=False, description=_WHERE)
_bearer = HTTPBearer(scheme_name="KeyAsToken", auto_error=False, description=_WHERE)


class _Basic(HTTPBasic):
    """What is no user and password is as good as none; FastAPI would refuse it where nobody is asked for a key."""

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:  # type: ignore[override] # as its own
        try:
            return await super().__call__(request)
        except HTTPException:
            return None


_basic = _Basic(scheme_name="KeyAsPassword", auto_error=False, description=f"As the password, of any user. {_WHERE}")
_tool = APIKeyHeader(name="Token", scheme_name="KeyOfXAnyLabeling", auto_error=False, description=_WHERE)


async def _require_key(request: Request) -> None:
    """Raises UnknownKey."""
    service_of(request).keys.check(fields_of(request.scope))


KEY = [Depends(_require_key), Depends(_header), Depends(_bearer)]
"""For a router's `dependencies`. What a request lacks besides is told only to those who have a key."""


async def _require_password(request: Request, given: Annotated[HTTPBasicCredentials | None, Depends(_basic)]) -> None:
    """Label Studio asks for a user and a password only when it is challenged (RFC 7617)."""
    key = given.password if given else key_of(fields_of(request.scope))
    if not service_of(request).keys.admit(key):
        raise HTTPException(401, "Send one of this server's keys as the password.", {"WWW-Authenticate": "Basic"})


PASSWORD = [Depends(_require_password)]
"""`KEY` for who can only send a user and a password."""


async def _require_token(request: Request, given: Annotated[str | None, Depends(_tool)]) -> None:
    """Raises UnknownKey."""
    if not service_of(request).keys.admit(given or key_of(fields_of(request.scope))):
        raise UnknownKey("Send one of this server's keys in `Token`.")


TOKEN = [Depends(_require_token)]
"""`KEY` for who sends it in the header field `Token`."""
