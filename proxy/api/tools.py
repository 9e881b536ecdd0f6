"""What the doors for annotation tools have in common: a JSON body in; an image in, its yes/no mask out."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from proxy.api.counted import Counted
from proxy.api.fields import fields_of
from proxy.api.problems import said
from proxy.api.service import service_of
from proxy.api.submission import aside, gathered
from proxy.api.terms import terms_of
from proxy.core.fingerprint import Image
from proxy.errors import BackendAway, BadUpload, EmptyUpload, UploadTooLarge
from proxy.imaging.mask_formats import MaskFile, solid_in
from proxy.imaging.refinement import AS_IT_IS, Refinement
from proxy.imaging.run_lengths import Solid

Body = TypeVar("Body", bound=BaseModel)

BASE64_ROOM = 2
"""A body that holds an image in base64 has a third more bytes; and there is something beside it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`confidence` 0 to 1."""

    solid: Solid
    confidence: float
    model_version: str


async def read(request: Request, model: type[Body]) -> Body:
    """The request's JSON. Raises BadUpload, UploadTooLarge; ClientDisconnect."""
    room = service_of(request).max_image_bytes * BASE64_ROOM
    excess = UploadTooLarge(f"A request may have {room:,} bytes here, and this one has more; send fewer images.")
    body = await gathered(request.receive, room, excess)
    try:
        return await aside(len(body), lambda: model.model_validate_json(body))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'body'}: {said(fault['msg'])}" for fault in error.errors()[:3])
        raise BadUpload(f"The request is not what this door reads: {'; '.join(faults)}.") from None


async def seen(request: Request, image: Image, refinement: Refinement = AS_IT_IS) -> Seen:
    """On the caller's terms, counted, as large as the upright image. Raises RematteError."""
    service = service_of(request)
    if not image.size:
        raise EmptyUpload("The image has no bytes.")
    terms = terms_of(fields_of(request.scope))
    with service.drain, Counted(service.metrics, request.scope["path"]):
        prediction = await service.predictor.predict(image, MaskFile("png1", refinement), terms)
    rendered = prediction.rendered
    solid = await asyncio.to_thread(solid_in, rendered.body)
    return Seen(solid, min(max(rendered.confidence, 0.0), 1.0), rendered.model_version)


def live_version(request: Request) -> str:
    """From memory: nobody is asked. Raises BackendAway before there was a model."""
    model = service_of(request).readiness().model
    if model is None:
        raise BackendAway("No model has been ready yet; try again in a moment.")
    return model.version
