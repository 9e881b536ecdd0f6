"""The pictures of a batch, read whole and bounded: each with its place in the request, equal ones once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Request
from multipart import parse_options_header

from proxy.api.fields import Fields, refuse_coding
from proxy.api.form import FIELD, FORM_ROOM, FormParts
from proxy.api.service import Service, service_of
from proxy.api.submission import chunks_of, gathered, image_in_base64, json_object, told
from proxy.api.upload import image_too_large
from proxy.core.fingerprint import Image
from proxy.errors import BadUpload, EmptyUpload, RematteError, UnsupportedUpload, UploadTooLarge

URL = f"{FIELD}_url"
LIST = f"{FIELD}s"
ONE = f"a text (an address) or an object with `{FIELD}` (base64) or `{URL}`"
_PERHAPS = f"if it is a picture, send it as `{FIELD}`"
NAME_LETTERS = 200
VALUES_FOR_ONE = 100
"""A picture in JSON has a few; addresses have commas too."""

Picture = Image | str | RematteError
"""Its bytes, its address, or why there is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the request a picture was, and what it is called there."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, however often it was sent."""

    picture: Picture
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """`said`: all that is no picture."""

    items: list[Item]
    said: Mapping[str, str]


@dataclass(slots=True)
class _Pictures:
    """In the order in which they came. A picture that is wrong is one too; too many of them are the request's fault."""

    service: Service
    found: list[tuple[str, Picture]] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, picture: Picture) -> None:
        most = self.service.batch.max_images
        if len(self.found) == most:
            raise UploadTooLarge(f"A batch may have {most} pictures here, and this one has more; send several.")
        self.found.append((name[:NAME_LETTERS] or f"{FIELD}-{len(self.found)}", picture))

    async def grouped(self) -> Batch:
        """Raises EmptyUpload."""
        if not self.found:
            raise EmptyUpload(f"No picture came; send `{FIELD}` and `{URL}` in a form, or a JSON list `{LIST}`.")
        items: dict[object, tuple[Picture, list[Place]]] = {}
        for index, (name, picture) in enumerate(self.found):
            key: object = index
            if isinstance(picture, str):
                key = picture
            elif isinstance(picture, Image):
                key = bytes.fromhex(await picture.digest())
            items.setdefault(key, (picture, []))[1].append(Place(index, name))
        return Batch([Item(picture, tuple(places)) for picture, places in items.values()], self.said)


async def batch_in(request: Request, fields: Fields) -> Batch:
    """Reads the body. Raises BadUpload and its kinds for what is wrong with the whole; ClientDisconnect."""
    pictures = _Pictures(service_of(request))
    refuse_coding(fields)
    media_type, options = parse_options_header(fields.get("content-type", ""))
    if media_type == "multipart/form-data":
        await _read_form(request, options.get("boundary", ""), pictures)
    elif media_type == "application/json":
        await _read_json(request, pictures)
    else:
        raise UnsupportedUpload("A batch is a `multipart/form-data` form or JSON (`application/json`).")
    return await pictures.grouped()


async def _read_form(request: Request, boundary: str, pictures: _Pictures) -> None:
    service = pictures.service
    most = service.batch.max_images
    parts, part = FormParts(boundary, max_parts=most + FORM_ROOM // 1024), _Part("", "", service)
    left = service.batch.max_bytes + FORM_ROOM
    async for chunk in chunks_of(request.receive):
        left -= len(chunk)
        if left < 0:
            raise _too_many_bytes(service)
        for name, piece in parts.feed(chunk):
            if not piece:
                part.close(pictures)
                part = _Part(name, parts.filename, service)
            part.feed(piece)
    parts.finish()
    part.close(pictures)


class _Part:
    """One field of a form. A picture that is too large is read over: the others are still wanted."""

    def __init__(self, name: str, filename: str, service: Service) -> None:
        self._name = name
        self._filename = filename
        self._most = service.max_image_bytes if name == FIELD else FORM_ROOM
        self._content = service.new_fingerprinter()
        self._is_too_large = False

    def feed(self, piece: bytes) -> None:
        self._is_too_large = self._is_too_large or self._content.size + len(piece) > self._most
        if piece and not self._is_too_large:
            self._content.feed(bytes(piece))

    def close(self, pictures: _Pictures) -> None:
        """Raises BadUpload for a text that cannot be read."""
        if self._name == FIELD:
            pictures.add(self._filename, self._picture())
        elif self._is_too_large:
            raise UploadTooLarge(f"The field `{self._name[:50]}` has more than {FORM_ROOM:,} bytes; {_PERHAPS}.")
        elif self._name == URL:
            pictures.add(_name_of(self._text()), self._text())
        elif self._name:
            pictures.said[self._name] = self._text()

    def _picture(self) -> Picture:
        if self._is_too_large:
            return image_too_large(self._most)
        return self._content.finish() if self._content.size else EmptyUpload("The file is empty.")

    def _text(self) -> str:
        try:
            return b"".join(self._content.finish().chunks).decode()
        except UnicodeDecodeError:
            raise BadUpload(f"The field `{self._name[:50]}` is no text in UTF-8; {_PERHAPS}.") from None


async def _read_json(request: Request, pictures: _Pictures) -> None:
    service = pictures.service
    room = service.batch.max_bytes * 4 // 3 + FORM_ROOM
    body = await gathered(request.receive, room, _too_many_bytes(service))
    members = await asyncio.to_thread(json_object, body, VALUES_FOR_ONE * (service.batch.max_images + 1))
    listed = members.pop(LIST, None)
    if not isinstance(listed, list):
        raise BadUpload(f"The member `{LIST}` is no list; send one, each picture in it {ONE}.")
    for entry in listed:
        pictures.add(*await _entry(entry, service))
    pictures.said.update({name: told(name, value) for name, value in members.items() if value is not None})


async def _entry(entry: object, service: Service) -> tuple[str, Picture]:
    """Name and picture."""
    if isinstance(entry, str):
        return _name_of(entry), entry
    said = entry if isinstance(entry, dict) else {}
    ways = [(way, said[way]) for way in (FIELD, URL) if isinstance(said.get(way), str)]
    name = said["name"] if isinstance(said.get("name"), str) else ""
    if len(ways) != 1 or said.keys() - {FIELD, URL, "name"}:
        return name, BadUpload(f"This is no picture: send {ONE}, and perhaps a `name`.")
    way, text = ways[0]
    if way == URL:
        return name or _name_of(text), text
    try:
        image = await image_in_base64(text, service)
    except RematteError as error:
        return name, error
    return name, image if image.size else EmptyUpload("The picture is empty.")


def _name_of(url: str) -> str:
    """What comes last in the path; what is no address is refused when it is its turn."""
    try:
        return urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        return ""


def _too_many_bytes(service: Service) -> UploadTooLarge:
    return UploadTooLarge(
        f"A batch may have {service.batch.max_bytes:,} bytes here, and this one has more; send several."
    )
