"""A stand-in for TorchServe that fails as the image says: in what 0.12 answers, word for word, or on the wire itself.

`python -m benchmarks.ailing PORT` until it is killed. Inference and management share the port; `GET /calls` gives how
often each fault has been called for.
"""

import argparse
import asyncio
import io
import json
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from PIL import Image

from benchmarks.link import HOST

MODEL = "inspyrenet"
SLOW_S = 0.3
_MARK = b"\n#"
_DESCRIPTION = {"modelName": MODEL, "modelVersion": "ailing-1", "batchSize": 1, "workers": [{"status": "READY"}]}
_HEADERS = "content-type: image/png\r\nx-mask-confidence: 1.0\r\nx-model-version: ailing-1\r\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """What TorchServe does, and what our caller is then told: docs/operations.md says the same."""

    status: int
    problem: str
    answers: tuple[int, str, str] | None = None
    """Status, type and message of TorchServe's own answer; None where it says nothing of the kind."""


_AWAY, _FAILED = (503, "backend-away"), (502, "backend-failed")
FAULTS = {
    "queue full": Fault(*_AWAY, (503, "ServiceUnavailableException", f'Model "{MODEL}" has no worker to serve.')),
    "worker died": Fault(*_AWAY, (500, "InternalServerException", "Worker died.")),
    "model missing": Fault(*_AWAY, (404, "ModelNotFoundException", f"Model not found: {MODEL}")),
    "bad token": Fault(*_AWAY, (400, "InvalidKeyException", "Token Authorization failed.")),
    "out of memory": Fault(*_AWAY, (507, "InternalServerException", "Out of resources")),
    "handler failed": Fault(*_FAILED, (503, "InternalServerException", "Prediction failed")),
    "body too large": Fault(*_FAILED, (413, "", "")),
    "reset": Fault(*_FAILED),
    "slow": Fault(200, ""),
    "hang": Fault(504, "deadline-passed"),
}


def ails(image: bytes, fault: str) -> bytes:
    """The same picture, with the wish behind its end."""
    return image + _MARK + fault.encode()


class Ailing:
    """Counts each fault's calls."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: Counter[str] = Counter()
        self._over = asyncio.Event()
        self._mask = _mask()

    def let_go(self) -> None:
        """Of those that hang."""
        self._over.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, for as long as all goes well on it."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                await writer.drain()
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if head.startswith(b"get"):
            _write(writer, 200, json.dumps(self.calls if b"/calls" in head else [_DESCRIPTION]).encode())
            return True
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        _, _, name = (await reader.readexactly(length)).rpartition(_MARK)
        self.calls[name.decode("latin-1")] += 1
        return await self._fail(writer, name.decode("latin-1"))

    async def _fail(self, writer: asyncio.StreamWriter, name: str) -> bool:
        fault = FAULTS.get(name)
        if fault and fault.answers:
            status, kind, message = fault.answers
            said = json.dumps({"code": status, "type": kind, "message": message}).encode() if kind else b""
            _write(writer, status, said, "connection: close\r\n")
            return False
        match name:
            case "reset":
                _reset(writer)
                return False
            case "hang":
                await self._over.wait()
                return False
            case "slow":
                await asyncio.sleep(SLOW_S)
        _write(writer, 200, self._mask, _HEADERS)
        return True


@asynccontextmanager
async def ailing(port: int = 0) -> AsyncIterator[Ailing]:
    """Open at its `port` of loopback."""
    it = Ailing()
    async with await asyncio.start_server(it.serve, HOST, port, limit=2**20) as door:
        it.port = door.sockets[0].getsockname()[1]
        yield it
        it.let_go()


def _write(writer: asyncio.StreamWriter, status: int, body: bytes, headers: str = "") -> None:
    writer.write(f"HTTP/1.1 {status} .\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body)


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN, as TorchServe's own sockets are set (SO_LINGER 0)."""
    wire = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _mask() -> bytes:
    file = io.BytesIO()
    Image.new("L", (64, 48), 255).save(file, "PNG")
    return file.getvalue()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ailing", description=__doc__)
    parser.add_argument("port", type=int)
    async with ailing(parser.parse_args().port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
