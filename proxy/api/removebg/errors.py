"""remove.bg's errors: `{"errors": [{"title", "code", "detail"}]}`, whatever went wrong and wherever.

Every client reads `errors[0].title`. A bad input is a 400 there, also where HTTP has a closer number for it.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from proxy.api.fields import fields_of
from proxy.api.keys import key_of
from proxy.api.problems import Failure, Refusal
from proxy.errors import (
    BadImage,
    RematteError,
    TooManyPixels,
    Unauthorised,
    UnsupportedUpload,
    UploadTooLarge,
)

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}

TITLES: Mapping[str, str] = {
    "missing_source": "No image given",
    "multiple_sources": "Multiple image sources given",
    "multiple_bg_sources": "Multiple background sources given",
    "file_too_large": "File too large",
    "invalid_file_type": "Invalid file type",
    "failed_to_read_image": "Failed to read image",
    "invalid_dimensions": "Invalid image dimensions",
    "resolution_too_high": "Image resolution too high",
    "failed_image_download": "Failed to download image from given image_url",
    "failed_bg_download": "Failed to download image from given bg_image_url",
    "invalid_image_url": "Invalid image_url given",
    "invalid_bg_image_url": "Invalid bg_image_url given",
    "unknown_foreground": "Could not identify foreground in image",
    "invalid_size": "Invalid size parameter given",
    "invalid_format": "Invalid format parameter given",
    "invalid_channels": "Invalid channels parameter given",
    "invalid_bg_color": "Invalid bg_color parameter given",
    "invalid_crop": "Invalid crop parameter given",
    "invalid_crop_margin": "Invalid crop_margin parameter given",
    "invalid_position": "Invalid position parameter given",
    "invalid_scale": "Invalid scale parameter given",
    "invalid_roi": "Invalid roi parameter given",
    "roi_region_empty": "The roi region is empty",
    "roi_exceeds_bounds": "The roi region exceeds the image bounds",
    "invalid_semitransparency": "Invalid semitransparency parameter given",
    "invalid_add_shadow": "Invalid add_shadow parameter given",
    "invalid_shadow_opacity": "Invalid shadow_opacity parameter given",
}
"""By code; what is remarkable about the case at hand is the detail."""

TOLD_WHOLE = frozenset({
    "failed_image_download",
    "failed_bg_download",
    "file_too_large",
    "invalid_file_type",
    "resolution_too_high",
})  # fmt: skip
"""Their detail is in the title too, as remove.bg does it: many clients show nothing else."""


class Fault(NamedTuple):
    """One thing that is wrong with a request. `code` is one of `TITLES`."""

    code: str
    detail: str


class Refused(Refusal):
    """The request has these faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


def refusal(refused: Refused) -> Response:
    return _errors(HTTPStatus.BAD_REQUEST, map(_told, refused.faults))


def shape(request: Request, failure: Failure) -> Response:
    """What was refused before the door saw it, or failed behind it."""
    if isinstance(failure.error, Unauthorised):
        return _forbidden(key_of(fields_of(request.scope)))
    if fault := _fault(failure.error):
        return refusal(Refused(fault))
    if failure.error is not None and failure.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _errors(HTTPStatus.BAD_REQUEST, [{"title": failure.title, "detail": failure.detail}])
    return _errors(failure.status, [{"title": failure.title, "detail": failure.detail}], failure.headers)


def _forbidden(key: str | None) -> Response:
    """403 as there, and never 401."""
    error = {"title": "API Key invalid", "code": "auth_failed"} if key else {"title": "Missing API Key"}
    return _errors(HTTPStatus.FORBIDDEN, [error])


def _fault(error: RematteError | None) -> Fault | None:
    """None for what remove.bg has no code for."""
    match error:
        case TooManyPixels():
            return Fault("resolution_too_high", str(error))
        case BadImage():
            return Fault("failed_to_read_image", str(error))
        case UploadTooLarge():
            return Fault("file_too_large", str(error))
        case UnsupportedUpload():
            return Fault("missing_source", str(error))
    return None


def _told(fault: Fault) -> dict[str, str]:
    title = TITLES[fault.code] + (f": {fault.detail}" if fault.code in TOLD_WHOLE else "")
    return {"title": title, "code": fault.code, "detail": fault.detail}


def _errors(status: int, errors: Iterable[Mapping[str, str]], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"errors": list(errors)}, status, {**(headers or {}), **CORS})
