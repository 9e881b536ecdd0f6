"""Every request has a name, the caller's own or a new one, and perhaps a trace that it is part of."""

import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.core.caller import Caller, caller
from proxy.telemetry.trace import trace_of

HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._~-]{1,64}")


class RequestIds:
    """Echoes `X-Request-Id` if it is short and harmless, else makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        field = named(scope)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), field]
            await send(message)

        return await self._app(scope, receive, send_named)


def named(scope: Scope) -> tuple[bytes, bytes]:
    """The header field for the answer; from now on `request.state.request_id` is the name, and `caller` has it too,
    with the trace."""
    name = _given(scope) or secrets.token_hex(8).encode()
    scope.setdefault("state", {})["request_id"] = name.decode()
    caller.set(Caller(name.decode(), trace_of(scope["headers"])))
    return HEADER, name


def _given(scope: Scope) -> bytes | None:
    given = next((value for key, value in scope["headers"] if key == HEADER), b"")
    return given if _ACCEPTABLE.fullmatch(given) else None
