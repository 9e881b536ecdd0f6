"""A caller who can do what an HTTP client library would not: send piece by piece, and leave."""

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Scope

LEAVES: Message = {"type": "http.disconnect"}


def body(*pieces: bytes, ends: bool = True) -> list[Message]:
    last = len(pieces) - 1
    return [
        {"type": "http.request", "body": piece, "more_body": at < last or not ends} for at, piece in enumerate(pieces)
    ]


class Caller:
    """Sends messages with one request, and then nothing more until `leave` is called."""

    def __init__(self, path: str, messages: Iterable[Message], headers: dict[str, str], method: str = "POST") -> None:
        self.status: int | None = None
        self._messages = list(messages)
        self._left = asyncio.Event()
        self._scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }

    async def call(self, app: ASGIApp) -> None:
        await app(self._scope, self._receive, self._send)

    def leave(self) -> None:
        self._left.set()

    async def _receive(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        await self._left.wait()
        return LEAVES

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
