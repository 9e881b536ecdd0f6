"""Callers who ask for leave to send their body, and get their answer instead (RFC 9110, 10.1.1).

The server gives leave (`100 Continue`) when a door first reads the body. Where none did, the connection cannot be kept:
the caller would begin the next request where the server still waits for this one's body. Whoever did not ask for leave
sends the body in any case; the server reads over it, and the connection goes on.
"""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_S = 2.0
"""For so long a caller who has been told to close may be silent before the server does."""


class Expectations:
    """Announces the end of the connection with an answer that comes instead of `100 Continue`."""

    def __init__(self, app: ASGIApp, linger_s: float = LINGER_S) -> None:
        self._app = app
        self._linger_s = linger_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and asks_for_leave(scope):
            leave = _Leave(receive, send, self._linger_s)
            receive, send = leave.receive, leave.send
        await self._app(scope, receive, send)


def asks_for_leave(scope: Scope) -> bool:
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])


class _Leave:
    """To send the body: given by asking for it."""

    def __init__(self, receive: Receive, send: Send, linger_s: float) -> None:
        self._receive = receive
        self._send = send
        self._linger_s = linger_s
        self._given = False
        self._refused = False

    async def receive(self) -> Message:
        self._given = True
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._given:
            self._refused = True
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        elif self._refused and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def _linger(self) -> None:
        """Until the caller has closed, or has sent what it was sending already.

        Closing upon bytes that still arrive would reset the connection, and the answer might be lost (RFC 9112, 9.6).
        """
        with suppress(TimeoutError):
            more = True
            while more:
                async with asyncio.timeout(self._linger_s):
                    more = (await self._receive()).get("more_body", False)
