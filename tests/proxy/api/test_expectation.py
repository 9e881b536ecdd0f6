import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from proxy.api.expectation import Expectations

EXPECTS = [(b"expect", b"100-Continue")]


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("answer")(scope, receive, send)


async def read(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)


class Caller:
    """Sends its messages, then nothing; knows how much of them had been taken when an answer was over."""

    def __init__(self, *messages: Message) -> None:
        self.received: list[Message] = []
        self.left = 0
        self._messages = list(messages)

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        self.received.append(message)
        self.left = len(self._messages)

    @property
    def told_to_close(self) -> bool:
        return (b"connection", b"close") in self.received[0]["headers"]

    @property
    def answer(self) -> bytes:
        assert [message.get("more_body", False) for message in self.received[1:]][-1] is False
        return b"".join(message.get("body", b"") for message in self.received[1:])


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


LEAVES: Message = {"type": "http.disconnect"}


async def call(app, caller: Caller, headers=EXPECTS, linger_s: float = 10) -> None:
    async with asyncio.timeout(5):
        await Expectations(app, linger_s)({"type": "http", "headers": headers}, caller.receive, caller.send)


async def test_who_is_given_leave_keeps_the_connection():
    caller = Caller(piece(b"ima"), piece(b"ge", more=False))
    await call(read, caller)
    assert caller.answer == b"image"
    assert not caller.told_to_close


async def test_who_is_answered_instead_is_told_to_close():
    caller = Caller(LEAVES)
    await call(unread, caller)
    assert caller.answer == b"answer"
    assert caller.told_to_close


async def test_who_did_not_wait_for_leave_is_heard_out_before_the_end():
    caller = Caller(piece(b"ima"), piece(b"ge", more=False))
    await call(unread, caller)
    assert caller.answer == b"answer"
    assert caller.left == 0


async def test_who_neither_sends_nor_closes_is_not_waited_for_long():
    caller = Caller(piece(b"ima"))
    await call(unread, caller, linger_s=0.01)
    assert caller.answer == b"answer"


@pytest.mark.parametrize("headers", [[], [(b"expect", b"200-ok")]])
async def test_who_does_not_ask_is_let_alone(headers: list[tuple[bytes, bytes]]):
    caller = Caller(piece(b"ima"), LEAVES)
    await call(unread, caller, headers)
    assert caller.answer == b"answer"
    assert not caller.told_to_close
    assert caller.left == 2


async def test_what_is_no_request_passes():
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await Expectations(app)({"type": "lifespan"}, Caller().receive, Caller().send)
    assert seen == ["lifespan"]
