import io
import zipfile
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from PIL import Image as Pillow

from proxy.api.doors import openapi
from proxy.errors import (
    BadUrl,
    DownloadFailed,
    RematteError,
    UploadTooLarge,
)
from tests.proxy.api.house import house
from tests.proxy.api.removebg.asking import (
    BOX,
    CAT,
    DOOR,
    IN_JSON,
    LARGE,
    SKY,
    answered,
    backend,
    code_of,
    fetching,
    picture_of,
    send,
)


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"image_file": CAT}},
        {"data": {"image_file_b64": b64encode(CAT).decode()}},
        {"json": {"image_file_b64": b64encode(CAT).decode(), "crop": False}},
        {"files": {"size": (None, "auto")}, "data": {"image_file_b64": b64encode(CAT).decode()}},
    ],
    ids=["file in a form", "base64, URL-encoded", "base64 in JSON", "base64 in a form"],
)
async def test_an_image_comes_in_any_of_the_bodies(request_: dict[str, object]):
    back = backend()
    async with house(back) as it:
        answer = await it.client.post(DOOR, **request_)  # type: ignore[arg-type]
    assert picture_of(answer).size == (80, 40)
    assert back.images == [CAT]


async def test_an_image_is_fetched_where_its_url_says():
    back = backend()
    async with house(back) as it:
        fetcher = fetching(it.app, CAT)
        answer = await it.client.post(DOOR, json={"image_url": "https://images.example/cat.png"})
    assert picture_of(answer).size == (80, 40)
    assert (fetcher.asked, back.images) == (["https://images.example/cat.png"], [CAT])


async def test_a_picture_from_a_url_lies_behind():
    async with house(backend()) as it:
        fetching(it.app, SKY)
        picture = picture_of(await send(it, bg_image_url="https://images.example/sky.png", format="png"))
    assert picture.convert("RGB").getpixel((79, 39)) == (0, 0, 255)


@pytest.mark.parametrize(
    ("field", "error", "code"),
    [
        ("image_url", BadUrl("No host."), "invalid_image_url"),
        ("image_url", DownloadFailed("HTTP Status 404"), "failed_image_download"),
        ("image_url", UploadTooLarge("Too large."), "file_too_large"),
        ("bg_image_url", BadUrl("No host."), "invalid_bg_image_url"),
        ("bg_image_url", DownloadFailed("HTTP Status 404"), "failed_bg_download"),
    ],
)
async def test_an_address_that_gives_no_picture_has_its_own_code(field: str, error: RematteError, code: str):
    files = {} if field == "image_url" else {"image_file": CAT}
    async with house(backend()) as it:
        fetching(it.app, error)
        answer = await it.client.post(DOOR, files=files, data={field: "https://images.example/cat.png"})
    assert (answer.status_code, code_of(answer)) == (400, code)


@pytest.mark.parametrize(("answered", "told"), [(404, "HTTP Status 404"), (None, "Nobody answers.")])
async def test_a_failed_download_is_told_in_the_title(answered: int | None, told: str):
    failure = DownloadFailed("Nobody answers.")
    failure.answered = answered
    async with house(backend()) as it:
        fetching(it.app, failure)
        answer = await it.client.post(DOOR, json={"image_url": "https://images.example/cat.png"})
    assert answer.json()["errors"][0]["title"] == f"Failed to download image from given image_url: {told}"


@pytest.mark.parametrize(
    ("fields", "kind", "mode"),
    [
        ({}, "PNG", "RGBA"),
        ({"format": "auto", "bg_color": "fff"}, "JPEG", "RGB"),
        ({"format": "png", "bg_color": "fff"}, "PNG", "RGB"),
        ({"format": "jpg"}, "JPEG", "RGB"),
        ({"format": "webp"}, "WEBP", "RGBA"),
        ({"channels": "alpha"}, "PNG", "L"),
        ({"channels": "alpha", "format": "jpg"}, "JPEG", "L"),
    ],
)
async def test_the_format_is_the_one_that_was_asked_for(fields: dict[str, str], kind: str, mode: str):
    answer = await answered(**fields)
    picture = picture_of(answer)
    assert (picture.format, picture.mode) == (kind, mode)
    assert answer.headers["Content-Type"] == f"image/{kind.lower()}"


async def test_a_zip_holds_colours_and_alpha():
    answer = await answered(format="zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        pictures = {name: Pillow.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    assert list(pictures) == ["color.jpg", "alpha.png"]
    assert [(picture.format, picture.mode, picture.size) for picture in pictures.values()] == [
        ("JPEG", "RGB", (80, 40)),
        ("PNG", "L", (80, 40)),
    ]


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (559, 447)),
        ({"size": "regular"}, (559, 447)),
        ({"size": "medium"}, (1000, 800)),
        ({"size": "auto"}, (1000, 800)),
    ],
)
async def test_the_answer_is_as_large_as_was_asked_for(fields: dict[str, str], size: tuple[int, int]):
    answer = await answered(LARGE, **fields)
    assert picture_of(answer).size == size
    assert (answer.headers["X-Width"], answer.headers["X-Height"]) == tuple(map(str, size))
    assert (answer.headers["X-Max-Width"], answer.headers["X-Max-Height"]) == ("1000", "800")


