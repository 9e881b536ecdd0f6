"""`/v1/segment`, as PhotoRoom's Remove Background API has it."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator

from proxy.api import notations
from proxy.api.admission import KEY
from proxy.api.dialect import Wanted, file_in, prediction_of, wanted, wants_json
from proxy.api.fields import fields_of
from proxy.api.openapi_examples import failures, reason, told
from proxy.api.predictions import response_of
from proxy.api.problems import Failure
from proxy.api.service import service_of
from proxy.api.submission import submission
from proxy.imaging.backgrounds import Colour
from proxy.imaging.composition import Composition
from proxy.imaging.containers import Format
from proxy.imaging.geometry import Margins, Placing

PIXELS: Mapping[str, int] = {"preview": 250_000, "medium": 1_500_000, "hd": 4_000_000, "full": 36_000_000}
_STATUSES = {401: 403, 404: 404, 405: 405}
FORMATS: Mapping[str, Format] = {"png": "png", "jpg": "jpeg", "webp": "webp"}


class Wishes(Wanted):
    """`despill` is passed over: edges have their own colours here."""

    format: Literal["png", "jpg", "webp"] = "png"
    channels: Literal["rgba", "alpha"] = "rgba"
    size: Literal["preview", "medium", "hd", "full"] = "full"
    crop: bool = False
    bg_color: Annotated[Colour | None, BeforeValidator(notations.colour)] = None

    def composition(self) -> Composition:
        return Composition(
            placing=Placing(crop=Margins() if self.crop else None, max_pixels=PIXELS[self.size]),
            background=self.bg_color if self.channels == "rgba" else None,
            channels=self.channels,
            format=FORMATS[self.format],
        )


def shape(request: Request, failure: Failure) -> Response:  # noqa: ARG001 - a `Shape`
    """PhotoRoom's own shape: what is wrong with a request is a 400, whatever it is."""
    status = _STATUSES.get(failure.status, 400 if failure.status < 500 else failure.status)
    error = {"detail": failure.detail, "status_code": status, "type": failure.type.rpartition("/")[2]}
    return JSONResponse(error, status, failure.headers)


_TEXT = {"type": "string"}
_FORM = {
    "type": "object",
    "required": ["image_file"],
    "properties": {"image_file": {"type": "string", "format": "binary"}} | dict.fromkeys(Wishes.model_fields, _TEXT),
}


def _failed(status: int) -> dict[str, Any]:
    return {"detail": reason(status), "status_code": status, "type": "bad-image" if status == 400 else "about:blank"}


_CONTENT = {
    **{f"image/{kind}": {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS.values()},
    **told("", {"base64img": "iVBORw0KGgo…"})["content"],
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The cutout. `X-Uncertainty-Score`: 0 (sure) to 1. In JSON for those who accept that.",
        "headers": {"X-Uncertainty-Score": {"schema": _TEXT}},
        "content": _CONTENT,
    },
    **failures((400, 403, 500, 502, 503, 504), _failed),
}

router = APIRouter(prefix="/v1", tags=["PhotoRoom"], dependencies=KEY, default_response_class=Response)


@router.post(
    "/segment",
    operation_id="photoroom",
    summary="PhotoRoom: remove a background",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
    responses=_RESPONSES,
)
async def segment(request: Request) -> Response:
    """What PhotoRoom's `POST /v1/segment` takes: the form field `image_file`. `Accept: application/json` gives the file
    in base64."""
    service, fields = service_of(request), fields_of(request.scope)
    with service.drain:
        came = await submission(request.receive, fields, service, ["image_file"])
        image = file_in(came, "image_file")
        renderer = service.compose(wanted(Wishes, came.texts).composition())
        prediction = await prediction_of(request, fields, image, renderer)
    response = response_of(prediction, prediction.stages)
    if wants_json(fields):
        response = JSONResponse({"base64img": await asyncio.to_thread(_in_base64, prediction.rendered.body)})
    response.headers["X-Uncertainty-Score"] = f"{1 - prediction.rendered.confidence:.4f}"
    return response


def _in_base64(body: bytes) -> str:
    return b64encode(body).decode()
