"""A request's body as named fields, whichever of three ways they came: a form, a URL-encoded form, or JSON.

What other servers' dialects take. An image in a form is fingerprinted while it streams in, as anywhere else.
"""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from multipart import parse_options_header
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from proxy.api.fields import Fields, refuse_coding
from proxy.api.form import FORM_ROOM, MAX_PARTS, FormParts
from proxy.api.service import Service
from proxy.api.upload import image_too_large
from proxy.core.fingerprint import Fingerprinter, Image
from proxy.errors import BadUpload, UnsupportedUpload, UploadTooLarge

T = TypeVar("T")

MAX_VALUES = 1000
"""Of a JSON body: far more than there are fields, commas in their texts included."""
INLINE_BYTES = 64 * 1024
"""Up to here a thread costs more than to take a body apart."""
_BLANKS = str.maketrans({" ": "+", "\r": None, "\n": None, "\t": None})
"""In base64 there are no blanks but those that a form makes of a `+` whose sender did not escape it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """By field. What is empty is not there; of two texts of one name the last one counts."""

    images: Mapping[str, Image]
    texts: Mapping[str, str]


async def submission(receive: Receive, fields: Fields, service: Service, files: Collection[str]) -> Submission:
    """`files`: the fields of a form that are image files; all others are texts.

    Raises BadUpload and its kinds; ClientDisconnect when the caller leaves in mid-body.
    """
    refuse_coding(fields)
    declared = fields.get("content-length", "")
    if declared.isdecimal() and int(declared) > _text_room(service) + len(files) * service.max_image_bytes:
        raise image_too_large(service.max_image_bytes)
    media_type, options = parse_options_header(fields.get("content-type", ""))
    if media_type == "multipart/form-data":
        return await _form(receive, options.get("boundary", ""), service, files)
    if media_type in _READERS:
        body = await gathered(receive, _text_room(service), image_too_large(service.max_image_bytes))
        texts = await aside(len(body), lambda: _READERS[media_type](body))
        return Submission({}, {name: text for name, text in texts.items() if text})
    came = f"A body of type `{media_type}` is not read here" if media_type else "The request has no Content-Type"
    raise UnsupportedUpload(f"{came}; send `multipart/form-data`, `application/x-www-form-urlencoded` or JSON.")


def holds_fields(fields: Fields) -> bool:
    """Whether the body is one of the three: told at a glance, since hits are asked."""
    return fields.get("content-type", "").lower().startswith(_KINDS)


async def image_in_base64(text: str, service: Service) -> Image:
    """A data URL's head is passed over, and so are breaks of the line and missing padding. Raises BadUpload."""
    data = await aside(len(text), lambda: _decoded(text))
    if len(data) > service.max_image_bytes:
        raise image_too_large(service.max_image_bytes)
    return image_of(data, service)


def image_of(data: bytes, service: Service) -> Image:
    """The image whose bytes are all here already, named as if it had been uploaded."""
    fingerprinter = service.new_fingerprinter()
    fingerprinter.feed(data)
    return fingerprinter.finish()


async def _form(receive: Receive, boundary: str, service: Service, files: Collection[str]) -> Submission:
    parts, gathered = FormParts(boundary), _Gathered(service, files)
    async for chunk in chunks_of(receive):
        for field, piece in parts.feed(chunk):
            gathered.add(field, piece)
    parts.finish()
    return gathered.submission()


