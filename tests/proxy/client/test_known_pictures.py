"""The client against a real server through a line that counts: what a picture costs the second time."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from proxy.client import MASKS, Door, Errand
from tests.proxy.api.house import house
from tests.proxy.api.test_wire import running
from tests.proxy.imaging.pictures import corners, file_of


class Line:
    """Bytes that went up through it."""

    def __init__(self) -> None:
        self.up = 0

    @asynccontextmanager
    async def to(self, address: tuple[str, int]) -> AsyncIterator[str]:
        tasks: set[asyncio.Task[None]] = set()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(*address)
            tasks.update((asyncio.create_task(self._up(reader, back)), asyncio.create_task(_down(there, writer))))

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        try:
            yield "http://{}:{}".format(*server.sockets[0].getsockname())
        finally:
            server.close()
            await asyncio.gather(*tasks)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.up += len(data)
            writer.write(data)
        writer.close()


async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def test_a_picture_that_the_server_knows_is_named_and_not_uploaded(tmp_path: Path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(file_of(corners(), "JPEG") + os.urandom(80_000))
    errand = Errand(photo, tmp_path / "out.png")
    line = Line()
    async with (
        asyncio.timeout(30),
        house() as it,
        running(it.app, "httptools") as address,
        line.to(address) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        first = await Door(client, MASKS).send(errand)
        first_up, mask = line.up, errand.target.read_bytes()
        second = await Door(client, MASKS).send(errand)
    assert (first.trouble, first.found, second.trouble, second.found) == (None, "miss", None, "hit (rendered)")
    assert errand.target.read_bytes() == mask
    assert first_up > 80_000
    assert line.up - first_up < 500
