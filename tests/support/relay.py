"""A wire between a client and a Redis that can be made to misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes on. `fault` names what becomes of Redis's replies; None: nothing."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self.fault: str | None = None
        self.url = ""
        self._held: bytes | None = None
        self._wires: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Relay"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for wire in self._wires:
                wire.cancel()
            await asyncio.gather(*self._wires, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = asyncio.current_task()
        assert wire is not None
        self._wires.add(wire)
        answers, questions = await asyncio.open_unix_connection(self._socket_path)
        pipes = {
            asyncio.create_task(self._pipe(reader, questions, is_reply=False)),
            asyncio.create_task(self._pipe(answers, writer, is_reply=True)),
        }
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            for end in (questions, writer):
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()
            self._wires.discard(wire)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_reply: bool) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                target.write(await self._fated(chunk) if is_reply else chunk)
                await target.drain()
                if is_reply and self.fault == "truncated":
                    return

    async def _fated(self, reply: bytes) -> bytes:
        match self.fault:
            case "late":
                await asyncio.sleep(0.3)
            case "truncated":
                return reply[: len(reply) // 2]
            case "damaged":
                return reply[:-12] + bytes(byte ^ 0x55 for byte in reply[-12:-2]) + reply[-2:]
            case "out of order":
                reply, self._held = self._held or reply, reply
            case "loading":
                return b"-LOADING Redis is loading the dataset in memory\r\n"
            case "nonsense":
                return b"HTTP/1.1 400 Bad Request\r\n\r\n"
        return reply
