"""What a request asks for and with which picture, wherever it says so: in the query, in a form's fields, in JSON."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from proxy.api.cutout_options import CutoutOptions
from proxy.api.departure import while_connected
from proxy.api.fields import Fields
from proxy.api.form import FIELD
from proxy.api.mask_options import MaskOptions
from proxy.api.refinement_options import Options
from proxy.api.service import service_of
from proxy.api.submission import Submission, holds_fields, image_in_base64, image_of, submission
from proxy.api.upload import Upload
from proxy.core.fingerprint import Image
from proxy.core.types import Renderer
from proxy.errors import BadUpload, EmptyUpload
from proxy.imaging.backgrounds import Backdrop

BACKGROUND = "background"
WAYS = f"as the body, as `{FIELD}` (a file, or base64 in JSON), or its address as `{FIELD}_url`"

Q = TypeVar("Q", bound=Options)

_IMAGE_URL = "Where the image is: an http(s) address on the public internet. Instead of the image itself."


class MaskQuestion(MaskOptions):
    """Options of a mask, and where its image is if it is not sent."""

    image_url: str | None = Field(default=None, description=_IMAGE_URL, examples=["https://images.example/cat.jpg"])

    async def renderer_for(self, pictures: "Pictures", accept: str) -> Renderer:
        """Raises NotAcceptable."""
        return self.renderer(pictures.service, accept)


class CutoutQuestion(CutoutOptions):
    """Options of a cutout, and where its image and its background are if they are not sent."""

    image_url: str | None = Field(default=None, description=_IMAGE_URL, examples=["https://images.example/cat.jpg"])
    background_url: str | None = Field(
        default=None,
        description="Where a picture is that shall lie behind the subject, so large that it covers the answer. In a "
        f"form or in JSON, `{BACKGROUND}` may be the picture itself.",
    )

    async def renderer_for(self, pictures: "Pictures", accept: str) -> Renderer:
        """Raises NotAcceptable, BadUpload for two backgrounds, and what fetching may raise."""
        picture = await pictures.one(BACKGROUND, self.background_url)
        backdrop = Backdrop(await picture.digest(), picture) if picture else None
        return self.renderer(pictures.service, accept, backdrop)


Question = MaskQuestion | CutoutQuestion


@dataclass(frozen=True, slots=True)
class Asked:
    """`fetch_s`: the seconds of it all that other servers took."""

    image: Image
    renderer: Renderer
    fetch_s: float = 0.0


class Pictures:
    """A request's pictures. Each may come in one of three ways: as a file, as a text, as an address."""

    def __init__(self, request: Request, sent: Submission) -> None:
        self.service = service_of(request)
        self.fetch_s = 0.0
        self._request = request
        self._sent = sent

    async def one(self, name: str, url: str | None) -> Image | None:
        """None if it came in no way. Raises BadUpload if it came in two, and whatever fetching it may raise."""
        file, text = self._sent.images.get(name), self._sent.texts.get(name)
        if sum(way is not None for way in (file, text, url)) > 1:
            raise BadUpload(f"There is more than one `{name}`, here or at an address; send one.")
        if url is not None:
            return await self._fetched(url)
        return file if text is None else await image_in_base64(text, self.service)

    async def _fetched(self, url: str) -> Image:
        begun = time.perf_counter()
        try:
            return image_of(await while_connected(self._request, self.service.fetcher.fetch(url)), self.service)
        finally:
            self.fetch_s += time.perf_counter() - begun


async def asked_in(request: Request, fields: Fields, question: type[Question]) -> Asked:
    """Reads the body.

    Raises BadUpload and its kinds, BadUrl, DownloadFailed, NotAcceptable, RequestValidationError; ClientDisconnect.
    """
    files = [FIELD] if question is MaskQuestion else [FIELD, BACKGROUND]
    sent = await _sent(request, fields, files)
    told = {name: text for name, text in sent.texts.items() if name not in files}
    asked = merged(question, request.query_params, told)
    pictures = Pictures(request, sent)
    image = await pictures.one(FIELD, asked.image_url)
    if image is None or not image.size:
        raise EmptyUpload(f"No image came; send one {WAYS}.")
    renderer = await asked.renderer_for(pictures, fields.get("accept", ""))
    return Asked(image, renderer, pictures.fetch_s)


def merged(model: type[Q], query: Mapping[str, str], body: Mapping[str, str]) -> Q:
    """What query and body say together. Raises BadUpload where they contradict each other; RequestValidationError."""
    both, other = _validated(model, {**query, **body}), None
    for name in sorted(query.keys() & body.keys()):
        other = other or _validated(model, {**body, **query})
        if getattr(both, name) != getattr(other, name):
            raise BadUpload(
                f"`{name}` is `{query[name][:50]}` in the query and `{body[name][:50]}` in the body; say it once."
            )
    return both


def _validated(model: type[Q], said: Mapping[str, str]) -> Q:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from None


async def _sent(request: Request, fields: Fields, files: list[str]) -> Submission:
    service, receive = service_of(request), request.receive
    if holds_fields(fields):
        return await submission(receive, fields, service, files)
    if f"{FIELD}_url" in request.query_params:
        await _expect_nothing(receive)
        return Submission({}, {})
    return Submission({FIELD: await Upload(fields, service).receive(receive)}, {})


async def _expect_nothing(receive: Receive) -> None:
    """The body of a request whose query says all. Raises BadUpload, ClientDisconnect."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if message.get("body"):
            raise BadUpload(f"There is an image in the body and another at `{FIELD}_url`; send one.")
        more = message.get("more_body", False)
