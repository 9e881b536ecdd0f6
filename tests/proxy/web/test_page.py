import re
from itertools import pairwise
from pathlib import Path

import pytest

from proxy.settings import Settings
from proxy.web.page import HERE
from tests.support.fake_torchserve import FakeTorchServe, open_house
from tests.support.pictures import picture

STATIC = HERE / "static"
VENDORED = {"htmx.min.js"}
OURS = [
    *(HERE / "templates").glob("*.html"),
    *(file for kind in ("*.js", "*.css") for file in STATIC.glob(kind) if file.name not in VENDORED),
]
JPEG = {"content-type": "image/jpeg"}
NAMESPACE = "http://www.w3.org/2000/svg"


async def fetched(path: str, **settings):
    async with open_house(FakeTorchServe(), Settings(**settings)) as (_, client):
        return await client.get(path)


async def test_the_front_door_is_the_page():
    answer = await fetched("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Choose pictures" in answer.text


@pytest.mark.parametrize("path", ["/", "/page/ledger", "/page/static/page.js"])
async def test_where_keys_are_asked_for_the_page_itself_is_there_to_ask_for_one(path: str):
    assert (await fetched(path, api_keys=("sixteen-letters-and-more",))).status_code == 200


@pytest.mark.parametrize(("token", "said"), [(None, False), ("sixteen-letters-and-more", True)])
async def test_administration_is_spoken_of_where_there_is_one(token: str | None, said: bool):
    assert ("docs#/administration" in (await fetched("/", admin_token=token)).text) is said


async def test_the_page_leads_to_the_docs():
    html = (await fetched("/")).text
    assert {"docs", "redoc"} <= set(re.findall(r'href="([^"]*)"', html))


@pytest.mark.parametrize("path", ["/", "/page/ledger"])
async def test_the_browser_is_told_to_load_from_nowhere_else_and_to_run_nothing_inline(path: str):
    policy = (await fetched(path)).headers["content-security-policy"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert not re.search(r"unsafe|https?:|\*", policy)


@pytest.mark.parametrize("path", ["/", "/page/ledger"])
async def test_nothing_in_the_markup_needs_more_than_that_policy(path: str):
    html = (await fetched(path)).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html)


async def test_whatever_the_page_loads_or_links_to_is_served_here():
    async with open_house(FakeTorchServe(), Settings()) as (_, client):
        html = (await client.get("/")).text
        for address in re.findall(r'\s(?:src|href|hx-get)="([^"]*)"', html):
            assert not re.match(r"[a-z]+:|/", address), "an absolute address breaks behind a prefix, or offline"
            assert (await client.get(f"/{address}")).status_code == 200, address


@pytest.mark.parametrize("file", [file for file in OURS if file.suffix in {".js", ".css"}], ids=lambda file: file.name)
def test_what_our_files_load_lies_beside_them(file: Path):
    for address in re.findall(r'(?:from |url\()"([^"]*)"', file.read_text()):
        assert (STATIC / address).is_file()


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_our_own_files_know_no_other_server(file: Path):
    assert not re.search(r"\b[a-z]+://", file.read_text().replace(NAMESPACE, ""))


def test_every_file_is_named_in_the_table_of_licences():
    table = (STATIC / "README.md").read_text()
    ours = {file.name for file in OURS} | {"README.md"}
    assert [file.name for file in STATIC.iterdir() if file.name not in ours and f"`{file.name}`" not in table] == []


def test_the_example_is_light():
    assert sum(file.stat().st_size for file in STATIC.glob("example*")) < 150_000


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("page.js", "text/javascript"),
        ("page.css", "text/css"),
        ("htmx.min.js", "text/javascript"),
        ("example.jpg", "image/jpeg"),
        ("example-cutout.webp", "image/webp"),
    ],
)
async def test_files_have_types_that_browsers_accept(file: str, media_type: str):
    answer = await fetched(f"/page/static/{file}")
    assert answer.headers["content-type"].partition(";")[0] == media_type


async def test_after_an_update_no_old_script_meets_a_new_one():
    async with open_house(FakeTorchServe(), Settings()) as (_, client):
        script = await client.get("/page/static/page.js")
        again = await client.get("/page/static/page.js", headers={"if-none-match": script.headers["etag"]})
    assert script.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


async def test_nothing_but_the_static_files_can_be_fetched():
    assert (await fetched("/page/static/%2e%2e/page.py")).status_code == 404


async def test_the_page_is_no_part_of_the_api():
    paths = (await fetched("/openapi.json")).json()["paths"]
    assert not [path for path in paths if path == "/" or path.startswith("/page")]


async def test_the_page_says_how_large_a_picture_may_be():
    html = (await fetched("/", max_image_bytes=2_500_000)).text
    assert 'data-max-bytes="2500000"' in html
    assert "Up to 2.5 MB each." in html


async def test_the_page_admits_that_the_shipped_weights_are_small():
    assert "demonstration model" in (await fetched("/")).text


def told(html: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", html))


async def test_before_anything_was_asked_the_ledger_says_so():
    assert told((await fetched("/page/ledger")).text) == {
        "Answers from the cache": "none asked for yet",
        "Held in memory": "0 entries, 0 bytes",
        "Redis": "none",
        "Kept unread for": "30 minutes",
        "Model": "small-1",
    }


async def test_the_ledger_counts_answers_by_upload_and_by_digest_alike():
    async with open_house(FakeTorchServe(), Settings()) as (_, client):
        for _ in range(2):
            sent = await client.post("/v1/cutout", content=picture(40, 30), headers=JPEG)
        await client.get(f"/v1/cutouts/{sent.headers['x-image-digest']}")
        await client.get(f"/v1/cutouts/{'0' * 64}")
        ledger = told((await client.get("/page/ledger")).text)
    assert ledger["Answers from the cache"] == "2 of 3"
    assert ledger["Held in memory"].startswith("2 entries, "), "the mask and the cutout"


async def test_the_ledger_tells_of_a_redis_and_of_what_is_away(redis_server):
    torchserve = FakeTorchServe()
    async with open_house(torchserve, Settings(redis_url=redis_server.url)) as (_, client):
        assert told((await client.get("/page/ledger")).text)["Redis"] == "shared with other replicas"
        redis_server.kill()
        await client.post("/v1/cutout", content=picture(40, 30), headers=JPEG)
        assert 'class="trouble">Redis is away' in (await client.get("/page/ledger")).text


async def test_the_ledger_tells_nothing_of_an_image():
    async with open_house(FakeTorchServe(), Settings()) as (_, client):
        sent = await client.post("/v1/cutout", content=picture(40, 30), headers=JPEG)
        html = (await client.get("/page/ledger")).text
    assert sent.headers["x-image-digest"] not in html
    assert not re.search("[0-9a-f]{16}", html)


def palette(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))


def luminance(colour: str) -> float:
    """Relative (WCAG 2.2)."""
    channels = (int(colour[at:to], 16) / 255 for at, to in pairwise((1, 3, 5, 7)))
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in channels]
    return sum(share * level for share, level in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground_as_wcag_aa_wants_it(scheme: str):
    light, _, dark = (STATIC / "page.css").read_text().partition("prefers-color-scheme: dark")
    colours = palette(light) | (palette(dark) if scheme == "dark" else {})
    for words, ground in [
        *((words, ground) for words in ("ink", "soft", "accent", "wrong") for ground in ("paper", "raised")),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("paper", "wrong"),
    ]:
        assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
    for shape in ("edge", "accent"):
        assert contrast(colours[shape], colours["paper"]) >= 3, shape
