import re
from pathlib import Path

import pytest

from proxy.api.pages import HERE
from tests.proxy.api.house import house

PAGES = ["/docs", "/redoc", "/problems", "/problems/overloaded"]
OURS = [*(HERE / "pages").glob("*.html"), HERE / "static" / "docs.js"]


@pytest.mark.parametrize("page", PAGES)
async def test_whatever_a_page_loads_is_served_here(page: str):
    async with house() as it:
        html = (await it.client.get(page)).text
        for address in re.findall(r'(?:src|href|spec-url)="([^"]*)"', html):
            assert not re.match(r"[a-z]+:|/", address), "an absolute address breaks behind a prefix, or offline"
            assert (await it.client.get(f"/{address}")).status_code == 200


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_browser_is_told_to_load_from_nowhere_else(page: str):
    async with house() as it:
        policy = (await it.client.get(page)).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_our_own_files_know_no_other_server(file: Path):
    assert "//" not in re.sub(r"(?m)^//.*$", "", file.read_text())


def test_redoc_does_not_fetch_its_makers_logo():
    assert "cdn.redoc.ly" not in (HERE / "static" / "redoc.standalone.js").read_text()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/static/swagger-ui-bundle.js", "text/javascript"),
        ("/static/redoc.standalone.js", "text/javascript"),
        ("/static/swagger-ui.css", "text/css"),
        ("/favicon.ico", "image/png"),
    ],
)
async def test_scripts_and_styles_have_types_that_browsers_accept(path: str, media_type: str):
    async with house() as it:
        answer = await it.client.get(path)
    assert answer.headers["Content-Type"].partition(";")[0] == media_type


async def test_nothing_but_the_static_files_can_be_fetched():
    async with house() as it:
        answer = await it.client.get("/static/%2e%2e/pages.py")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
