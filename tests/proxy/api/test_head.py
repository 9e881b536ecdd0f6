import pytest

from tests.proxy.api.house import house


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/redoc", "/problems", "/static/docs.js"])
async def test_head_is_get_without_the_body(path: str):
    async with house() as it:
        head, get = await it.client.head(path), await it.client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.content))


async def test_where_there_is_no_get_there_is_no_head():
    async with house() as it:
        answer = await it.client.head("/v1/mask")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
