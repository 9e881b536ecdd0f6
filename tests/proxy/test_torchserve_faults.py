"""A TorchServe that fails over a real connection: what the caller is told, and how often it was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from benchmarks.ailing import FAULTS, Ailing, ailing, ails
from proxy.app import build_app
from proxy.settings import Settings
from tests.support.pictures import picture

REQUESTS = 100
SOON_S = 0.2
HANGING = 2
"""As many as the window lets in: one worker, one image at its door."""


@pytest.fixture
async def torchserve() -> AsyncIterator[Ailing]:
    async with ailing() as it:
        yield it


@asynccontextmanager
async def proxy(torchserve: Ailing, **settings: float) -> AsyncIterator[httpx.AsyncClient]:
    url = f"http://127.0.0.1:{torchserve.port}"
    app = build_app(Settings(torchserve_url=url, torchserve_management_url=url, **settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rematte") as client,
    ):
        yield client
        torchserve.let_go()


async def mask(client: httpx.AsyncClient, image: bytes) -> httpx.Response:
    return await client.post("/v1/mask", content=image, headers={"content-type": "image/jpeg"})


def is_as_documented(answer: httpx.Response, name: str) -> bool:
    fault = FAULTS[name]
    problem = answer.json()["type"].removeprefix("/problems/") if answer.is_error else ""
    return (answer.status_code, problem) == (fault.status, fault.problem)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in ("hang", "slow")])
async def test_a_fault_has_its_status_and_costs_hardly_a_call_more(torchserve, name):
    async with proxy(torchserve) as client:
        for number in range(REQUESTS):
            answer = await mask(client, ails(picture(40 + number, 30), name))
            assert is_as_documented(answer, name), answer.text
    assert REQUESTS <= torchserve.calls[name] <= 1.1 * REQUESTS


async def test_a_slow_one_is_waited_for(torchserve):
    async with proxy(torchserve) as client:
        assert is_as_documented(await mask(client, ails(picture(40, 30), "slow")), "slow")
    assert torchserve.calls["slow"] == 1


async def test_one_that_hangs_is_not_asked_again(torchserve):
    async with proxy(torchserve, deadline_s=SOON_S) as client:
        for number in range(HANGING):
            assert is_as_documented(await mask(client, ails(picture(40 + number, 30), "hang")), "hang")
        assert torchserve.calls["hang"] == HANGING


async def test_what_is_kept_is_served_whatever_fails(torchserve):
    known = picture(40, 30)
    async with proxy(torchserve, deadline_s=SOON_S) as client:
        await mask(client, known)
        for number in range(HANGING):
            await mask(client, ails(picture(40 + number, 30), "hang"))
        assert (await mask(client, known)).status_code == 200
