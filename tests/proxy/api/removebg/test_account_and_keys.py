from dataclasses import replace

import pytest

from proxy.api.keys import Keys
from tests.proxy.api.house import house
from tests.proxy.api.removebg.asking import (
    CAT,
    DOOR,
    backend,
    code_of,
    send,
)


async def test_the_account_is_never_empty():
    async with house() as it:
        answer = await it.client.get("/v1.0/account")
    attributes = answer.json()["data"]["attributes"]
    assert attributes["credits"].keys() == {"subscription", "payg", "enterprise", "total"}
    assert attributes["credits"]["total"] > 0
    assert attributes["api"] == {"free_calls": 0, "sizes": "all"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_an_improvement_is_thanked_for_and_forgotten():
    back = backend()
    async with house(back) as it:
        fields = {"image_filename": "cat.png", "tag": "cats"}
        answer = await it.client.post("/v1.0/improve", files={"image_file": CAT}, data=fields)
        nothing = await it.client.post("/v1.0/improve", data=fields)
    assert len(answer.json()["id"]) == 36
    assert code_of(nothing) == "missing_source"
    assert back.calls == 0


async def test_browsers_may_ask_from_any_page():
    async with house() as it:
        preflight = await it.client.options(DOOR, headers={"Origin": "https://shop.example"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "*" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, {"title": "Missing API Key"}),
        ({"X-API-Key": "wrong"}, {"title": "API Key invalid", "code": "auth_failed"}),
        ({"Authorization": "Bearer wrong"}, {"title": "API Key invalid", "code": "auth_failed"}),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", DOOR), ("GET", "/v1.0/account"), ("POST", "/v1.0/improve")])
async def test_a_wrong_key_is_a_403(method: str, path: str, headers: dict[str, str], told: dict[str, str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        answer = await it.client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"errors": [told]})


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "a key of this server"}, {"Authorization": "Bearer a key of this server"}]
)
async def test_a_key_of_this_server_opens_the_door(headers: dict[str, str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        assert (await send(it, headers=headers)).status_code == 200
        assert (await it.client.options(DOOR)).status_code == 204  # nobody has a key yet


async def test_any_key_opens_a_door_that_asks_for_none():
    async with house(backend()) as it:
        assert (await send(it, headers={"X-API-Key": "any"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "members"),
    [
        ("/api/remove", 401, {"detail"}),
        ("/v1/segment", 403, {"detail", "status_code", "type"}),
        ("/remove-background/v1", 401, {"error"}),
    ],
)
async def test_other_dialects_ask_for_keys_in_their_own_shape(path: str, status: int, members: set[str]):
    async with house(backend()) as it:
        it.app.state.service = replace(it.app.state.service, keys=Keys(["a key of this server"]))
        answer = await it.client.post(path, headers={"X-API-Key": "wrong"})
    assert (answer.status_code, answer.json().keys()) == (status, members)
