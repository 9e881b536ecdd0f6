"""`/api/remove`, as `rembg s` serves it: what its clients say is understood, and answered as it would."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator

from proxy.api.admission import KEY
from proxy.api.departure import while_connected
from proxy.api.dialect import Wanted, file_in, prediction_of, wanted
from proxy.api.fields import fields_of
from proxy.api.openapi_examples import failures, reason
from proxy.api.predictions import response_of
from proxy.api.problems import Failure
from proxy.api.service import Service, service_of
from proxy.api.submission import image_of, submission
from proxy.core.fingerprint import Image
from proxy.core.types import Renderer
from proxy.errors import BadUpload, BadUrl
from proxy.imaging.backgrounds import Colour
from proxy.imaging.composition import Composition
from proxy.imaging.refinement import AS_IT_IS, Refinement

SHARP = Refinement(threshold=128)
"""rembg's post-processing ends with a mask of black and white."""


def _colour(text: str) -> Colour:
    """`255,255,255,255`."""
    if not re.fullmatch(r"(\d{1,3},){3}\d{1,3}", text) or max(numbers := [*map(int, text.split(","))]) > 255:
        raise ValueError(f"`{text[:40]}` is no colour; write red, green, blue and alpha, 0 to 255: `255,0,0,255`.")
    return Colour(*numbers)


class Wishes(Wanted):
    """Matting (`a`, `af`, `ab`, `ae`) is passed over: edges are clean without it. So are `model` and `extras`."""

    om: bool = False
    """Only the mask."""
    ppm: bool = False
    """Post-process the mask."""
    bgc: Annotated[Colour | None, BeforeValidator(_colour)] = None

    def renderer(self, service: Service) -> Renderer:
        refinement = SHARP if self.ppm else AS_IT_IS
        if self.om:
            return service.compose(Composition(refinement, channels="alpha")) if self.ppm else service.mask
        return service.compose(Composition(refinement, background=self.bgc))


def shape(request: Request, failure: Failure) -> Response:  # noqa: ARG001 - a `Shape`
    """FastAPI's own shape, which is rembg's. An address that is not fetched from is a 400 there."""
    status = BadUrl.status if isinstance(failure.error, BadUrl) else failure.status
    return JSONResponse({"detail": failure.detail}, status, failure.headers)


_TEXT = {"type": "string"}
_QUERY = [{"name": name, "in": "query", "schema": _TEXT} for name in ("om", "ppm", "bgc")]
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "om": _TEXT, "ppm": _TEXT, "bgc": _TEXT},
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The cutout, or with `om` its mask.",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
    },
    **failures((400, 401, 413, 415, 422, 500, 502, 503, 504), lambda status: {"detail": reason(status)}),
}

router = APIRouter(prefix="/api", tags=["rembg"], dependencies=KEY, default_response_class=Response)


@router.post(
    "/remove",
    operation_id="rembg",
    summary="rembg: remove a background",
    openapi_extra={
        "parameters": _QUERY,
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
    },
    responses=_RESPONSES,
)
async def remove(request: Request) -> Response:
    """What `rembg s` takes at `POST /api/remove`: the form field `file`; `om`, `ppm` and `bgc` in form or query."""
    service, fields = service_of(request), fields_of(request.scope)
    with service.drain:
        came = await submission(request.receive, fields, service, ["file"])
        return await _removed(request, file_in(came, "file"), {**request.query_params, **came.texts})


@router.get(
    "/remove",
    operation_id="rembg_url",
    summary="rembg: remove the background of a picture elsewhere",
    openapi_extra={"parameters": [{"name": "url", "in": "query", "required": True, "schema": _TEXT}, *_QUERY]},
    responses=_RESPONSES,
)
async def remove_at(request: Request) -> Response:
    """What `rembg s` takes at `GET /api/remove?url=…`."""
    service = service_of(request)
    with service.drain:
        url = request.query_params.get("url")
        if not url:
            raise BadUpload("There is no `url`; say where the picture is.")
        image = image_of(await while_connected(request, service.fetcher.fetch(url)), service)
        return await _removed(request, image, request.query_params)


async def _removed(request: Request, image: Image, texts: Mapping[str, str]) -> Response:
    renderer = wanted(Wishes, {name: text for name, text in texts.items() if text}).renderer(service_of(request))
    prediction = await prediction_of(request, fields_of(request.scope), image, renderer)
    return response_of(prediction, prediction.stages)
