import re

import pytest

from tests.proxy.api.house import house


@pytest.mark.parametrize("path", ["/livez", "/nowhere"])
async def test_a_callers_name_for_a_request_is_kept(path: str):
    async with house() as it:
        answer = await it.client.get(path, headers={"X-Request-Id": "Job_7.retry~2-b"})
    assert answer.headers["X-Request-Id"] == "Job_7.retry~2-b"


@pytest.mark.parametrize("given", ["", "two words", "x" * 65, "<script>", "a\tb"])
async def test_a_name_that_could_do_harm_is_replaced(given: str):
    async with house() as it:
        answer = await it.client.get("/livez", headers={"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])


async def test_every_request_without_a_name_gets_its_own():
    async with house() as it:
        names = {(await it.client.get("/livez")).headers["X-Request-Id"] for _ in range(20)}
    assert len(names) == 20
