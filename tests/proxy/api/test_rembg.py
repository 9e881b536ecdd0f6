import httpx
import pytest

from proxy.errors import BackendAway, BadUrl, RefusedAddress
from tests.proxy.api.house import MAX_BYTES, House, house
from tests.proxy.api.removebg.asking import CAT, backend, fetching, picture_of

DOOR = "/api/remove"


async def send(it: House, query: str = "", **fields: str) -> httpx.Response:
    return await it.client.post(f"{DOOR}?{query}", files={"file": ("cat.png", CAT)}, data=fields)


async def test_a_file_comes_back_without_its_background():
    async with house(backend()) as it:
        cutout = picture_of(await send(it, model="u2net", a="true", af="240", ab="10", ae="10"))
    assert (cutout.format, cutout.mode, cutout.size) == ("PNG", "RGBA", (80, 40))


@pytest.mark.parametrize(
    ("query", "fields"), [("om=true", {}), ("", {"om": "true"})], ids=["in the query", "in the form"]
)
async def test_a_mask_alone_is_asked_for_in_either_place(query: str, fields: dict[str, str]):
    async with house(backend()) as it:
        assert picture_of(await send(it, query, **fields)).mode == "L"


async def test_a_processed_mask_is_black_and_white():
    async with house(backend()) as it:
        mask = picture_of(await send(it, om="true", ppm="true"))
    assert {level for _, level in mask.getcolors() or []} == {0, 255}


@pytest.mark.parametrize(("query", "fields"), [("bgc=0,0,255,255", {}), ("", {"bgc": "0,0,255,255"})])
async def test_a_colour_lies_behind(query: str, fields: dict[str, str]):
    async with house(backend()) as it:
        cutout = picture_of(await send(it, query, **fields))
    assert cutout.convert("RGBA").getpixel((79, 39)) == (0, 0, 255, 255)


async def test_a_picture_elsewhere_is_fetched():
    async with house(backend()) as it:
        fetcher = fetching(it.app, CAT)
        answer = await it.client.get(DOOR, params={"url": "https://images.example/cat.png", "om": "true"})
    assert picture_of(answer).mode == "L"
    assert fetcher.asked == ["https://images.example/cat.png"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": CAT, "headers": {"Content-Type": "image/png"}}, 415),
        ({"files": {"image": CAT}}, 400),
        ({"files": {"file": b"no picture"}}, 422),
        ({"files": {"file": bytes(MAX_BYTES + 1)}}, 413),
        ({"files": {"file": CAT}, "data": {"bgc": "blue"}}, 400),
        ({"files": {"file": CAT}, "data": {"bgc": "0,0,256,0"}}, 400),
        ({"files": {"file": CAT}, "data": {"om": "perhaps"}}, 400),
    ],
)
async def test_an_error_is_a_detail(request_: dict[str, object], status: int):
    async with house(backend()) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.json().keys() == {"detail"}


@pytest.mark.parametrize("error", [BadUrl, RefusedAddress])
async def test_an_address_that_may_not_be_fetched_is_a_400(error: type[BadUrl]):
    async with house(backend()) as it:
        fetching(it.app, error("No host."))
        answer = await it.client.get(DOOR, params={"url": "file:///etc/passwd"})
        nothing = await it.client.get(DOOR)
    assert (answer.status_code, answer.json()) == (400, {"detail": "No host."})
    assert nothing.status_code == 400


async def test_a_model_server_that_is_away_is_a_detail_too():
    back = backend()
    async with house(back) as it:
        back.failure = BackendAway("Down.")
        answer = await send(it)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"detail": "Down."}, "5")
