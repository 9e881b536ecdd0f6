"""`/` and what it loads. Everything is served from here, so it needs no internet; its address may have a prefix."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from proxy.web.ledger import Ledger, in_units

HERE = Path(__file__).parent
HEADERS = {
    # `blob:` are the pictures that somebody has dropped, and their cutouts.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Fresh(StaticFiles):
    """Asked again each time, so that after an update no old script meets a new one."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


@dataclass(frozen=True, slots=True)
class Front:
    """What the page is told of the house behind it."""

    ledger: Callable[[], Awaitable[Ledger]]
    max_image_bytes: int
    is_administered: bool
    """Whether there is a token for `/admin`."""


def install_page(app: FastAPI, front: Front) -> None:
    templates = Jinja2Templates(directory=HERE / "templates")
    limit = {"max_bytes": front.max_image_bytes, "max_size": in_units(front.max_image_bytes)}

    async def shown(request: Request, name: str, **more: Any) -> Response:
        context = {"ledger": await front.ledger(), "is_administered": front.is_administered} | more
        return templates.TemplateResponse(request, name, context, headers=HEADERS)

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return await shown(request, "page.html", **limit)

    @app.get("/page/ledger", include_in_schema=False)
    async def ledger(request: Request) -> Response:
        """A piece of the page, which HTMX puts in its place."""
        return await shown(request, "ledger.html")

    app.mount("/page/static", Fresh(directory=HERE / "static"))
