"""X-AnyLabeling's remote server: an image in base64 in, polygons out.

The contract is that of `services/auto_labeling/remote_server.py` (4.2). The reference sends errors with the status 200;
ours have a real one, since the client looks at that, and draws nothing and says nothing otherwise.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from proxy.api.admission import TOKEN
from proxy.api.departure import while_connected
from proxy.api.openapi_examples import json_body, reason, shown
from proxy.api.problems import headers_of
from proxy.api.service import service_of
from proxy.api.submission import image_in_base64
from proxy.api.tools import Seen, read, seen
from proxy.errors import RematteError, Unauthorised
from proxy.imaging.annotations import LABEL
from proxy.imaging.outlines import keyholed, outlines
from proxy.imaging.refinement import Refinement

MODEL = "rematte"
EPSILON_PX = 1.0
CONFIDENCE = 0.5
_WIDGETS = (
    ("button_run", None),
    ("edit_conf", CONFIDENCE),
    ("input_conf", None),
    ("mask_fineness_slider", 10),
    ("mask_fineness_value_label", None),
    ("toggle_preserve_existing_annotations", False),
)
_MODEL_INFO = {
    "display_name": "Rematte",
    "batch_processing_mode": "default",
    "widgets": [{"name": name, "value": value} for name, value in _WIDGETS],
    "params": {},
    "classes": [LABEL],
}
_EXAMPLE = {"model": MODEL, "image": "data:image/jpeg;base64,/9j/4AAQ…", "params": {"conf_threshold": 0.5}}


class Route(APIRoute):
    """Errors in the tool's own shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_shape(request: Request) -> Response:
            try:
                return await handle(request)
            except RematteError as error:
                service_of(request).metrics.refused(error.kind)
                return _refusal(error.status, _code(error), str(error), headers_of(error))

        return handle_in_shape


router = APIRouter(prefix="/x-anylabeling", tags=["X-AnyLabeling"], route_class=Route)


class Params(BaseModel):
    """`conf_threshold`: from which level, 0 to 1, a pixel counts as object. `epsilon_factor`: by which part of its
    length an outline may be off to have fewer points, though one pixel always. Others are passed over."""

    conf_threshold: float = Field(default=CONFIDENCE, ge=0, le=1)
    epsilon_factor: float = Field(default=0.001, ge=0, le=1)

    @property
    def refinement(self) -> Refinement:
        """The tool says 0 until somebody has moved the widget: then it is what the widget shows."""
        return Refinement(threshold=max(1, round((self.conf_threshold or CONFIDENCE) * 255)))


class Asked(BaseModel):
    """The body of `/v1/predict`. `image`: base64, with or without `data:image/…;base64,` before it."""

    model: str
    image: str
    params: Params = Params()


class Shape(BaseModel):
    """An object. A hole is joined to its outline: the tool knows none."""

    label: str = LABEL
    shape_type: str = "polygon"
    points: list[tuple[float, float]]
    score: float
    attributes: dict[str, str] = {}
    description: str | None = None
    difficult: bool = False
    direction: float = 0
    flags: dict[str, bool] | None = None
    group_id: int | None = None
    kie_linking: list[str] = []


class Shapes(BaseModel):
    """Whether they replace what was drawn before is left to the tool's own switch."""

    shapes: list[Shape]
    description: str = ""


class Drawn(BaseModel):
    """What the tool draws."""

    success: bool = True
    data: Shapes


class Models(BaseModel):
    """Models by name, with the widgets that the tool shows for each."""

    success: bool = True
    data: dict[str, Any]


class Refusal(BaseModel):
    """`error` has a `code` and a `message`."""

    success: bool = False
    error: dict[str, str]


class ServerHealth(BaseModel):
    status: str = "healthy"
    models_loaded: int
    timestamp: str


def _refused(status: int) -> dict[str, Any]:
    """As the document shows it."""
    codes = {401: "UNAUTHORIZED", 404: "MODEL_NOT_FOUND"}
    code = codes.get(status, "INVALID_IMAGE" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "INFERENCE_ERROR")
    example = Refusal(error={"code": code, "message": reason(status)}).model_dump()
    return {"model": Refusal} | shown(reason(status), example)


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: _refused(status) for status in (400, 401, 404, 413, 422, 500, 502, 503, 504)
}
_MODELS = shown("The model, and the widgets that go with it.", {"success": True, "data": {MODEL: _MODEL_INFO}})
_INFO = shown("What it can do.", {"success": True, "data": _MODEL_INFO})
_DRAWN = shown(
    "Polygons in pixels of the upright picture, their last point their first one.",
    Drawn(data=Shapes(shapes=[Shape(points=[(1, 2), (4, 2), (4, 4), (1, 2)], score=0.9987)])).model_dump(),
)


@router.get(
    "/health",
    operation_id="x_anylabeling_health",
    summary="Whether a model is there",
    responses={
        200: shown(
            "The server answers.", {"status": "healthy", "models_loaded": 1, "timestamp": "2026-01-31T12:00:00Z"}
        )
    },
)
async def health(request: Request) -> ServerHealth:
    """The model is not asked."""
    ready = service_of(request).readiness().ready
    return ServerHealth(models_loaded=int(ready), timestamp=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


@router.get(
    "/v1/models",
    operation_id="x_anylabeling_models",
    summary="Which models there are",
    dependencies=TOKEN,
    responses={200: _MODELS, 401: _REFUSALS[401]},
)
async def models() -> Models:
    """One, and the widgets that go with it."""
    return Models(data={MODEL: _MODEL_INFO})


@router.get(
    "/v1/models/{name}/info",
    operation_id="x_anylabeling_model",
    summary="What a model can do",
    dependencies=TOKEN,
    response_model=Models,
    responses={200: _INFO, **{status: _REFUSALS[status] for status in (401, 404, 422)}},
)
async def model_info(name: str) -> Response:
    """As the list of models has it."""
    return JSONResponse({"success": True, "data": _MODEL_INFO}) if name == MODEL else _no_model(name)


@router.post(
    "/v1/predict",
    operation_id="x_anylabeling_predict",
    summary="The outlines of what stands out in an image",
    dependencies=TOKEN,
    response_model=Drawn,
    responses=_REFUSALS | {200: _DRAWN},
    openapi_extra=json_body(_EXAMPLE),
)
async def predict(request: Request) -> Response:
    """The tool sends the file's own bytes with every run, so the second one is answered from the cache, whatever its
    threshold and its fineness are."""
    asked = await read(request, Asked)
    if asked.model != MODEL:
        return _no_model(asked.model)
    image = await image_in_base64(asked.image, service_of(request))
    mask = await while_connected(request, seen(request, image, asked.params.refinement))
    shapes = await asyncio.to_thread(_shapes, mask, asked.params.epsilon_factor)
    return Response(Drawn(data=Shapes(shapes=shapes)).model_dump_json(), media_type="application/json")


def _shapes(mask: Seen, epsilon_factor: float) -> list[Shape]:
    rings = [keyholed(outline).tolist() for outline in outlines(mask.solid, EPSILON_PX, epsilon_factor)]
    return [Shape(points=[*ring, ring[0]], score=mask.confidence) for ring in rings]


def _no_model(name: str) -> Response:
    return _refusal(HTTPStatus.NOT_FOUND, "MODEL_NOT_FOUND", f"There is no model {name[:100]}; there is {MODEL}.")


def _code(error: RematteError) -> str:
    if isinstance(error, Unauthorised):
        return "UNAUTHORIZED"
    return "INVALID_IMAGE" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "INFERENCE_ERROR"


def _refusal(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"success": False, "error": {"code": code, "message": message}}, status, headers)