class _Gathered:
    """What has come of a form."""

    def __init__(self, service: Service, files: Collection[str]) -> None:
        self._service = service
        self._files = files
        self._images: dict[str, Fingerprinter] = {}
        self._texts: dict[str, list[bytes]] = {}
        self._room = _text_room(service)

    def add(self, field: str, piece: bytes) -> None:
        """A piece without bytes begins a part."""
        if field in self._files:
            self._add_to_image(field, piece)
        elif not piece:
            self._texts[field] = []
        else:
            self._room -= len(piece)
            if self._room < 0:
                raise image_too_large(self._service.max_image_bytes)
            self._texts[field].append(bytes(piece))

    def _add_to_image(self, field: str, piece: bytes) -> None:
        image = self._images.setdefault(field, self._service.new_fingerprinter())
        if image.size and not piece:
            raise BadUpload(f"The form has two files in the field `{field}`; send one.")
        if image.size + len(piece) > self._service.max_image_bytes:
            raise image_too_large(self._service.max_image_bytes)
        if piece:
            image.feed(piece)

    def submission(self) -> Submission:
        images = {field: image.finish() for field, image in self._images.items() if image.size}
        texts = {field: self._text(field, b"".join(pieces)) for field, pieces in self._texts.items() if pieces}
        return Submission(images, texts)

    def _text(self, field: str, data: bytes) -> str:
        """Raises BadUpload; it is mostly an image in a field of another name."""
        try:
            return data.decode()
        except UnicodeDecodeError:
            files = " or ".join(f"`{name}`" for name in self._files)
            raise BadUpload(
                f"The field `{field[:50]}` is no text in UTF-8; if it is a picture, send it as {files}."
            ) from None


async def aside(size: int, work: Callable[[], T]) -> T:
    """In a thread where it pays: up to `INLINE_BYTES` it would cost more than the work."""
    return await asyncio.to_thread(work) if size > INLINE_BYTES else work()


async def gathered(receive: Receive, room: int, excess: UploadTooLarge) -> bytearray:
    """A body of up to `room` bytes, not copied once more. Raises `excess` for one that has more; ClientDisconnect."""
    body = bytearray()
    async for chunk in chunks_of(receive):
        body += chunk
        if len(body) > room:
            raise excess
    return body


async def chunks_of(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk


def _text_room(service: Service) -> int:
    """Bytes that all texts may have together: an image in base64, and as much as a form may have beside it."""
    return service.max_image_bytes * 4 // 3 + FORM_ROOM


def _decoded(text: str) -> bytes:
    head, _, data = text.partition(",") if text.startswith("data:") else ("", "", text)
    data = data.translate(_BLANKS).rstrip("=")
    try:
        return b64decode(data + "=" * (-len(data) % 4), validate=True)
    except ValueError:
        raise BadUpload(f"The image is not in base64: it begins with `{(head or data)[:20]}`.") from None


def json_object(body: bytearray, most: int = MAX_VALUES) -> dict[str, Any]:
    """Raises BadUpload for what is no object, or no JSON: UTF-8, with no half of a surrogate pair (RFC 7493, 2.1); and
    for more than `most` values, counted before they are made: `[],` is three bytes, and sixty in memory."""
    if body.count(b",") > most:
        raise BadUpload(f"The body's JSON has more than {most:,} commas; nothing that is asked here needs so many.")
    try:
        members = from_json(body)
    except ValueError as error:
        raise BadUpload(f"The body is no JSON: {error}.") from None
    if not isinstance(members, dict):
        raise BadUpload("The body's JSON is no object; send one with a member for each field.")
    return members


def _from_json(body: bytearray) -> dict[str, str]:
    members = json_object(body)
    return {name: told(name, value) for name, value in members.items() if value is not None}


def told(name: str, value: object) -> str:
    """As a form would say it. Raises BadUpload for what it could not say."""
    if isinstance(value, dict | list):
        raise BadUpload(f"The member `{name[:50]}` is neither a text nor a number nor true nor false.")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _from_url_encoded(body: bytearray) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MAX_PARTS))
    except UnicodeDecodeError:
        raise BadUpload(
            "The body is no URL-encoded form, as its Content-Type says (curl says so unasked); a picture wants "
            "`image/jpeg` or alike, or a form of type `multipart/form-data`."
        ) from None
    except ValueError as error:
        raise BadUpload(f"The form is malformed: {error}.") from None


_KINDS = ("multipart/form-data", "application/json", "application/x-www-form-urlencoded")
_READERS: Mapping[str, Callable[[bytearray], dict[str, str]]] = {
    "application/json": _from_json,
    "application/x-www-form-urlencoded": _from_url_encoded,
}
