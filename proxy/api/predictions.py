"""An image in; its mask, or the image cut out by it, out."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from proxy.api.admission import KEY
from proxy.api.asked import BACKGROUND, CutoutQuestion, MaskQuestion, Question, asked_in
from proxy.api.content_digest import parameter as content_digest
from proxy.api.counted import Counted
from proxy.api.departure import while_connected
from proxy.api.fields import Fields, fields_of
from proxy.api.form import FIELD
from proxy.api.mask_response import mask_response
from proxy.api.openapi import image_body, picture_response, prediction_problems
from proxy.api.service import Service, service_of
from proxy.api.submission import holds_fields
from proxy.api.terms import parameter as cache_control
from proxy.api.terms import terms_of
from proxy.api.upload import Upload
from proxy.core.fingerprint import Image
from proxy.core.predictor import Prediction, Predictor
from proxy.core.types import Renderer, Terms
from proxy.errors import UnknownDigest
from proxy.imaging.containers import MEDIA_TYPES
from proxy.telemetry.headers import cache_status, server_timing

MASK, CUTOUT = "/v1/mask", "/v1/cutout"
RENDERERS: Mapping[str, Callable[[Service], Renderer]] = {MASK: attrgetter("mask"), CUTOUT: attrgetter("cutout")}
CUTOUT_TYPES = MEDIA_TYPES.values()
ALWAYS = ((b"cache-control", b"private, no-cache"), (b"vary", b"Accept"))
TERMS = {"parameters": [cache_control(), content_digest()]}

router = APIRouter(tags=["predictions"], dependencies=KEY, default_response_class=Response)


@router.post(
    MASK,
    operation_id="mask",
    summary="The mask of an image",
    openapi_extra=image_body("mask", MaskQuestion, [FIELD]) | TERMS,
    responses=prediction_problems()
    | {200: mask_response("An 8-bit grey PNG, where 255 is the object and 0 the background, or what `format` names.")},
)
async def mask(request: Request, question: Annotated[MaskQuestion, Query()]) -> Response:
    """Finds what stands out in an image. Levels between 0 and 255 are soft edges: hair, glass, blur.

    Orientation from EXIF is applied first. The same bytes give the same mask, from the cache if it was asked for
    within the last 30 minutes: `Cache-Status` tells. Of an animation, the first frame counts.

    Every format is made of the same mask, so a second one costs no inference. Without `format`, `Accept` decides:
    `image/webp`, say, or `application/json; format=coco`.
    """
    return await _answer_question(request, question)


@router.post(
    CUTOUT,
    operation_id="cutout",
    summary="The image without its background",
    openapi_extra=image_body("cutout", CutoutQuestion, [FIELD, BACKGROUND]) | TERMS,
    responses=prediction_problems()
    | {200: picture_response("The cutout: without options an RGBA PNG of the upright image's size.", *CUTOUT_TYPES)},
)
async def cutout(request: Request, question: Annotated[CutoutQuestion, Query()]) -> Response:
    """The image itself, upright, transparent where its background was.

    Colours and their ICC profile are kept, other metadata is dropped. What was transparent in the image stays so.
    The options refine the mask, place the subject, put something behind it, and choose the format. The model is asked
    once for a picture, whatever is made of it.
    """
    return await _answer_question(request, question)


async def _answer_question(request: Request, question: Question) -> Response:
    """A body that is the image itself takes the short way."""
    service, fields = service_of(request), fields_of(request.scope)
    is_complete = question.image_url or getattr(question, "background_url", None)
    if not (is_complete or holds_fields(fields)):
        return await answer(request, service, fields, question.renderer(service, fields.get("accept", "")))
    with service.drain:
        begun = time.perf_counter()
        asked = await asked_in(request, fields, type(question))
        stages = {"read": time.perf_counter() - begun - asked.fetch_s}
        if asked.fetch_s:
            stages["fetch"] = asked.fetch_s
        return await _predicted(request, service, asked.image, asked.renderer, terms_of(fields), stages)


async def answer(request: Request, service: Service, fields: Fields, renderer: Renderer) -> Response:
    """Raises RematteError; ClientDisconnect when the caller leaves."""
    terms = terms_of(fields)
    with service.drain:
        begun = time.perf_counter()
        upload = Upload(fields, service)
        if upload.digest and (kept := await _kept(service.predictor, upload.digest, renderer, terms)):
            return response_of(kept, {"lookup": time.perf_counter() - begun})
        image = await upload.receive(request.receive)
        return await _predicted(request, service, image, renderer, terms, {"read": time.perf_counter() - begun})


async def _predicted(
    request: Request, service: Service, image: Image, renderer: Renderer, terms: Terms, stages_s: Mapping[str, float]
) -> Response:
    service.metrics.took("read", stages_s["read"])
    with Counted(service.metrics, request.scope["path"]):
        waiting = partial(while_connected, request)
        prediction = await service.predictor.predict(image, renderer, terms, waiting)
    return response_of(prediction, {**stages_s, **prediction.stages})


async def _kept(predictor: Predictor, digest: str, renderer: Renderer, terms: Terms) -> Prediction | None:
    """What makes it needless to read the body."""
    if not terms.may_find:
        return None
    try:
        return await predictor.recall(digest, renderer, terms)  # not watched: that would read the body
    except UnknownDigest:
        return None


class _Finished(Response):
    """Bytes and header fields as they are: Starlette would look at each of them again."""

    def __init__(self, body: bytes, fields: Mapping[bytes, str]) -> None:
        self.status_code = HTTPStatus.OK
        self.background = None
        self.body = body
        self.raw_headers = [*ALWAYS, *[(name, value.encode()) for name, value in fields.items()]]


def response_of(prediction: Prediction, stages_s: Mapping[str, float]) -> Response:
    rendered = prediction.rendered
    return _Finished(
        rendered.body,
        {
            b"cache-status": cache_status(prediction),
            b"content-length": str(len(rendered.body)),
            b"content-type": rendered.media_type,
            b"etag": prediction.etag,
            b"server-timing": server_timing(stages_s, prediction.found),
            b"x-image-digest": rendered.digest,
            b"x-mask-confidence": f"{rendered.confidence:.4f}",
            b"x-model-version": rendered.model_version,
        },
    )
