from collections.abc import AsyncIterator

import httpx
import pytest

from proxy.api.form import FORM_ROOM
from tests.proxy.api.house import MAX_BYTES, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import DictCache, FakeBackend

JPEG = {"Content-Type": "image/jpeg"}
FORM = {"Content-Type": "multipart/form-data; boundary=edge"}
CAT = file_of(corners(), "JPEG")
HEAD = b'--edge\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
OTHER = b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\n'


def just_so_large(size: int) -> bytes:
    """A picture of that many bytes: decoders stop at its end."""
    return CAT.ljust(size, b"\0")


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


class Endless:
    """A body without length, and with no end in sight, that counts what was asked of it."""

    def __init__(self, head: bytes = b"") -> None:
        self.head = head
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        while self.taken < 10 * MAX_BYTES:
            self.taken += 1000
            yield b"x" * 1000


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/mixed; boundary=edge"}],
    ids=["none", "text", "another multipart"],
)
async def test_a_media_type_that_is_no_image_is_refused_with_the_remedy(headers: dict[str, str]):
    async with house() as it:
        answer = await it.client.post("/v1/mask", content=CAT, headers=headers)
    assert kind(answer) == (415, "unsupported-upload")
    assert "`image/jpeg`" in answer.json()["detail"]
    assert "field `image`" in answer.json()["detail"]


async def test_a_compressed_body_is_refused_by_name():
    async with house() as it:
        answer = await it.client.post("/v1/mask", content=CAT, headers=JPEG | {"Content-Encoding": "gzip"})
        plain = await it.client.post("/v1/mask", content=CAT, headers=JPEG | {"Content-Encoding": "identity"})
    assert kind(answer) == (415, "unsupported-upload")
    assert "`gzip`" in answer.json()["detail"]
    assert plain.status_code == 200


@pytest.mark.parametrize(
    ("content", "headers"),
    [(b"", JPEG), (HEAD + b"\r\n--edge--\r\n", FORM)],
    ids=["raw", "form"],
)
async def test_an_upload_without_bytes_is_refused(content: bytes, headers: dict[str, str]):
    async with house() as it:
        assert kind(await it.client.post("/v1/mask", content=content, headers=headers)) == (400, "empty-upload")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=other"])
async def test_a_form_that_cannot_be_understood_is_refused(content_type: str):
    async with house() as it:
        answer = await it.client.post(
            "/v1/mask", content=HEAD + CAT + b"\r\n--edge--\r\n", headers={"Content-Type": content_type}
        )
    assert kind(answer) == (400, "bad-upload")


async def test_an_image_at_the_limit_is_welcome_and_one_byte_more_is_not():
    async with house() as it:
        sizes = (MAX_BYTES, MAX_BYTES + 1)
        raw = [await it.client.post("/v1/mask", content=just_so_large(size), headers=JPEG) for size in sizes]
        form = [await it.client.post("/v1/mask", files={"image": just_so_large(size)}) for size in sizes]
    assert [answer.status_code for answer in raw + form] == [200, 413, 200, 413]


@pytest.mark.parametrize(("headers", "room"), [(JPEG, 0), (FORM, MAX_BYTES * 4 // 3 + FORM_ROOM)], ids=["raw", "form"])
async def test_a_declared_length_over_the_limit_is_refused_before_reading(headers: dict[str, str], room: int):
    content, length = Endless(), str(MAX_BYTES + room + 1)
    async with house() as it:
        answer = await it.client.post("/v1/mask", content=content, headers=headers | {"Content-Length": length})
    assert kind(answer) == (413, "upload-too-large")
    assert content.taken == 0


@pytest.mark.parametrize(
    ("headers", "head", "most"),
    [(JPEG, b"", MAX_BYTES), (FORM, HEAD, MAX_BYTES), (FORM, OTHER, MAX_BYTES * 4 // 3 + FORM_ROOM)],
    ids=["raw", "the form's image", "another field"],
)
async def test_a_body_without_end_is_refused_as_soon_as_it_passes_the_limit(
    headers: dict[str, str], head: bytes, most: int
):
    backend, cache, content = FakeBackend(), DictCache(), Endless(head)
    async with house(backend, cache) as it:
        answer = await it.client.post("/v1/mask", content=content, headers=headers)
    assert kind(answer) == (413, "upload-too-large")
    assert content.taken <= most + 2000
    assert (backend.calls, cache.entries) == (0, {})
