"""All the doors, hung in one place."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.types import Lifespan

from proxy.api import (
    admin,
    batch,
    clipdrop,
    health,
    kept,
    label_studio,
    measurements,
    photoroom,
    predictions,
    problem_pages,
    rembg,
    removebg,
    x_anylabeling,
)
from proxy.api.expectation import Expectations
from proxy.api.head import HeadAsGet
from proxy.api.last_resort import LastResort
from proxy.api.openapi import describe
from proxy.api.pages import install_pages
from proxy.api.problems import Shape, install_handlers
from proxy.api.request_id import RequestIds
from proxy.api.service import Service
from proxy.api.shortcut import Application

DIALECTS: Mapping[str, Shape] = {
    "/v1.0/": removebg.shape,
    "/api/": rembg.shape,
    "/v1/segment": photoroom.shape,
    "/remove-background/": clipdrop.shape,
}
"""By the beginning of their paths, doors that tell of failures in another shape than a problem's."""


def application(service: Service, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Every door, and behind each the service. It also is `app.state.service`."""
    app = _doors(lifespan)
    app.state.service = service
    return app


def openapi() -> dict[str, Any]:
    """The document at `/openapi.json`, without a service behind it."""
    return _doors().openapi()


def _doors(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    app = Application(lifespan=lifespan, docs_url=None, redoc_url=None)  # FastAPI's own pages need the internet
    describe(app)
    install_handlers(app, DIALECTS)
    for router in (
        predictions.router,
        batch.router,
        kept.router,
        label_studio.router,
        x_anylabeling.router,
        removebg.router,
        rembg.router,
        photoroom.router,
        clipdrop.router,
        admin.router,
        health.router,
        measurements.router,
        problem_pages.router,
    ):
        app.include_router(router)
    install_pages(app)
    for middleware in (Expectations, HeadAsGet, LastResort, RequestIds):  # the last is the outermost
        app.add_middleware(middleware)
    return app
