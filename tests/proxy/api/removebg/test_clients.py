"""remove.bg's clients against a served socket: the package from PyPI, and requests in the very shape of others'."""

import asyncio
import io
import json
import shutil
import subprocess
import zipfile
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import removebg.removebg
from PIL import Image as Pillow
from removebg import RemoveBg

from tests.proxy.api.house import house
from tests.proxy.api.removebg.asking import CAT, backend, fetching
from tests.proxy.api.test_wire import running
from tests.support.fakes import FakeBackend


@asynccontextmanager
async def served(back: FakeBackend) -> AsyncIterator[str]:
    async with house(back) as it, running(it.app, "httptools") as (host, port):
        fetching(it.app, CAT)
        yield f"http://{host}:{port}"


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(CAT)
    return path


async def test_the_package_from_pypi_works_but_for_its_host(cat: Path, tmp_path: Path, monkeypatch):
    client = RemoveBg("any key", str(tmp_path / "errors.log"))
    back = backend()
    async with served(back) as url:
        # the only way that the package has of being told
        monkeypatch.setattr(removebg.removebg, "API_ENDPOINT", f"{url}/v1.0/removebg")
        await asyncio.to_thread(client.remove_background_from_img_file, str(cat))
        encoded, fetched = tmp_path / "encoded.png", tmp_path / "fetched.jpg"
        await asyncio.to_thread(
            client.remove_background_from_base64_img, b64encode(CAT).decode(), new_file_name=str(encoded)
        )
        await asyncio.to_thread(
            client.remove_background_from_img_url,
            "https://images.example/cat.png",
            "full",
            str(fetched),
            "81d4fa",
        )
    with Pillow.open(f"{cat}_no_bg.png") as cutout, Pillow.open(encoded) as again, Pillow.open(fetched) as flat:
        assert (cutout.mode, cutout.size) == ("RGBA", (80, 40))
        assert again.tobytes() == cutout.tobytes()
        assert flat.format == "JPEG"
    assert back.calls == 1  # whichever way the picture came


# What npm's remove.bg 1.3.0 was seen to send, but for the picture.
NPM_HEADERS = {"X-Api-Key": "k", "Accept": "application/json"}
NPM_OPTIONS = {"size": "preview", "type": "auto", "crop": False}
NPM_FIELDS = {"size": "regular", "type": "auto", "crop": "false"}


def as_npm_sends_base64() -> httpx.Request:
    body = NPM_OPTIONS | {"bg_color": "fff", "image_file_b64": b64encode(CAT).decode()}
    return httpx.Request("POST", "/v1.0/removebg", headers=NPM_HEADERS, json=body)


def as_npm_sends_a_url() -> httpx.Request:
    body = NPM_OPTIONS | {"image_url": "https://images.example/cat.png"}
    return httpx.Request("POST", "/v1.0/removebg", headers=NPM_HEADERS, json=body)


def as_npm_sends_a_file() -> httpx.Request:
    files = {"image_file": ("cat.jpg", CAT, "image/jpeg")}
    return httpx.Request("POST", "/v1.0/removebg", headers=NPM_HEADERS, data=NPM_FIELDS, files=files)


@pytest.mark.parametrize("request_", [as_npm_sends_base64(), as_npm_sends_a_url(), as_npm_sends_a_file()])
async def test_the_package_from_npm_finds_what_it_reads(request_: httpx.Request):
    async with served(backend()) as url, httpx.AsyncClient(base_url=url) as client:
        headers = dict(request_.headers) | {"host": "api.remove.bg"}
        answer = await client.post(request_.url.path, content=request_.read(), headers=headers)
    assert answer.status_code == 200
    assert Pillow.open(io.BytesIO(b64decode(json.loads(answer.content)["data"]["result_b64"]))).size == (80, 40)
    read = ("x-credits-charged", "x-type", "x-width", "x-height", "x-ratelimit-limit", "x-ratelimit-remaining")
    assert all(answer.headers[name] for name in (*read, "x-ratelimit-reset"))


