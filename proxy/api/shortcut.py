"""The own way in of predictions and kept answers: the documented operations, without the machinery that documents them.

FastAPI's routing, dependencies and body limits cost a hit more than the hit itself, and so do the layers that other
answers pass through. What takes this way is answered by the same function, and errors by the same words.
"""

import re
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from proxy.api.expectation import asks_for_leave
from proxy.api.fields import Fields, fields_of
from proxy.api.kept import recall
from proxy.api.last_resort import unforeseen
from proxy.api.negotiation import is_plain
from proxy.api.predictions import RENDERERS, answer
from proxy.api.problems import departed, problem_response
from proxy.api.request_id import named
from proxy.api.service import Service, service_of
from proxy.api.submission import holds_fields
from proxy.errors import RematteError

_KEPT = re.compile("/v1/(?P<door>mask|cutout)s/(?P<digest>[0-9a-f]{64})")

Way = Callable[[Request, Service, Fields], Awaitable[Response]]


class Application(FastAPI):
    """Answers what the cache is asked for most before FastAPI sees it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = _way(scope)
        if way is None or not is_plain(fields := fields_of(scope)) or holds_fields(fields):
            return await super().__call__(scope, receive, send)
        scope["app"] = self
        name = named(scope, fields)
        response = await _answered(Request(scope, receive, send), fields, way)
        response.raw_headers.append(name)
        return await response(scope, receive, send)


def _way(scope: Scope) -> Way | None:
    """None for what has options or asks for leave to send a body, and for all other paths.

    Who takes another format than we would choose goes the long way too, and so do forms and JSON."""
    if scope["type"] != "http" or scope["query_string"]:
        return None
    method, path = scope["method"], scope["path"]
    if method == "POST" and path in RENDERERS and not asks_for_leave(scope):
        return lambda request, service, fields: answer(request, service, fields, RENDERERS[path](service))
    if method == "GET" and (kept := _KEPT.fullmatch(path)):
        door, digest = kept["door"], kept["digest"]
        return lambda request, service, fields: recall(
            request, service, fields, digest, RENDERERS[f"/v1/{door}"](service)
        )
    return None


async def _answered(request: Request, fields: Fields, way: Way) -> Response:
    service = service_of(request)
    try:
        service.keys.check(fields)
        return await way(request, service, fields)
    except RematteError as error:
        return problem_response(request, error)
    except ClientDisconnect:
        return departed()
    except Exception:
        return unforeseen(request)
