"""Every request has a name, the caller's own or a new one, and perhaps a trace that it is part of."""

import re
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.api.fields import Fields, fields_of
from proxy.core.caller import Caller, caller
from proxy.telemetry.trace import trace_of

HEADER = b"x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._~-]{1,64}")


class RequestIds:
    """Echoes `X-Request-Id` if it is short and harmless, else makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        field = named(scope, fields_of(scope))

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), field]
            await send(message)

        return await self._app(scope, receive, send_named)


def named(scope: Scope, fields: Fields) -> tuple[bytes, bytes]:
    """The header field for the answer; from now on `request.state.request_id` is the name, and `caller` has it too,
    with the trace."""
    given = fields.get("x-request-id", "")
    name = given if given and _ACCEPTABLE.fullmatch(given) else f"{getrandbits(64):016x}"  # a name, and no secret
    scope.setdefault("state", {})["request_id"] = name
    caller.set(Caller(name, trace_of(fields)))
    return HEADER, name.encode()