# Its address is a constant, so what it posts with is told where to go instead.
NPM_CALLS = """
const unirest = require("unirest"), client = require("remove.bg"), fs = require("fs");
const [server, path] = process.argv.slice(1), post = unirest.post;
unirest.post = url => post(url.replace("https://api.remove.bg", server));
const base64img = fs.readFileSync(path).toString("base64");
Promise.all([
  client.removeBackgroundFromImageFile({path, apiKey: "k", size: "regular", type: "person"}),
  client.removeBackgroundFromImageBase64({base64img, apiKey: "k", bg_color: "81d4fa"}),
  client.removeBackgroundFromImageUrl({url: "https://images.example/cat.png", apiKey: "k"}),
  client.removeBackgroundFromImageUrl({apiKey: "k"}).catch(errors => errors),
]).then(answers => console.log(JSON.stringify(answers)));
"""


def has_npms_package() -> bool:
    """Where `NODE_PATH` names the folder `node_modules` that `npm install remove.bg@1.3.0` made."""
    node = shutil.which("node")
    return node is not None and not subprocess.run([node, "-e", "require('remove.bg')"], capture_output=True).returncode


@pytest.mark.skipif(not has_npms_package(), reason="npm's remove.bg is not installed (NODE_PATH)")
async def test_the_package_from_npm_works_but_for_its_host(cat: Path):
    back = backend()
    async with served(back) as url:
        node = await asyncio.create_subprocess_exec(
            "node", "-e", NPM_CALLS, url, str(cat), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await node.communicate()
    *answers, errors = json.loads(printed)
    pictures = [Pillow.open(io.BytesIO(b64decode(answer["base64img"]))) for answer in answers]
    assert [picture.format for picture in pictures] == ["PNG", "JPEG", "PNG"]
    assert {answer["resultWidth"] for answer in answers} == {"80"}
    assert answers[0]["detectedType"] == "person"
    assert errors[0]["title"] == "No image given"
    assert back.calls == 1


async def test_the_gem_upgrades_png_to_zip_and_puts_it_together():
    """It sends `size=auto` and `format=zip`, and reads both files and these header fields."""
    files = {"image_file": ("cat.png", CAT, "image/png")}
    async with served(backend()) as url, httpx.AsyncClient(base_url=url) as client:
        headers = {"X-Api-Key": "k", "Accept": "*/*", "User-Agent": "remove-bg-ruby-2.0.0"}
        fields = {"size": "auto", "format": "zip"}
        answer = await client.post("/v1.0/removebg", headers=headers, files=files, data=fields)
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        colour, alpha = (Pillow.open(archive.open(name)) for name in ("color.jpg", "alpha.png"))
    assert colour.size == alpha.size == (80, 40)
    assert float(answer.headers["X-Credits-Charged"]) == 0
    assert [int(answer.headers[name]) for name in ("X-Width", "X-Height")] == [80, 40]


async def test_the_gem_reads_the_account():
    async with served(backend()) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/v1.0/account", headers={"X-Api-Key": "k"})
    assert answer.json()["data"]["attributes"]["credits"]["total"] == 1_000_000.0


async def test_a_client_that_shows_the_first_errors_title_shows_what_is_wrong():
    async with served(backend()) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/v1.0/removebg", data={"size": "auto"})
    assert answer.json()["errors"][0]["title"] == "No image given"


async def test_one_picture_through_several_doors_is_one_inference():
    back = backend()
    async with served(back) as url, httpx.AsyncClient(base_url=url) as client:
        answers = [
            await client.post("/v1.0/removebg", files={"image_file": CAT}),
            await client.post("/v1.0/removebg", json={"image_url": "https://images.example/cat.png"}),
            await client.post("/api/remove", files={"file": CAT}),
            await client.post("/v1/segment", files={"image_file": CAT}),
            await client.post("/remove-background/v1", files={"image_file": CAT}),
            await client.post("/v1/mask", content=CAT, headers={"Content-Type": "image/png"}),
        ]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert back.calls == 1
