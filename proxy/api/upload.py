"""The image in a request: a raw body or a form's field, fingerprinted while it streams in."""

from collections.abc import AsyncIterator

from fastapi import Request
from multipart import parse_options_header

from proxy.api.content_digest import announced_sha256
from proxy.api.form import FIELD, ImageField
from proxy.api.service import Service
from proxy.core.fingerprint import Image
from proxy.errors import DigestMismatch, EmptyUpload, UnsupportedUpload, UploadTooLarge

FORM_ROOM = 64 * 1024
"""Bytes that a form may have beside its image: boundaries, part headers, small fields."""
REMEDY = (
    "send the image file as the body with a Content-Type of `image/jpeg`, `image/png` or alike, "
    f"or a `multipart/form-data` form with the field `{FIELD}`"
)


class Upload:
    """An image on its way. Made from the request's head alone; not a byte of the body is read before `receive`."""

    def __init__(self, request: Request, service: Service) -> None:
        """Raises BadUpload and its kinds for what the head already says is wrong."""
        self._fingerprinter, self._limit = service.new_fingerprinter(), service.max_image_bytes
        self._pieces, self.digest = _announced(request, self._limit)

    async def receive(self) -> Image:
        """Raises BadUpload and its kinds; ClientDisconnect when the caller leaves in mid-body."""
        async for piece in self._pieces:
            if self._fingerprinter.size + len(piece) > self._limit:
                raise _too_large(self._limit)
            self._fingerprinter.feed(piece)
        if not self._fingerprinter.size:
            raise EmptyUpload(f"No image came; {REMEDY}.")
        image = self._fingerprinter.finish()
        if self.digest and (came := await image.digest()) != self.digest:
            raise DigestMismatch(f"The body has the SHA-256 {came}, and not {self.digest}; send it again.")
        return image


def _announced(request: Request, limit: int) -> tuple[AsyncIterator[bytes], str | None]:
    """The image's bytes, and its SHA-256 if the caller says it. A form's digest is not its image's."""
    _refuse_coding(request)
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type == "multipart/form-data":
        return _field(ImageField(options.get("boundary", "")), _body(request, limit + FORM_ROOM)), None
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        return _body(request, limit), announced_sha256(request)
    came = f"A body of type `{media_type}` is not read here" if media_type else "The request has no Content-Type"
    raise UnsupportedUpload(f"{came}; {REMEDY}.")


def _refuse_coding(request: Request) -> None:
    coding = request.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise UnsupportedUpload(f"The body has the Content-Encoding `{coding}`; send the image file as it is.")


async def _field(field: ImageField, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in body:
        for piece in field.feed(chunk):
            yield piece
    field.finish()


def _body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """What has too much to come is refused before it is read; what does not say so, when it has come."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    return _limited(request.stream(), limit)


async def _limited(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    taken = 0
    async for chunk in body:
        taken += len(chunk)
        if taken > limit:
            raise _too_large(limit)
        if chunk:
            yield chunk


def _too_large(limit: int) -> UploadTooLarge:
    return UploadTooLarge(f"An image may have {limit:,} bytes here, and this upload has more; send a smaller file.")
