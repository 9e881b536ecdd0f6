"""`/v1.0/removebg`, `/v1.0/account` and `/v1.0/improve`, as remove.bg's clients know them."""

import time
from collections.abc import Mapping
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from proxy.api.admission import KEY
from proxy.api.departure import while_connected
from proxy.api.dialect import Deadline, prediction_of
from proxy.api.fields import Fields, fields_of
from proxy.api.removebg.answers import answer
from proxy.api.removebg.errors import CORS, Fault, Refused, refusal
from proxy.api.removebg.openapi import ACCOUNT, IMPROVE, REMOVE
from proxy.api.removebg.order import renderer_of
from proxy.api.removebg.pictures import FILES, background_in, check_sources, source_in
from proxy.api.removebg.wishes import Wishes, wishes
from proxy.api.service import service_of
from proxy.api.submission import Submission, submission
from proxy.core.predictor import Prediction
from proxy.errors import BadImage, BadUpload, TooManyPixels
from proxy.imaging.diagnosis import fault_of

UNSURE = 0.5
"""Below this confidence the model took no pixel for foreground rather than background."""
_CODES: Mapping[str, str] = {
    "format": "invalid_file_type",
    "dimensions": "invalid_dimensions",
    "data": "failed_to_read_image",
}
CREDITS = 1_000_000.0
"""For clients that stop when none are left: nothing is counted here."""

router = APIRouter(prefix="/v1.0", tags=["remove.bg"], default_response_class=Response)


@router.post("/removebg", operation_id="removebg", summary="remove.bg: remove a background", dependencies=KEY, **REMOVE)
async def removebg(request: Request) -> Response:
    """What remove.bg's `POST /v1.0/removebg` takes and gives. Nothing is counted, charged or limited.

    `Accept: application/json` gives JSON with the file in base64. Errors are remove.bg's own.
    """
    service = service_of(request)
    try:
        with service.drain:
            return await _removed(request, fields_of(request.scope))
    except Refused as refused:
        service.metrics.refused(BadUpload.kind)
        return refusal(refused)


@router.get("/account", operation_id="removebg_account", summary="remove.bg: the account", dependencies=KEY, **ACCOUNT)
async def account() -> Response:
    """Always the same: credits are not counted here."""
    credits = {"subscription": 0.0, "payg": 0.0, "enterprise": CREDITS, "total": CREDITS}
    api = {"free_calls": 0, "sizes": "all"}
    return JSONResponse({"data": {"attributes": {"credits": credits, "api": api}}}, headers=CORS)


@router.post(
    "/improve", operation_id="removebg_improve", summary="remove.bg: submit an image", dependencies=KEY, **IMPROVE
)
async def improve(request: Request) -> Response:
    """The image is read and forgotten: no model is trained here on what callers send."""
    try:
        came = await submission(request.receive, fields_of(request.scope), service_of(request), FILES)
        check_sources(came)
    except Refused as refused:
        service_of(request).metrics.refused(BadUpload.kind)
        return refusal(refused)
    return JSONResponse({"id": str(uuid4())}, headers=CORS)


async def preflight() -> Response:
    """What browsers ask before they send a key (Fetch, 3.2.5)."""
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "*, Authorization"}
    return Response(status_code=204, headers=CORS | allowed)


for path in ("/removebg", "/account", "/improve"):
    router.add_api_route(path, preflight, methods=["OPTIONS"], include_in_schema=False)


async def _removed(request: Request, fields: Fields) -> Response:
    begun = time.perf_counter()
    service = service_of(request)
    came = await submission(request.receive, fields, service, FILES)
    check_sources(came)
    wished = wishes(came.texts)
    read_s = time.perf_counter() - begun
    service.metrics.took("read", read_s)
    prediction = await _predicted(request, fields, came, wished)
    return await answer(prediction, wished, fields, {"read": read_s} | prediction.stages)


async def _predicted(request: Request, fields: Fields, came: Submission, wished: Wishes) -> Prediction:
    """Raises Refused for an image that is none, or shows nothing; DeadlinePassed."""
    service = service_of(request)
    deadline = Deadline(service.removebg_deadline_s)
    image = await deadline.within(while_connected(request, source_in(came, service)))
    backdrop = await deadline.within(while_connected(request, background_in(came, service)))
    renderer = renderer_of(wished, backdrop, service)
    try:
        return await prediction_of(request, fields, image, renderer, deadline, _check)
    except TooManyPixels:
        raise
    except BadImage as error:
        raise Refused(Fault(_CODES[fault_of(image)], str(error))) from error


def _check(prediction: Prediction) -> None:
    """Raises Refused where nothing is to be seen."""
    if prediction.rendered.confidence < UNSURE or not dict(prediction.rendered.facts)["foreground_width"]:
        raise Refused(Fault("unknown_foreground", "Nothing stands out in this image."))
