"""Is the process alive, and can it be of use?"""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from proxy.api.openapi_examples import shown
from proxy.api.service import Readiness, service_of

router = APIRouter(tags=["health"])
FRESH = {"Cache-Control": "no-store"}


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class LiveModel(BaseModel):
    """The model that an image would meet now."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: str = Field(description="`<variant>-<8 hex digits of its weights and code>`.")


class Look(BaseModel):
    """One part looked at."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    ok: bool
    detail: str = Field(description="How it is, or what is wrong with it.")


class Ready(BaseModel):
    """Whether images can be sent."""

    status: Literal["starting", "ready", "degraded", "stopping"] = Field(
        description="`degraded`: known images are answered, new ones perhaps not."
    )
    degraded: list[str] = Field(description="What is away, one reason each.")
    model: LiveModel | None
    checks: list[Look] | None = Field(default=None, description="With `verbose`: each part, looked at now.")


STRICT = {
    "name": "strict",
    "in": "query",
    "allowEmptyValue": True,
    "description": "Takes `degraded` for not ready.",
    "schema": {"type": "string"},
}


VERBOSE = {
    "name": "verbose",
    "in": "query",
    "allowEmptyValue": True,
    "description": "Looks at each part, and at how Redis is set up.",
    "schema": {"type": "string"},
}
_READY = {"status": "ready", "degraded": [], "model": {"name": "inspyrenet", "version": "small-5d41402a"}}
UNREADY = "No model has been ready yet, the server is stopping, or `strict` and degraded."


@router.get(
    "/livez",
    operation_id="livez",
    summary="Is the process alive?",
    responses={200: shown("It is.", {"status": "alive"})},
)
async def livez(response: Response) -> Alive:
    """200 for as long as the process answers, whatever else is down."""
    response.headers.update(FRESH)
    return Alive()


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can images be sent?",
    openapi_extra={"parameters": [STRICT, VERBOSE]},
    response_model_exclude_unset=True,
    responses={
        200: shown("They can.", _READY),
        503: {"model": Ready} | shown(UNREADY, _READY | {"status": "starting", "model": None}),
    },
)
async def readyz(request: Request, response: Response) -> Ready:
    """503 until a worker of the model server has been ready once; 200 from then on, with what is away now, until the
    server is told to stop."""
    readiness = service_of(request).readiness()
    ready = Ready(status=_status(readiness), degraded=list(readiness.degraded), model=_model(readiness))
    if "verbose" in request.query_params:
        ready.checks = [Look.model_validate(check) for check in await service_of(request).checks()]
    if ready.status in {"starting", "stopping"} or (ready.status == "degraded" and "strict" in request.query_params):
        response.status_code = 503
    response.headers.update(FRESH)
    return ready


def _status(readiness: Readiness) -> Literal["starting", "ready", "degraded", "stopping"]:
    if readiness.stopping:
        return "stopping"
    if not readiness.ready:
        return "starting"
    return "degraded" if readiness.degraded else "ready"


def _model(readiness: Readiness) -> LiveModel | None:
    return LiveModel.model_validate(readiness.model) if readiness.model else None
