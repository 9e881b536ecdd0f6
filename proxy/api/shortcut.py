"""The predictions' own way in: the documented operations, without the machinery that documents them.

FastAPI's routing, dependencies and body limits cost a hit more than the hit itself. What takes this way is answered by
the same function, and errors by the same handlers' words.
"""

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.api.predictions import RENDERERS, answer
from proxy.api.problems import departed, problem_response
from proxy.api.service import service_of
from proxy.errors import RematteError


class Shortcut:
    """Answers POSTs to the predictions' paths; hands everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        renderer_of = RENDERERS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if renderer_of is None:
            return await self._app(scope, receive, send)
        request = Request(scope, receive, send)
        try:
            response = await answer(request, renderer_of(service_of(request)))
        except RematteError as error:
            response = problem_response(request, error)
        except ClientDisconnect:
            response = departed()
        return await response(scope, receive, send)
