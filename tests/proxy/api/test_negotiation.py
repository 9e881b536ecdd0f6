from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api.negotiation import choose, is_plain
from proxy.errors import NotAcceptable
from tests.proxy.api.house import house
from tests.support.fakes import grey_png

FORMATS = {
    "png": "image/png",
    "webp": "image/webp",
    "coco": "application/json",
    "labelme": "application/json",
    "zip": "application/zip",
}


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "image/*", "image/png", "IMAGE/PNG", "image/webp;q=0.9, image/png", "*/*;q=0.1", "image/webp, image/*"],
)
def test_a_caller_who_likes_ours_as_well_as_any_gets_our_favourite(accept: str):
    assert choose(FORMATS, accept) == "png"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("image/webp", "webp"),
        ("image/png;q=0.5, image/webp;q=0.6", "webp"),
        ("image/avif, image/webp, */*;q=0.8", "webp"),
        ("image/png;q=0, image/*", "webp"),
        ("*/*, image/*;q=0", "coco"),
        ("application/*", "coco"),
        ("application/json", "coco"),
        ('application/json; format="labelme"', "labelme"),
        ("application/json, application/json;format=coco;q=0.1", "labelme"),
        ("text/html, application/zip;q=0.001", "zip"),
    ],
)
def test_otherwise_what_the_caller_likes_best(accept: str, name: str):
    assert choose(FORMATS, accept) == name


def test_what_browsers_say_of_pictures_and_java_of_anything():
    chrome = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    java = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
    assert {choose(FORMATS, accept) for accept in (chrome, java)} == {"png"}


@pytest.mark.parametrize("accept", ["text/html", "image/gif, image/tiff", "*/*;q=0", "image/png;level=9"])
def test_who_likes_nothing_is_told_what_there_is(accept: str):
    with pytest.raises(NotAcceptable, match=r"image/png \(`format=png`\), image/webp \(`format=webp`\)"):
        choose(FORMATS, accept)


def test_what_is_named_is_not_asked_about():
    assert choose(FORMATS, "text/html", "zip") == "zip"


@pytest.mark.parametrize("accept", [",", "nonsense", ";;;", "/", "image/"])
def test_nonsense_likes_everything(accept: str):
    assert choose(FORMATS, accept) == "png"


@given(st.text('imageptn/gw*,;=q0.15"\\ ', max_size=60))
def test_no_field_is_more_than_we_can_take(accept: str):
    with suppress(NotAcceptable):
        assert choose(FORMATS, accept) in FORMATS


def test_a_field_of_nothing_but_quotes_is_read_in_linear_time():
    assert choose(FORMATS, '"\\' * 30_000) == "png"


@pytest.mark.parametrize(("accept", "plain"), [("*/*", True), ("image/*", True), ("image/webp", False)])
def test_what_hits_are_asked_with_is_told_at_a_glance(accept: str, plain: bool):
    assert is_plain({"accept": accept}) is plain
    assert is_plain({})


async def test_a_door_without_the_wanted_format_says_what_it_has():
    async with house() as it:
        answer = await it.client.post(
            "/v1/mask", content=grey_png(), headers={"content-type": "image/png", "accept": "text/html"}
        )
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/not-acceptable")
    assert "image/png" in answer.json()["detail"]


@pytest.mark.parametrize("door", ["mask", "cutout"])
async def test_every_answer_says_that_it_depends_on_what_was_accepted(door: str):
    async with house() as it:
        sent = await it.client.post(f"/v1/{door}", content=grey_png(), headers={"content-type": "image/png"})
        url = f"/v1/{door}s/{sent.headers['x-image-digest']}"
        kept = await it.client.get(url)
        same = await it.client.get(url, headers={"if-none-match": kept.headers["etag"]})
        none = await it.client.get(url, headers={"accept": "text/html"})
    assert [answer.headers["vary"] for answer in (sent, kept, same)] == ["Accept"] * 3
    assert none.status_code == 406
