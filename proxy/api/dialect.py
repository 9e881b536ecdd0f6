"""What the doors for other servers' clients have in common: one image in, one prediction out, within its time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from proxy.api.counted import Counted
from proxy.api.departure import while_connected
from proxy.api.fields import Fields
from proxy.api.problems import said
from proxy.api.service import service_of
from proxy.api.submission import Submission
from proxy.api.terms import terms_of
from proxy.core.fingerprint import Image
from proxy.core.predictor import Prediction
from proxy.core.types import Renderer
from proxy.errors import BadUpload, DeadlinePassed

V = TypeVar("V")


class Wanted(BaseModel):
    """The fields that a dialect knows; others are passed over, as its own server does."""

    model_config = ConfigDict(frozen=True, extra="ignore")


W = TypeVar("W", bound=Wanted)


def wanted(model: type[W], texts: Mapping[str, str]) -> W:
    """Raises BadUpload for the first value that is not understood."""
    try:
        return model.model_validate(texts)
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadUpload(f"{fault['loc'][0]}: {said(fault['msg'])}") from None


def wants_json(fields: Fields) -> bool:
    """A list with `*/*` in it is what an HTTP library sends unasked (axios: `application/json, text/plain, */*`), and
    whoever calls through it expects the file: so it is where Rails reads such lists."""
    accept = fields.get("accept", "")
    return "application/json" in accept and "*/*" not in accept


def file_in(came: Submission, field: str) -> Image:
    """The form's image. Raises BadUpload."""
    if field not in came.images:
        raise BadUpload(f"The form has no field `{field}`; send the image file as one: curl -F {field}=@photo.jpg.")
    return came.images[field]


class Deadline:
    """A caller's time, which several steps of the work share."""

    def __init__(self, seconds: float) -> None:
        """It begins now."""
        self._seconds = seconds
        self._at = asyncio.get_running_loop().time() + seconds

    async def within(self, work: Awaitable[V]) -> V:
        """Raises DeadlinePassed. What the model still finishes is kept."""
        try:
            async with asyncio.timeout_at(self._at) as deadline:
                return await work
        except TimeoutError:
            if not deadline.expired():
                raise
            late = f"There was no answer within {self._seconds:g} seconds"
            raise DeadlinePassed(f"{late}; try again later.") from None


def _let_pass(_: Prediction) -> None:
    pass


async def prediction_of(
    request: Request,
    fields: Fields,
    image: Image,
    renderer: Renderer,
    deadline: Deadline | None = None,
    check: Callable[[Prediction], None] = _let_pass,
) -> Prediction:
    """As on our own doors: on the caller's terms, counted, and for as long as they stay. The body must have been read.

    Raises RematteError, and what `check` does; ClientDisconnect when the caller leaves.
    """
    service = service_of(request)

    async def waiting(work: Awaitable[Prediction]) -> Prediction:
        watched = while_connected(request, work)
        return await (deadline.within(watched) if deadline else watched)

    with Counted(service.metrics, request.scope["path"]):
        prediction = await service.predictor.predict(image, renderer, terms_of(fields), waiting)
        check(prediction)
        return prediction
