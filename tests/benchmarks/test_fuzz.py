"""A fuzzer that passed over a door, or took a fault for an answer, would prove nothing."""

import asyncio
import io
import random
from base64 import b64encode

import pytest
from PIL import Image as Pillow

from benchmarks.damage import damaged
from benchmarks.fuzz import NONE, Broken, ask
from benchmarks.link import HOST
from benchmarks.orders import Orders, Request
from benchmarks.pictures import of_every_kind
from proxy.api.doors import openapi
from proxy.imaging.picture import FORMATS

PICTURE = b"a picture"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
BATCH = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"


async def told(answer: bytes, request: Request) -> str:
    """By a server that gives this answer to whatever comes, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(20), await asyncio.start_server(serve, HOST) as server:
        return await ask(server.sockets[0].getsockname()[1], request)


def test_every_operation_of_the_document_is_asked():
    named = {operation["operationId"] for doors in openapi()["paths"].values() for operation in doors.values()}
    assert Orders(random.Random(1), [PICTURE]).operations == named


def damaged_ones(seed: int) -> list[Request]:
    chance = random.Random(seed)
    orders = Orders(chance, [PICTURE])
    return [damaged(chance, orders.any()) for _ in range(50)]


def test_the_same_seed_gives_the_same_requests():
    assert damaged_ones(1) == damaged_ones(1) != damaged_ones(2)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # that they are damaged
def test_pictures_of_every_format_are_sent_whole_and_damaged():
    pictures = of_every_kind(random.Random(1))
    assert pictures == of_every_kind(random.Random(1))
    assert {kind_of(picture) for picture in pictures} >= {*FORMATS, None}


def kind_of(picture: bytes) -> str | None:
    try:
        return Pillow.open(io.BytesIO(picture)).format
    except (OSError, SyntaxError, ValueError):
        return None


def test_an_undamaged_form_holds_its_picture():
    orders = Orders(random.Random(1), [PICTURE])
    forms = [request for request in (orders.any() for _ in range(200)) if b"; name=" in request.body]
    assert len(forms) > 20
    assert all(PICTURE in form.body or b64encode(PICTURE) in form.body for form in forms)


def test_no_byte_of_an_address_is_damaged():
    """Else somebody's server might be asked for a picture."""
    body = b'{"image_url": "http://127.0.0.1/cat.jpg"}'
    request = Request("POST", "/v1/mask", body=body)
    assert all(body in damaged(random.Random(seed), request).body for seed in range(300))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (OK, "200"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, "200"),
        (BATCH + b"5\r\nhello\r\n0\r\n\r\n", "200"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "204"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404"),
    ],
)
async def test_a_whole_answer_counts(answer: bytes, status: str):
    assert await told(answer, Request("GET", "/")) == status


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        OK[:-1],
        BATCH + b"5\r\nhel",
        BATCH + b'c\r\n"status":500\r\n0\r\n\r\n',
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_all_else_is_a_fault(answer: bytes):
    with pytest.raises(Broken):
        await told(answer, Request("GET", "/"))


async def test_who_hangs_up_in_mid_request_may_be_told_nothing():
    assert await told(b"", Request("POST", "/v1/mask", body=b"cat", length=5)) == NONE
