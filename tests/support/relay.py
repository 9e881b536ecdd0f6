"""A wire between a client and a Redis that can be made to misbehave."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes on. `fault` names what becomes of Redis's replies; None: nothing."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self.fault: str | None = None
        self.url = ""
        self._held: bytes | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Relay"]:
        # A handler that is no coroutine runs at once: no connection is ever without an owner.
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            while self._tasks:
                for task in self._tasks:
                    task.cancel()
                await asyncio.wait(self._tasks)
            for end in self._ends:
                end.transport.abort()
            await asyncio.sleep(0)  # for what was aborted to be closed

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        self._begin(self._connect(reader, writer))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(self._socket_path)
        self._ends.append(questions)
        self._begin(self._pipe(reader, questions, is_reply=False))
        self._begin(self._pipe(answers, writer, is_reply=True))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_reply: bool) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                target.write(await self._fated(chunk) if is_reply else chunk)
                await target.drain()
                if is_reply and self.fault == "truncated":
                    break
        target.close()

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
