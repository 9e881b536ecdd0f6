"""What nobody foresaw: a traceback for us, a problem without secrets for the caller."""

import logging

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.api.problems import problem_response
from proxy.errors import RematteError

logger = logging.getLogger(__name__)


class LastResort:
    """Turns an exception into a 500, unless the answer is already on its way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def send_watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception:
            request = Request(scope)
            if begun:
                logger.exception("the answer to request %s broke off", request.state.request_id)
                raise
            await unforeseen(request)(scope, receive, send)
        return None


def unforeseen(request: Request) -> Response:
    """The answer where the exception that is being handled left none."""
    logger.exception("request %s failed", request.state.request_id)
    error = RematteError("The server's log has the details under this request's X-Request-Id.")
    return problem_response(request, error)
