"""What the `type` of a problem points to: one short page for each kind, made from the error tree."""

import re
from collections.abc import Iterator
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from proxy.errors import RematteError

router = APIRouter(prefix="/problems", include_in_schema=False)

_UNFORESEEN = "Nobody foresaw this. The server's log has the details, under the request's `X-Request-Id`."
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42em; margin: 3em auto; padding: 0 1em }}</style>
{body}
</html>
"""


@router.get("")
async def problems() -> HTMLResponse:
    entries = "".join(_entry(error) for error in sorted(_tree(RematteError), key=lambda error: error.status))
    return _page("Problems", "<h1>Problems</h1>" + entries)


@router.get("/{kind}")
async def problem(kind: str) -> HTMLResponse:
    error = next((error for error in _tree(RematteError) if error.kind == kind), None)
    if error is None:
        raise HTTPException(404, f"There is no kind of problem called {kind}; /problems lists them.")
    return _page(error.title, _entry(error))


def _tree(error: type[RematteError]) -> Iterator[type[RematteError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _tree(kind)


def _entry(error: type[RematteError]) -> str:
    meaning = _UNFORESEEN if error is RematteError else " ".join((error.__doc__ or "").split())
    again = f"<p>Try again after {error.retry_after_s} seconds.</p>" if error.retry_after_s else ""
    heading = f'<h2 id="{error.kind}">{escape(error.title)}</h2>'
    return f"{heading}<p><code>{error.kind}</code>, status {error.status}</p><p>{_marked(meaning)}</p>{again}"


def _marked(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body))
