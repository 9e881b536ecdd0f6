"""What a client of the door sends, and what it makes of the answer."""

import io
from dataclasses import replace

import httpx
from fastapi import FastAPI
from PIL import Image as Pillow

from proxy.errors import (
    RematteError,
)
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.support.fakes import FakeBackend

DOOR = "/v1.0/removebg"
CAT = file_of(corners(80, 40), "PNG")
LARGE = file_of(corners(1000, 800), "JPEG")  # 0.8 megapixels
SKY = file_of(Pillow.new("RGB", (16, 16), "blue"), "PNG")
IN_JSON = {"Accept": "application/json"}
BOX = (10, 5, 30, 25)


def subject(size: tuple[int, int] = (80, 40), box: tuple[int, int, int, int] = BOX) -> bytes:
    """A mask of one rectangle."""
    mask = Pillow.new("L", size)
    mask.paste(255, box)
    return file_of(mask, "PNG")


def backend() -> FakeBackend:
    return FakeBackend(mask=subject())


async def send(it: House, picture: bytes = CAT, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    return await it.client.post(DOOR, files={"image_file": picture}, data=fields, headers=headers)


async def answered(picture: bytes = CAT, **fields: str) -> httpx.Response:
    async with house(backend()) as it:
        return await send(it, picture, **fields)


def picture_of(answer: httpx.Response) -> Pillow.Image:
    assert answer.status_code == 200, answer.text
    return Pillow.open(io.BytesIO(answer.content))


def code_of(answer: httpx.Response) -> str:
    """Of an error as remove.bg tells it."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (error,) = answer.json()["errors"]
    assert error["title"]
    return str(error.get("code", ""))


class Fetcher:
    """Gives the same bytes for every address, or fails."""

    def __init__(self, given: bytes | RematteError) -> None:
        self.asked: list[str] = []
        self._given = given

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if isinstance(self._given, RematteError):
            raise self._given
        return self._given


def fetching(app: FastAPI, given: bytes | RematteError) -> Fetcher:
    fetcher = Fetcher(given)
    app.state.service = replace(app.state.service, fetcher=fetcher)
    return fetcher
