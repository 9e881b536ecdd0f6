"""A wire between a client and a Redis that can be made to misbehave."""

import asyncio
import socket
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
        self._wires: list[socket.socket] = []
        self._ends: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Relay"]:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as door:
            door.setblocking(False)
            self.url = f"redis://127.0.0.1:{door.getsockname()[1]}"
            loop.add_reader(door, self._accept, door)
            try:
                yield self
            finally:
                loop.remove_reader(door)
                await self._hang_up()

    async def _hang_up(self) -> None:
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        for end in self._ends:
            end.transport.abort()
        await asyncio.sleep(0)  # for what was aborted to be closed
        for wire in self._wires:
            wire.close()

    def _accept(self, door: socket.socket) -> None:
        """By hand: of a connection that asyncio has accepted and not handed over yet, nobody would know at the end."""
        with suppress(BlockingIOError):
            wire, _ = door.accept()
            self._wires.append(wire)
            self._begin(self._connect(wire))

    async def _connect(self, wire: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=wire)
        self._ends.append(writer)
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
            case "nothing":
                return b""
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
