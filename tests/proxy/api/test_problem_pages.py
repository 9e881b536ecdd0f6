from collections.abc import Iterator

from proxy.errors import RematteError
from tests.proxy.api.house import house


def tree(kind: type[RematteError]) -> Iterator[type[RematteError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


async def test_every_type_of_problem_leads_to_a_page_about_it():
    async with house() as it:
        for error in tree(RematteError):
            page = await it.client.get(f"/problems/{error.kind}")
            assert page.status_code == 200
            assert error.title in page.text
            assert f"status {error.status}" in page.text


async def test_one_page_lists_them_all():
    async with house() as it:
        page = await it.client.get("/problems")
    assert page.headers["Content-Type"].startswith("text/html")
    assert all(error.title in page.text for error in tree(RematteError))


async def test_a_page_says_when_to_come_back():
    async with house() as it:
        assert "after 5 seconds" in (await it.client.get("/problems/overloaded")).text
        assert "after" not in (await it.client.get("/problems/bad-image")).text


async def test_code_is_marked_as_code():
    async with house() as it:
        page = await it.client.get("/problems/upload-too-large")
    assert "<code>REMATTE_MAX_IMAGE_BYTES</code>" in page.text


async def test_a_kind_that_there_is_not_is_a_problem_itself():
    async with house() as it:
        answer = await it.client.get("/problems/<b>")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
