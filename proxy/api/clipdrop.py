"""`/remove-background/v1`, as Clipdrop has it."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from proxy.api.admission import KEY
from proxy.api.dialect import Wanted, file_in, prediction_of, wanted
from proxy.api.fields import fields_of
from proxy.api.negotiation import choose
from proxy.api.openapi_examples import failures, reason
from proxy.api.predictions import response_of
from proxy.api.problems import Failure
from proxy.api.service import Service, service_of
from proxy.api.submission import submission
from proxy.core.types import Renderer
from proxy.imaging.composition import Composition
from proxy.imaging.containers import Format
from proxy.imaging.transparency import InputIfTransparent, WithoutHoles

FORMATS: Mapping[Format, str] = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
CREDITS = {"X-Remaining-Credits": "1000000", "X-Credits-Consumed": "0"}
"""Nothing is counted here; clients that stop when none are left go on."""


class Wishes(Wanted):
    transparency_handling: Literal["return_input_if_non_opaque", "discard_alpha_layer"] = "return_input_if_non_opaque"

    def renderer(self, service: Service, accept: str) -> Renderer:
        """Raises NotAcceptable."""
        renderer = service.compose(Composition(format=choose(FORMATS, accept)))
        wrap = WithoutHoles if self.transparency_handling == "discard_alpha_layer" else InputIfTransparent
        return wrap(renderer, service.max_image_pixels)


def shape(request: Request, failure: Failure) -> Response:  # noqa: ARG001 - a `Shape`
    """Clipdrop's own shape: what is wrong with a request is a 400, but for what cannot be accepted."""
    status = failure.status if failure.status in (401, 403, 404, 405, 406) or failure.status >= 500 else 400
    return JSONResponse({"error": failure.detail}, status, failure.headers)


_FORM = {
    "type": "object",
    "required": ["image_file"],
    "properties": {
        "image_file": {"type": "string", "format": "binary"},
        "transparency_handling": {"type": "string", "enum": ["return_input_if_non_opaque", "discard_alpha_layer"]},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The cutout, in the format that `Accept` likes best; or the image itself, where it has holes.",
        "headers": {name: {"schema": {"type": "string"}} for name in CREDITS},
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in FORMATS.values()},
    },
    **failures((400, 401, 406, 500, 502, 503, 504), lambda status: {"error": reason(status)}),
}

router = APIRouter(prefix="/remove-background", tags=["Clipdrop"], dependencies=KEY, default_response_class=Response)


@router.post(
    "/v1",
    operation_id="clipdrop",
    summary="Clipdrop: remove a background",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
    responses=_RESPONSES,
)
async def remove_background(request: Request) -> Response:
    """What Clipdrop's `POST /remove-background/v1` takes: the form field `image_file`."""
    service, fields = service_of(request), fields_of(request.scope)
    with service.drain:
        came = await submission(request.receive, fields, service, ["image_file"])
        image = file_in(came, "image_file")
        renderer = wanted(Wishes, came.texts).renderer(service, fields.get("accept", ""))
        prediction = await prediction_of(request, fields, image, renderer)
    response = response_of(prediction, prediction.stages)
    response.headers.update(CREDITS)
    return response
