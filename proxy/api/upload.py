"""An image that is a request's whole body, fingerprinted while it streams in."""

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from proxy.api.content_digest import announced_sha256
from proxy.api.fields import Fields, refuse_coding
from proxy.api.form import FIELD
from proxy.api.service import Service
from proxy.core.fingerprint import Image
from proxy.errors import DigestMismatch, EmptyUpload, UnsupportedUpload, UploadTooLarge

REMEDY = (
    "send the image file as the body with a Content-Type of `image/jpeg`, `image/png` or alike, "
    f"or a form (or JSON) with the field `{FIELD}` or `{FIELD}_url`"
)


class Upload:
    """An image on its way. Made from the request's head alone; not a byte of the body is read before `receive`."""

    def __init__(self, fields: Fields, service: Service) -> None:
        """Raises BadUpload and its kinds for what the head already says is wrong."""
        self._fingerprinter, self._limit = service.new_fingerprinter(), service.max_image_bytes
        _refuse_what_is_no_image(fields)
        self.digest = announced_sha256(fields)
        declared = fields.get("content-length", "")
        if declared.isdecimal():
            self._check(int(declared))

    async def receive(self, receive: Receive) -> Image:
        """Raises BadUpload and its kinds; ClientDisconnect when the caller leaves in mid-body."""
        await self._read(receive)
        if not self._fingerprinter.size:
            raise EmptyUpload(f"No image came; {REMEDY}.")
        image = self._fingerprinter.finish()
        if self.digest and (came := await image.digest()) != self.digest:
            raise DigestMismatch(f"The body has the SHA-256 {came}, and not {self.digest}; send it again.")
        return image

    async def _read(self, receive: Receive) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk, more = message.get("body", b""), message.get("more_body", False)
            self._check(self._fingerprinter.size + len(chunk))
            self._fingerprinter.feed(chunk)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise image_too_large(self._limit)


def image_too_large(limit: int) -> UploadTooLarge:
    return UploadTooLarge(f"An image may have {limit:,} bytes here, and this one has more; send a smaller file.")


def _refuse_what_is_no_image(fields: Fields) -> None:
    refuse_coding(fields)
    media_type = fields.get("content-type", "").partition(";")[0].strip().lower()
    if not (media_type.startswith("image/") or media_type == "application/octet-stream"):
        came = f"A body of type `{media_type}` is not read here" if media_type else "The request has no Content-Type"
        raise UnsupportedUpload(f"{came}; {REMEDY}.")
