"""The image in a request: a raw body or a form's field, fingerprinted while it streams in."""

from collections.abc import Iterable

from multipart import parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from proxy.api.content_digest import announced_sha256
from proxy.api.fields import Fields
from proxy.api.form import FIELD, ImageField
from proxy.api.service import Service
from proxy.core.fingerprint import Image
from proxy.errors import DigestMismatch, EmptyUpload, UnsupportedUpload, UploadTooLarge

REMEDY = (
    "send the image file as the body with a Content-Type of `image/jpeg`, `image/png` or alike, "
    f"or a `multipart/form-data` form with the field `{FIELD}`"
)


class _Raw:
    """A body that is the image itself."""

    room = 0

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        return (chunk,)

    def finish(self) -> None:
        pass


class Upload:
    """An image on its way. Made from the request's head alone; not a byte of the body is read before `receive`."""

    def __init__(self, fields: Fields, service: Service) -> None:
        """Raises BadUpload and its kinds for what the head already says is wrong."""
        self._fingerprinter, self._limit = service.new_fingerprinter(), service.max_image_bytes
        self._parts, self.digest = _announced(fields)
        declared = fields.get("content-length", "")
        if declared.isdecimal():
            self._check(int(declared) - self._parts.room)

    async def receive(self, receive: Receive) -> Image:
        """Raises BadUpload and its kinds; ClientDisconnect when the caller leaves in mid-body."""
        await self._read(receive)
        self._parts.finish()
        if not self._fingerprinter.size:
            raise EmptyUpload(f"No image came; {REMEDY}.")
        image = self._fingerprinter.finish()
        if self.digest and (came := await image.digest()) != self.digest:
            raise DigestMismatch(f"The body has the SHA-256 {came}, and not {self.digest}; send it again.")
        return image

    async def _read(self, receive: Receive) -> None:
        taken, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk, more = message.get("body", b""), message.get("more_body", False)
            taken += len(chunk)
            self._check(taken - self._parts.room)
            for piece in self._parts.feed(chunk):
                self._check(self._fingerprinter.size + len(piece))
                self._fingerprinter.feed(piece)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise UploadTooLarge(
                f"An image may have {self._limit:,} bytes here, and this upload has more; send a smaller file."
            )


def _announced(fields: Fields) -> tuple[ImageField | _Raw, str | None]:
    """Where in the body the image is, and its SHA-256 if the caller says it. A form's digest is not its image's."""
    coding = fields.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise UnsupportedUpload(f"The body has the Content-Encoding `{coding}`; send the image file as it is.")
    declared = fields.get("content-type", "")
    media_type, options = parse_options_header(declared)
    if media_type == "multipart/form-data":
        return ImageField(options.get("boundary", "")), None
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        return _Raw(), announced_sha256(fields)
    came = f"A body of type `{media_type}` is not read here" if media_type else "The request has no Content-Type"
    raise UnsupportedUpload(f"{came}; {REMEDY}.")
