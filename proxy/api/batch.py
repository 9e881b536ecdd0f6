"""Many pictures in one request, answered as they are ready."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from proxy.api.admission import KEY
from proxy.api.asked import merged
from proxy.api.batch_body import Batch, Item, batch_in
from proxy.api.batch_openapi import batch_body, batch_parameters, batch_problems, batch_responses
from proxy.api.batch_streams import MEDIA_TYPES, STREAMS, Outcome, StreamName
from proxy.api.counted import Counted
from proxy.api.cutout_options import CutoutOptions
from proxy.api.departure import while_connected
from proxy.api.fields import fields_of
from proxy.api.mask_options import MaskOptions
from proxy.api.negotiation import choose
from proxy.api.refinement_options import Options
from proxy.api.service import service_of
from proxy.api.submission import image_of
from proxy.api.terms import terms_of
from proxy.core.fingerprint import Image
from proxy.core.types import Renderer, Terms
from proxy.errors import RematteError

logger = logging.getLogger(__name__)

PATH = "/v1/batch"
AT_ONCE = 8
"""Pictures of one batch under way: enough to keep a model busy, and not so many that others wait behind them."""

router = APIRouter(tags=["batches"], dependencies=KEY, default_response_class=Response)


class BatchOptions(Options):
    """What is said of the whole; the rest is said of each picture."""

    output: Literal["mask", "cutout"] = Field(
        default="mask", description="What is wanted of each picture; the other options are those of its door."
    )
    stream: StreamName | None = Field(
        default=None,
        description="`ndjson`: a line of JSON for each picture. `zip`: a file for each. Without it, `Accept` decides.",
    )


@router.post(
    PATH,
    operation_id="batch",
    summary="The masks or cutouts of many images",
    openapi_extra=batch_body() | {"parameters": batch_parameters(BatchOptions)},
    responses=batch_problems() | {200: batch_responses()},
)
async def batch(request: Request) -> Response:
    """Files and addresses in one request; each answer is sent as soon as it is ready, in whatever order that is.

    Equal pictures are worked on once and answered each in its place. One that fails is a problem in its place, and
    the others are answered nevertheless. Options are those of `/v1/mask` or `/v1/cutout` and count for all pictures.
    """
    fields, service = fields_of(request.scope), service_of(request)
    with service.drain:
        came = await batch_in(request, fields)
        whole = merged(BatchOptions, *_said(request, came, of_the_whole=True))
        stream = choose(MEDIA_TYPES, fields.get("accept", ""), whole.stream, "stream")
        renderer = _renderer(request, came, whole)
    return _Answers(came.items, renderer, terms_of(fields), "zip" if stream == "zip" else "ndjson")


def _renderer(request: Request, came: Batch, whole: BatchOptions) -> Renderer:
    said = _said(request, came, of_the_whole=False)
    if whole.output == "mask":
        return merged(MaskOptions, *said).renderer(service_of(request))
    return merged(CutoutOptions, *said).renderer(service_of(request))


def _said(request: Request, came: Batch, *, of_the_whole: bool) -> Iterator[Mapping[str, str]]:
    """In the query, and in the body."""
    for said in (request.query_params, came.said):
        yield {name: text for name, text in said.items() if (name in BatchOptions.model_fields) == of_the_whole}


class _Answers(Response):
    """Sends each answer when it is ready; ends when its caller leaves."""

    def __init__(self, items: list[Item], renderer: Renderer, terms: Terms, stream: StreamName) -> None:
        super().__init__(media_type=MEDIA_TYPES[stream], headers={"Cache-Control": "no-store", "Vary": "Accept"})
        del self.headers["content-length"]
        self._waiting = deque(items)  # what is done is let go
        self._renderer = renderer
        self._terms = terms
        self._stream = STREAMS[stream]()
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with service_of(request).drain, suppress(ClientDisconnect):
            await while_connected(request, self._send_all(request, send), grace_s=0)

    async def _send_all(self, request: Request, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(request, send))
        await send({"type": "http.response.body", "body": self._stream.end()})

    async def _work(self, request: Request, send: Send) -> None:
        """Whoever has an answer waits for its turn to send it, so that few of them are held."""
        while self._waiting:
            item = self._waiting.popleft()
            outcome = await self._outcome(request, item)
            for place in item.places:
                async with self._turn:
                    data = await asyncio.to_thread(self._stream.entry, place, outcome)
                    await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _outcome(self, request: Request, item: Item) -> Outcome:
        service = service_of(request)
        try:
            image = await _image(request, item)
            with Counted(service.metrics, PATH):
                return await service.predictor.predict(image, self._renderer, self._terms)
        except RematteError as error:
            failure = error
        except Exception:
            logger.exception("a picture of batch %s failed", request.state.request_id)
            failure = RematteError("The server's log has the details under this request's X-Request-Id.")
        service.metrics.refused(failure.kind)
        return failure


async def _image(request: Request, item: Item) -> Image:
    """Raises RematteError."""
    match item.picture:
        case Image():
            return item.picture
        case str() as url:
            service = service_of(request)
            return image_of(await service.fetcher.fetch(url), service)
        case error:
            raise error
