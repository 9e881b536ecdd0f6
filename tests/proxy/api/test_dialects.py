"""What all doors for other servers' clients have in common."""

import random
from typing import Any

import pytest

from tests.proxy.api.house import House, house
from tests.proxy.api.removebg.asking import CAT, backend, fetching
from tests.support.fakes import DictCache

REMOVEBG = (
    "size type type_level format roi crop crop_margin scale position channels bg_color bg_image_url add_shadow "
    "shadow_type shadow_opacity semitransparency image_url image_file_b64"
)
DOORS = {
    "/v1.0/removebg": ("image_file", REMOVEBG.split()),
    "/v1.0/improve": ("image_file", ["tag"]),
    "/api/remove": ("file", ["om", "ppm", "bgc", "a", "model"]),
    "/v1/segment": ("image_file", ["format", "channels", "size", "crop", "bg_color", "despill"]),
    "/remove-background/v1": ("image_file", ["transparency_handling"]),
}
TEXTS = [
    *(
        "",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1e309",
        "nan",
        "inf",
        "\0",
        "ü",
        "٣",
        "%",
        "px",
        "10%",
        "50px",
        "100% 0%",
        "auto",
    ),
    *(
        "0 0 1px 1px",
        "0% 0% 100% 100%",
        "10% 10% 10px 10px",
        "original",
        "center",
        "50% 50%",
        "none",
        "alpha",
        "rgba",
        "zip",
    ),
    *(
        "png",
        "jpg",
        "webp",
        "full",
        "50MP",
        "car",
        "latest",
        "white",
        "f00",
        "ffffff80",
        "0,0,0,0",
        "999,0,0,0",
        "http://x/",
    ),
    *("discard_alpha_layer", "A" * 5000, "data:;base64,aGk="),
]
ACCEPTS = ["*/*", "application/json", "image/jpeg", "text/html", "", ";;;,,,q"]


def something(chance: random.Random, path: str) -> dict[str, Any]:
    """A request that a client may send by mistake."""
    file, fields = DOORS[path]
    said = {name: chance.choice(TEXTS) for name in chance.sample(fields, min(len(fields), chance.randint(0, 4)))}
    headers = {"Accept": chance.choice(ACCEPTS)}
    if chance.random() < 0.15:
        kind = chance.choice(
            ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "multipart/form-data"]
        )
        return {"content": chance.choice([b"", b"{", b"[]", b"--x", CAT]), "headers": headers | {"Content-Type": kind}}
    if chance.random() < 0.15:
        return {"json": said, "headers": headers}
    pictures = [CAT, CAT, CAT, CAT[:50], b"", b"no picture"]
    files = {name: chance.choice(pictures) for name in {file, chance.choice(["bg_image_file", file])}}
    return {"files": files, "data": said, "headers": headers}


@pytest.mark.parametrize("path", DOORS)
async def test_whatever_is_sent_the_answer_is_none_of_the_servers_faults(path: str):
    chance = random.Random(path)
    async with house(backend()) as it:
        fetching(it.app, CAT)
        for _ in range(60):
            request = something(chance, path)
            answer = await it.client.post(path, **request)
            assert answer.status_code < 500, (answer.text, request)
            assert "problem" not in answer.headers.get("Content-Type", "")


async def through_every_door(it: House) -> list[tuple[int, str]]:
    files = {name: {name: ("cat.png", CAT)} for name in ("image_file", "file")}
    answers = [
        await it.client.post(path, files=files[file]) for path, (file, _) in DOORS.items() if path != "/v1.0/improve"
    ]
    answers.append(await it.client.post("/v1/cutout", content=CAT, headers={"Content-Type": "image/png"}))
    return [(answer.status_code, answer.headers["Cache-Status"]) for answer in answers]


async def test_one_picture_through_every_door_is_one_inference():
    back = backend()
    async with house(back, DictCache(near=True)) as it:
        first, *others = await through_every_door(it)
        again = await through_every_door(it)
    assert first == (200, "rematte; fwd=miss; stored")
    assert all(status == 200 and "; hit;" in told for status, told in others)
    assert all(status == 200 and "detail=rendered" in told for status, told in again)
    assert back.calls == 1
