"""A TorchServe that is none: the whole house speaks to it through httpx's own seam."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from proxy.app import build_app
from proxy.settings import Settings
from tests.support.fakes import grey_png

VERSION = "small-1"


class FakeTorchServe:
    """Answers images while its gate is open; fails on those it is told to."""

    def __init__(self, mask_of: Callable[[bytes], bytes] = lambda _image: grey_png(), batch_size: int = 1) -> None:
        self._mask_of = mask_of
        self._batch_size = batch_size
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.breaks_on: set[bytes] = set()
        self.requests: list[httpx.Request] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[self._description()])
        self.requests.append(request)
        image = await request.aread()
        self.arrived.set()
        await self.gate.wait()
        if image in self.breaks_on:
            return httpx.Response(500, json={"code": 500, "type": "InternalServerException", "message": "oops"})
        headers = {"content-type": "image/png", "x-mask-confidence": "0.75", "x-model-version": VERSION}
        return httpx.Response(200, content=self._mask_of(image), headers=headers)

    def _description(self) -> dict[str, object]:
        workers = [{"id": "9000", "status": "READY"}]
        return {
            "modelName": "inspyrenet",
            "modelVersion": VERSION,
            "batchSize": self._batch_size,
            "workers": workers,
        }


@asynccontextmanager
async def open_house(
    torchserve: FakeTorchServe, settings: Settings
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application as `app.py` builds it, opened, and a caller in front of its doors."""
    app = build_app(settings, transport=httpx.MockTransport(torchserve.answer))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://rematte", timeout=60) as client,
    ):
        yield app, client
