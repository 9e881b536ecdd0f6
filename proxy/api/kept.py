"""Answers that are kept, for whoever knows an image's digest: no upload, no inference."""

import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from proxy.api.admission import KEY
from proxy.api.cutout_options import CutoutOptions
from proxy.api.departure import while_connected
from proxy.api.fields import Fields, fields_of
from proxy.api.mask_options import MaskOptions
from proxy.api.mask_response import mask_response
from proxy.api.openapi import kept_problems, picture_response
from proxy.api.predictions import CUTOUT_TYPES, response_of
from proxy.api.service import Service, service_of
from proxy.api.terms import terms_of
from proxy.core.types import Renderer

router = APIRouter(prefix="/v1", tags=["kept answers"], dependencies=KEY, default_response_class=Response)

Digest = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the image file's bytes: 64 lower-case hex digits.")
]
_UNCHANGED = {304: {"description": "What `If-None-Match` names is still right."}}


@router.get(
    "/masks/{digest}",
    operation_id="kept_mask",
    summary="The mask of an image that was sent before",
    responses=kept_problems() | _UNCHANGED | {200: mask_response("As `POST /v1/mask` answers.")},
)
async def kept_mask(request: Request, digest: Digest, options: Annotated[MaskOptions, Query()]) -> Response:
    """Ask with the digest before you upload: whoever sent the same bytes within the last 30 minutes has paid for it.

    `HEAD` says whether there is one. 404 means: upload it.
    """
    service, fields = service_of(request), fields_of(request.scope)
    return await recall(request, service, fields, digest, options.renderer(service, fields.get("accept", "")))


@router.get(
    "/cutouts/{digest}",
    operation_id="kept_cutout",
    summary="The cutout of an image that was sent before",
    responses=kept_problems() | _UNCHANGED | {200: picture_response("As `POST /v1/cutout` answers.", *CUTOUT_TYPES)},
)
async def kept_cutout(request: Request, digest: Digest, options: Annotated[CutoutOptions, Query()]) -> Response:
    """As for masks. A cutout holds the image's colours, so a kept mask alone is not enough for it: what is kept is each
    answer that was made, with its options."""
    service, fields = service_of(request), fields_of(request.scope)
    return await recall(request, service, fields, digest, options.renderer(service, fields.get("accept", "")))


async def recall(request: Request, service: Service, fields: Fields, digest: str, renderer: Renderer) -> Response:
    """Raises UnknownDigest; BackendAway before there was a model; DeadlinePassed; ClientDisconnect."""
    begun = time.perf_counter()
    waiting = partial(while_connected, request)
    prediction = await service.predictor.recall(digest, renderer, terms_of(fields), waiting)
    response = response_of(prediction, {"lookup": time.perf_counter() - begun})
    if _matches(fields.get("if-none-match", ""), prediction.etag):
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=headers)
    return response


def _matches(tags: str, etag: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2)."""
    return any(tag.strip().removeprefix("W/") in ("*", etag) for tag in tags.split(","))
