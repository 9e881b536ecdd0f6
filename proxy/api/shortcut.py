"""The predictions' own way in: the documented operations, without the machinery that documents them.

FastAPI's routing, dependencies and body limits cost a hit more than the hit itself, and so do the layers that other
answers pass through. What takes this way is answered by the same function, and errors by the same words.
"""

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from proxy.api.expectation import asks_for_leave
from proxy.api.fields import Fields, fields_of
from proxy.api.last_resort import unforeseen
from proxy.api.predictions import RENDERERS, answer
from proxy.api.problems import departed, problem_response
from proxy.api.request_id import named
from proxy.api.service import service_of
from proxy.core.types import Renderer
from proxy.errors import RematteError


class Application(FastAPI):
    """Answers POSTs to the predictions' paths before FastAPI sees them, unless they have options or ask for leave."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        renderer_of = RENDERERS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if renderer_of is None or scope["query_string"] or asks_for_leave(scope):
            return await super().__call__(scope, receive, send)
        scope["app"] = self
        fields = fields_of(scope)
        name = named(scope, fields)
        request = Request(scope, receive, send)
        response = await _answered(request, fields, renderer_of(service_of(request)))
        response.raw_headers.append(name)
        return await response(scope, receive, send)


async def _answered(request: Request, fields: Fields, renderer: Renderer) -> Response:
    try:
        return await answer(request, fields, renderer)
    except RematteError as error:
        return problem_response(request, error)
    except ClientDisconnect:
        return departed()
    except Exception:
        return unforeseen(request)
