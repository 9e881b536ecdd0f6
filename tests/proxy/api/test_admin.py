import pytest

from tests.proxy.api.house import house

TOKEN = "sixteen-letters-and-more"
DIGEST = "a" * 64
DOORS = [("GET", "/admin/cache"), ("DELETE", "/admin/cache"), ("DELETE", f"/v1/masks/{DIGEST}")]


async def ask(method: str, path: str, given: str | None, token: str | None = TOKEN):
    headers = {} if given is None else {"authorization": given}
    async with house(admin_token=token) as it:
        return await it.client.request(method, path, headers=headers)


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_without_a_token_set_there_is_no_such_door(method: str, path: str):
    assert (await ask(method, path, f"Bearer {TOKEN}", token=None)).status_code == 404


@pytest.mark.parametrize("given", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer "])
@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_a_wrong_token_opens_nothing(method: str, path: str, given: str | None):
    answer = await ask(method, path, given)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["type"] == "/problems/unauthorised"


async def test_the_contents_are_told():
    answer = await ask("GET", "/admin/cache", f"Bearer {TOKEN}")
    assert answer.json() == {
        "idle_ttl_s": 1800.0,
        "memory": {"entries": 0, "bytes": 0, "idle_s": None, "hit_ratio": None},
        "redis": None,
    }


@pytest.mark.parametrize("path", ["/admin/cache", "/admin/cache?model=small-00000000"])
async def test_a_purge_tells_how_much_is_gone(path: str):
    answer = await ask("DELETE", path, f"Bearer {TOKEN}")
    assert (answer.status_code, answer.json()) == (200, {"memory": 0, "redis": None})


async def test_a_version_that_cannot_be_one_purges_nothing():
    assert (await ask("DELETE", "/admin/cache?model=*", f"Bearer {TOKEN}")).status_code == 422


async def test_an_image_that_is_forgotten_is_no_content():
    answer = await ask("DELETE", f"/v1/masks/{DIGEST}", f"Bearer {TOKEN}")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_what_is_no_digest_is_refused():
    assert (await ask("DELETE", "/v1/masks/abc", f"Bearer {TOKEN}")).status_code == 422
