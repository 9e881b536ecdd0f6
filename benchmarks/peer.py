"""The floor under a cached POST: read the body, name it, look the name up, answer. No framework, no checks.

`uvicorn benchmarks.peer:app`. PEER_ANSWER is the file that answers every image; with PEER_REDIS_URL the names are
looked up there, and otherwise in a dictionary.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Protocol, cast

from redis.asyncio import Redis
from xxhash import xxh3_128_digest

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ANSWER = Path(os.environ["PEER_ANSWER"]).read_bytes()


class Store(Protocol):
    async def get(self, name: bytes) -> bytes | None: ...

    async def set(self, name: bytes, value: bytes) -> object: ...


class DictStore:
    def __init__(self) -> None:
        self._answers: dict[bytes, bytes] = {}

    async def get(self, name: bytes) -> bytes | None:
        return self._answers.get(name)

    async def set(self, name: bytes, value: bytes) -> object:
        return self._answers.setdefault(name, value)


def _store() -> Store:
    url = os.environ.get("PEER_REDIS_URL")
    return cast("Store", Redis.from_url(url)) if url else DictStore()


store = _store()


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    name = xxh3_128_digest(await _body(receive))
    answer = await store.get(name)
    if answer is None:
        await store.set(name, ANSWER)
    answer = answer or ANSWER
    headers = [(b"content-type", b"image/png"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def _body(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message["body"])
        more = message["more_body"]
    return b"".join(chunks)
