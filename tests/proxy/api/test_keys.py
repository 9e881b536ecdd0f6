import logging

import pytest

from proxy.api.keys import Keys, key_of
from tests.proxy.api.house import house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import FakeBackend

JPEG = {"Content-Type": "image/jpeg"}
CAT = file_of(corners(48, 32), "JPEG")
ONE, TWO = "the-first-key-0001", "the-other-key-0002"
KEYS = Keys([ONE, TWO])
DIGEST = 64 * "0"
OPEN_DOORS = {"GET /livez", "GET /metrics", "GET /readyz", "GET /x-anylabeling/health"}


def test_where_there_are_no_keys_everybody_is_let_in():
    assert not Keys()
    assert Keys().admit(None)
    assert Keys().admit("anything")


@pytest.mark.parametrize("key", [ONE, TWO])
def test_each_of_the_keys_lets_in(key: str):
    assert KEYS.admit(key)


@pytest.mark.parametrize("key", [None, "", ONE[:-1], ONE + "1", ONE.upper(), "\xff" * 20])
def test_nothing_else_does(key: str | None):
    assert not KEYS.admit(key)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, None),
        ({"x-api-key": " a "}, "a"),
        ({"authorization": "Bearer a"}, "a"),
        ({"authorization": "bearer  a"}, "a"),
        ({"authorization": "Basic a"}, None),
        ({"authorization": "Bearer"}, ""),
        ({"x-api-key": "a", "authorization": "Bearer b"}, "a"),
    ],
)
def test_a_key_comes_in_either_header(fields: dict[str, str], key: str | None):
    assert key_of(fields) == key


@pytest.mark.parametrize("path", ["/v1/mask", "/v1/cutout", "/v1/mask?size=model", "/v1/mask?size=huge"])
@pytest.mark.parametrize("given", [{}, {"X-API-Key": "hunter2"}, {"Authorization": "Bearer hunter2"}])
async def test_without_a_key_no_picture_is_worked_on(
    path: str, given: dict[str, str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    backend = FakeBackend()
    async with house(backend, keys=KEYS) as it:
        answer = await it.client.post(path, content=CAT, headers=JPEG | given)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unknown-key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert backend.calls == 0
    assert "hunter2" not in answer.text + caplog.text


@pytest.mark.parametrize("path", [f"/v1/masks/{DIGEST}", f"/v1/cutouts/{DIGEST}", f"/v1/masks/{DIGEST}?size=model"])
async def test_without_a_key_nothing_kept_is_given(path: str):
    async with house(keys=KEYS) as it:
        assert (await it.client.get(path)).status_code == 401
        assert (await it.client.get(path, headers={"X-API-Key": TWO})).status_code == 404


@pytest.mark.parametrize("given", [{"X-API-Key": ONE}, {"Authorization": f"Bearer {TWO}"}])
@pytest.mark.parametrize("path", ["/v1/mask", "/v1/cutout?"])
async def test_with_a_key_all_is_as_usual(path: str, given: dict[str, str]):
    async with house(keys=KEYS) as it:
        assert (await it.client.post(path, content=CAT, headers=JPEG | given)).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/problems"])
async def test_who_watches_needs_none(path: str):
    async with house(keys=KEYS) as it:
        assert (await it.client.get(path)).status_code == 200


async def test_every_other_door_is_closed_to_whoever_has_none():
    """A door that is built tomorrow must ask for a key too, or be named here."""
    async with house(keys=KEYS, admin_token="the-admins-own-token") as it:
        open_doors = {
            f"{method.upper()} {path}"
            for path, operations in it.app.openapi()["paths"].items()
            for method in operations
            if (await it.client.request(method, path)).status_code not in (401, 403)
        }
    assert open_doors == OPEN_DOORS


async def test_administration_has_its_own_token_and_takes_no_key():
    async with house(keys=KEYS, admin_token="the-admins-own-token") as it:
        asked = [
            await it.client.delete(f"/v1/masks/{DIGEST}", headers={"Authorization": f"Bearer {token}"})
            for token in (ONE, "the-admins-own-token")
        ]
    assert [answer.status_code for answer in asked] == [401, 204]
