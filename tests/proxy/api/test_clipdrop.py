import httpx
import pytest
from PIL import Image as Pillow

from proxy.errors import BackendAway
from tests.proxy.api.house import House, house
from tests.proxy.api.removebg.asking import CAT, backend, picture_of
from tests.proxy.imaging.pictures import file_of

DOOR = "/remove-background/v1"


def holed(opacity: int) -> bytes:
    """Red, and its left half can be seen through so far."""
    picture = Pillow.new("RGBA", (80, 40), (255, 0, 0, 255))
    picture.paste((255, 0, 0, opacity), (0, 0, 40, 40))
    return file_of(picture, "PNG")


async def send(it: House, picture: bytes = CAT, accept: str = "*/*", **fields: str) -> httpx.Response:
    return await it.client.post(DOOR, files={"image_file": picture}, data=fields, headers={"Accept": accept})


@pytest.mark.parametrize(
    ("accept", "kind"), [("*/*", "PNG"), ("image/png", "PNG"), ("image/webp", "WEBP"), ("image/jpeg", "JPEG")]
)
async def test_the_format_is_what_the_caller_accepts(accept: str, kind: str):
    async with house(backend()) as it:
        answer = await send(it, accept=accept)
    assert picture_of(answer).format == kind
    assert (answer.headers["X-Remaining-Credits"], answer.headers["X-Credits-Consumed"]) == ("1000000", "0")


async def test_an_image_with_holes_comes_back_as_it_is():
    async with house(backend()) as it:
        holes, opaque = await send(it, holed(100)), await send(it, holed(255))
    assert holes.content == holed(100)
    assert holes.headers["Content-Type"] == "image/png"
    assert picture_of(opaque).getchannel("A").getpixel((79, 39)) == 0


async def test_holes_are_filled_for_whoever_asks_for_that():
    async with house(backend()) as it:
        cutout = picture_of(await send(it, holed(100), transparency_handling="discard_alpha_layer"))
    assert cutout.getpixel((20, 10)) == (255, 0, 0, 255)
    assert cutout.getchannel("A").getbbox() == (10, 5, 30, 25)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": CAT, "headers": {"Content-Type": "image/png"}}, 400),
        ({"files": {"image": CAT}}, 400),
        ({"files": {"image_file": b"no picture"}}, 400),
        ({"files": {"image_file": CAT}, "data": {"transparency_handling": "none"}}, 400),
        ({"files": {"image_file": CAT}, "headers": {"Accept": "text/html"}}, 406),
    ],
)
async def test_an_error_is_told_in_its_own_shape(request_: dict[str, object], status: int):
    async with house(backend()) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}


async def test_a_model_server_that_is_away_is_told_in_the_same_shape():
    back = backend()
    async with house(back) as it:
        back.failure = BackendAway("Down.")
        answer = await send(it)
    assert (answer.status_code, answer.json()) == (503, {"error": "Down."})
