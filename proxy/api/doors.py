"""All the doors, hung in one place."""

from typing import Any

from fastapi import FastAPI

from proxy.api import admin, health, kept, measurements, predictions, problem_pages
from proxy.api.expectation import Expectations
from proxy.api.head import HeadAsGet
from proxy.api.last_resort import LastResort
from proxy.api.openapi import describe
from proxy.api.pages import install_pages
from proxy.api.problems import install_handlers
from proxy.api.request_id import RequestIds
from proxy.api.service import Service
from proxy.api.shortcut import Shortcut


def install(app: FastAPI, service: Service) -> None:
    """Hangs every door on an app made with `docs_url=None, redoc_url=None`: FastAPI's own pages need the internet."""
    app.state.service = service
    _hang(app)


def openapi() -> dict[str, Any]:
    """The document at `/openapi.json`, without a service behind it."""
    app = FastAPI(docs_url=None, redoc_url=None)
    _hang(app)
    return app.openapi()


def _hang(app: FastAPI) -> None:
    describe(app)
    install_handlers(app)
    for router in (
        predictions.router,
        kept.router,
        admin.router,
        health.router,
        measurements.router,
        problem_pages.router,
    ):
        app.include_router(router)
    install_pages(app)
    for middleware in (Shortcut, Expectations, HeadAsGet, LastResort, RequestIds):  # the last is the outermost
        app.add_middleware(middleware)
