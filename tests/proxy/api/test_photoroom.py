import io
from base64 import b64decode

import httpx
import pytest
from PIL import Image as Pillow

from proxy.errors import BackendAway
from tests.proxy.api.house import MAX_BYTES, House, house
from tests.proxy.api.removebg.asking import CAT, IN_JSON, LARGE, backend, picture_of
from tests.support.fakes import FakeBackend

DOOR = "/v1/segment"


async def send(it: House, picture: bytes = CAT, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    return await it.client.post(DOOR, files={"image_file": picture}, data=fields, headers=headers)


@pytest.mark.parametrize(
    ("fields", "kind", "mode", "size"),
    [
        ({}, "PNG", "RGBA", (80, 40)),
        ({"format": "jpg"}, "JPEG", "RGB", (80, 40)),
        ({"format": "webp"}, "WEBP", "RGBA", (80, 40)),
        ({"channels": "alpha"}, "PNG", "L", (80, 40)),
        ({"bg_color": "blue"}, "PNG", "RGB", (80, 40)),
        ({"crop": "true"}, "PNG", "RGBA", (20, 20)),
        ({"despill": "true"}, "PNG", "RGBA", (80, 40)),
    ],
)
async def test_every_field_does_what_it_says(fields: dict[str, str], kind: str, mode: str, size: tuple[int, int]):
    async with house(backend()) as it:
        picture = picture_of(await send(it, **fields))
    assert (picture.format, picture.mode, picture.size) == (kind, mode, size)


@pytest.mark.parametrize(
    ("size", "width"), [({}, 1000), ({"size": "preview"}, 559), ({"size": "medium"}, 1000), ({"size": "full"}, 1000)]
)
async def test_the_answer_is_full_unless_less_is_asked_for(size: dict[str, str], width: int):
    async with house(backend()) as it:
        assert picture_of(await send(it, LARGE, **size)).width == width


async def test_json_holds_the_same_file():
    async with house(backend()) as it:
        plain, told = await send(it), await send(it, headers=IN_JSON)
    assert b64decode(told.json()["base64img"]) == plain.content


async def test_the_model_says_how_unsure_it_is():
    async with house(FakeBackend(confidence=0.75)) as it:
        assert (await send(it)).headers["X-Uncertainty-Score"] == "0.2500"


@pytest.mark.parametrize(
    "request_",
    [
        {"content": CAT, "headers": {"Content-Type": "image/png"}},
        {"files": {"image": CAT}},
        {"files": {"image_file": b"no picture"}},
        {"files": {"image_file": bytes(MAX_BYTES + 1)}},
        {"files": {"image_file": CAT}, "data": {"format": "bmp"}},
    ],
)
async def test_bad_input_is_a_400_in_its_own_shape(request_: dict[str, object]):
    async with house(backend()) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert answer.json().keys() == {"detail", "status_code", "type"}
    assert answer.json()["status_code"] == 400


async def test_a_model_server_that_is_away_is_told_in_the_same_shape():
    back = backend()
    async with house(back) as it:
        back.failure = BackendAway("Down.")
        answer = await send(it)
    assert answer.status_code == 503
    assert answer.json() == {"detail": "Down.", "status_code": 503, "type": "backend-away"}


async def test_an_answer_is_read_by_pillow_whatever_the_cache_says():
    async with house(backend()) as it:
        miss, hit = await send(it), await send(it)
    assert "hit" in hit.headers["Cache-Status"]
    assert Pillow.open(io.BytesIO(hit.content)).size == Pillow.open(io.BytesIO(miss.content)).size
