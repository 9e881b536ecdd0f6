import pytest
from starlette.types import Message, Receive, Scope, Send

from proxy.api.last_resort import LastResort


async def test_an_answer_that_breaks_off_is_left_to_the_server():
    sent: list[Message] = []

    async def begins_and_fails(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise ZeroDivisionError

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "state": {"request_id": "7"}}
    with pytest.raises(ZeroDivisionError):
        await LastResort(begins_and_fails)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