async def test_what_no_size_means_is_a_setting():
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, removebg_default_size="full")
        assert picture_of(await send(it, LARGE)).size == (1000, 800)
        assert picture_of(await send(it, LARGE, size="preview")).size == (559, 447)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"crop": "true"}, (20, 20)),
        ({"crop": "true", "crop_margin": "5px"}, (30, 30)),
        ({"crop": "true", "crop_margin": "10% 50%"}, (40, 24)),
        ({"crop": "true", "crop_margin": "1px 2px 3px 4px"}, (26, 24)),
        ({"crop": "false", "crop_margin": "5px"}, (80, 40)),
        ({"scale": "100%"}, (80, 40)),
    ],
)
async def test_a_crop_is_as_large_as_its_subject(fields: dict[str, str], size: tuple[int, int]):
    assert picture_of(await answered(**fields)).size == size


@pytest.mark.parametrize(
    ("fields", "box"),
    [
        ({}, BOX),
        ({"position": "original"}, BOX),
        ({"position": "center"}, (30, 10, 50, 30)),
        ({"position": "0%"}, (0, 0, 20, 20)),
        ({"position": "100% 0%"}, (60, 0, 80, 20)),
        ({"scale": "100%"}, (20, 0, 60, 40)),
        ({"scale": "50%", "position": "0% 100%"}, (0, 20, 20, 40)),
        ({"roi": "0% 0% 25% 100%"}, (10, 5, 20, 25)),
        ({"roi": "15px 10px 25px 20px"}, (15, 10, 25, 20)),
    ],
)
async def test_the_subject_lies_where_it_was_asked_for(fields: dict[str, str], box: tuple[int, int, int, int]):
    picture = picture_of(await answered(channels="alpha", **fields))
    assert picture.point(lambda level: 255 if level > 127 else 0).getbbox() == box


async def test_a_picture_in_a_file_lies_behind():
    async with house(backend()) as it:
        files = {"image_file": CAT, "bg_image_file": SKY}
        answer = await it.client.post(DOOR, files=files, data={"format": "png"})
    assert picture_of(answer).convert("RGB").getpixel((79, 39)) == (0, 0, 255)


async def test_an_empty_field_is_none():
    answer = await answered(bg_color="", size="", image_url="", scale="")
    assert picture_of(answer).mode == "RGBA"


async def test_json_holds_the_same_file_and_where_the_subject_is():
    async with house(backend()) as it:
        plain, told = await send(it), await send(it, headers=IN_JSON)
    assert told.headers["Content-Type"] == "application/json; charset=utf-8"
    data = told.json()["data"]
    assert b64decode(data.pop("result_b64")) == plain.content
    assert data == {"foreground_top": 5, "foreground_left": 10, "foreground_width": 20, "foreground_height": 20}
    assert told.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert "hit" in told.headers["Cache-Status"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "image/png"),
        ("image/png", "image/png"),
        ("application/json, text/plain, */*", "image/png"),  # axios, unasked
        ("application/json", "application/json; charset=utf-8"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
    ],
)
async def test_accept_decides_between_the_file_and_json(accept: str, media_type: str):
    async with house(backend()) as it:
        assert (await send(it, headers={"Accept": accept})).headers["Content-Type"] == media_type


async def test_headers_are_those_of_the_contract():
    headers = (await answered(type="person")).headers
    expected = {
        "X-Width": "80",
        "X-Height": "40",
        "X-Max-Width": "80",
        "X-Max-Height": "40",
        "X-Type": "person",
        "X-Foreground-Top": "5",
        "X-Foreground-Left": "10",
        "X-Foreground-Width": "20",
        "X-Foreground-Height": "20",
        "X-Credits-Charged": "0",
        "X-RateLimit-Limit": "500",
        "X-RateLimit-Remaining": "500",
        "Access-Control-Allow-Origin": "*",
    }
    assert {name: headers[name] for name in expected} == expected
    assert headers["X-RateLimit-Reset"].isdecimal()
    assert "Retry-After" not in headers


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "other"),
        ({"type": "product"}, "product"),
        ({"type": "graphic"}, "other"),
        ({"type": "graphic", "type_level": "2"}, "graphics"),
        ({"type": "transportation", "type_level": "latest"}, "transportation"),
        ({"type": "car", "type_level": "none"}, None),
    ],
)
async def test_the_type_is_the_callers_own_hint(fields: dict[str, str], told: str | None):
    assert (await answered(**fields)).headers.get("X-Type") == told


async def test_a_hit_tells_the_same_as_the_miss_before_it():
    async with house(backend()) as it:
        miss, hit = await send(it, size="hd"), await send(it, size="hd")
    assert "detail=rendered" in hit.headers["Cache-Status"]
    assert hit.content == miss.content
    volatile = {"cache-status", "server-timing", "x-request-id", "x-ratelimit-reset"}
    assert {k: v for k, v in hit.headers.items() if k not in volatile} == {
        k: v for k, v in miss.headers.items() if k not in volatile
    }


async def test_the_headers_of_an_answer_are_the_documented_ones():
    documented = openapi()["paths"][DOOR]["post"]["responses"]["200"]["headers"]
    headers = (await answered()).headers
    assert set(headers) - {"content-type", "content-length"} == {name.lower() for name in documented}
