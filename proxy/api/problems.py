"""Errors as RFC 9457 problem details. Whatever goes wrong behind the doors leaves through here."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from proxy.api.service import service_of
from proxy.errors import RematteError, Unauthorised

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499
"""nginx's number, for the access log: nobody is there to read the answer."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Names the kind of problem; `/problems/<kind>` explains it.")
    title: str = Field(description="The kind in words, the same each time.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What went wrong this time, and the remedy.")
    instance: str = Field(description="The path and, after `#`, the request's `X-Request-Id`.")


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, before it has a shape. `error` is None for what the framework refused by itself."""

    type: str
    title: str
    status: int
    detail: str
    headers: Mapping[str, str]
    error: RematteError | None = None


class Refusal(Exception):
    """A door's own words for what is wrong with a request. It never leaves that door."""

    status = HTTPStatus.BAD_REQUEST


Shape = Callable[[Request, Failure], Response]
"""How a door tells its callers of a failure."""


def install_handlers(app: FastAPI, dialects: Mapping[str, Shape] | None = None) -> None:
    """`dialects`: by the beginning of the path, doors whose callers expect another shape than a problem's."""
    app.state.dialects = dialects or {}
    app.add_exception_handler(RematteError, _rematte_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ClientDisconnect, _departure)


def problem_type(error: type[RematteError]) -> str:
    return f"/problems/{error.kind}"


def status_of(error: BaseException | None) -> int:
    """What the caller is told when a prediction ends so. One that was cancelled is one whose caller has left."""
    if error is None:
        return HTTPStatus.OK
    if isinstance(error, RematteError | Refusal):
        return error.status
    left = isinstance(error, ClientDisconnect | asyncio.CancelledError)
    return CLIENT_CLOSED_REQUEST if left else HTTPStatus.INTERNAL_SERVER_ERROR


def problem_response(request: Request, error: RematteError) -> Response:
    service_of(request).metrics.refused(error.kind)
    # A caller's own mistakes are the caller's to read.
    level = logging.INFO if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.DEBUG
    logger.log(level, "%d for %s: %s", error.status, _instance(request), error)
    kind, headers = problem_type(type(error)), headers_of(error)
    return _shaped(request, Failure(kind, error.title, error.status, str(error), headers, error))


def headers_of(error: RematteError) -> dict[str, str]:
    """What HTTP wants beside such an error."""
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, Unauthorised):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, 11.6.1
    return headers


def departed() -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _rematte_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RematteError)
    return problem_response(request, error)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _plain(request, error.status_code, error.detail, dict(error.headers or {}))


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = (f"{'.'.join(map(str, fault['loc']))}: {said(fault['msg'])}" for fault in error.errors())
    return _plain(request, HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(faults), {})


def said(message: str) -> str:
    """Our own words, without what pydantic says before them."""
    return message.removeprefix("Value error, ")


async def _departure(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape of a handler
    return departed()


def _plain(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    """A problem that its status says all about (RFC 9457, 4.2.1)."""
    return _shaped(request, Failure("about:blank", HTTPStatus(status).phrase, status, detail, headers))


def _shaped(request: Request, failure: Failure) -> Response:
    path = request.scope["path"]
    dialects: Mapping[str, Shape] = request.app.state.dialects
    shape = next((shape for beginning, shape in dialects.items() if path.startswith(beginning)), _problem)
    return shape(request, failure)


def _problem(request: Request, failure: Failure) -> Response:
    problem = Problem(
        type=failure.type,
        title=failure.title,
        status=failure.status,
        detail=failure.detail,
        instance=_instance(request),
    )
    return Response(problem.model_dump_json(), failure.status, failure.headers, MEDIA_TYPE)


def _instance(request: Request) -> str:
    return f"{quote(request.url.path)}#{request.state.request_id}"
