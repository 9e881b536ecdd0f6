"""The floor under a miss: read the body, hand it to TorchServe over a kept connection, hand its answer back.

`uvicorn benchmarks.relay:app`. PEER_BACKEND is TorchServe's port, PEER_MODEL the model. No client library, no lookup,
no look at the image, nothing kept; one request at a time.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PORT, MODEL = int(os.environ["PEER_BACKEND"]), os.environ["PEER_MODEL"]
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_wires: list[Wire] = []


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    chunks, more = [], True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    mask = await _predicted(chunks)
    headers = [(b"content-type", b"image/png"), (b"content-length", str(len(mask)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": mask})


async def _predicted(chunks: list[bytes]) -> bytes:
    reader, writer = _wires[0] if _wires else await _connect()
    length = sum(map(len, chunks))
    head = f"POST /predictions/{MODEL} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
    writer.writelines([head.encode(), *chunks])
    lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    (size,) = (int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    return await reader.readexactly(size)


async def _connect() -> Wire:
    _wires.append(await asyncio.open_connection("127.0.0.1", PORT, limit=2**20))
    return _wires[0]
