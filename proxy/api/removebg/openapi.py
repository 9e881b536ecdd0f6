"""What `/openapi.json` says of remove.bg's doors: the fields as their model describes them."""

from typing import Any

from proxy.api.openapi_examples import failures, reason, told
from proxy.api.removebg.answers import FOREGROUND
from proxy.api.removebg.errors import TITLES
from proxy.api.removebg.wishes import Wishes

Json = dict[str, Any]

_BINARY: Json = {"type": "string", "format": "binary"}
_TEXT: Json = {"type": "string"}
_FILES: Json = {
    "image_file": _BINARY | {"description": "The image file (forms alone)."},
    "bg_image_file": _BINARY | {"description": "A picture that goes behind the subject, covering (forms alone)."},
}
_SOURCES: Json = {
    "image_file_b64": _TEXT | {"description": "The image file in base64."},
    "image_url": _TEXT | {"description": "Where the image is: http or https, on the public internet."},
    "bg_image_url": _TEXT | {"description": "Where the picture is that goes behind the subject."},
}
_HEADERS = (
    "X-Width",
    "X-Height",
    "X-Max-Width",
    "X-Max-Height",
    "X-Type",
    "X-Foreground-Top",
    "X-Foreground-Left",
    "X-Foreground-Width",
    "X-Foreground-Height",
    "X-Credits-Charged",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Cache-Control",
    "Cache-Status",
    "ETag",
    "Server-Timing",
    "X-Image-Digest",
    "X-Model-Version",
    "X-Request-Id",
)


def _fields() -> Json:
    wished = {
        name: _TEXT | {"description": field.description or ""} for name, field in Wishes.model_fields.items()
    }  # fmt: skip
    return _SOURCES | wished


def _object(properties: Json) -> Json:
    return {"schema": {"type": "object", "properties": properties}}


def _example(media_type: Json, **fields: str) -> Json:
    return media_type | {"example": fields}


def _error(title: str, *, code: str | None = None, detail: str | None = None) -> Json:
    told_of = {"title": title, "code": code, "detail": detail}
    return {"errors": [{name: text for name, text in told_of.items() if text}]}


_CODES = ", ".join(f"`{code}`" for code in TITLES)
_TITLES = {
    400: _error("No image given", code="missing_source", detail="Send one of image_file, image_url."),
    403: _error("API Key invalid", code="auth_failed"),
    500: _error("Something went wrong inside Rematte", detail=reason(500)),
    502: _error("The model server failed on this image", detail=reason(502)),
    503: _error("Too many images are waiting", detail=reason(503)),
    504: _error("The mask was not ready in time", detail=reason(504)),
}
_FAILURES = failures((400, 403, 500, 502, 503, 504), _TITLES.__getitem__)
_FAILURES[400]["description"] = f"Bad input. Codes: {_CODES}."
_IN_JSON = {"data": {"result_b64": "iVBORw0KGgo…"} | dict.fromkeys(FOREGROUND, 0)}
_FILE_TYPES = ("image/png", "image/jpeg", "image/webp", "application/zip")
_REMOVED: Json = {
    "description": "The image without its background.",
    "headers": {name: {"schema": _TEXT} for name in _HEADERS},
    "content": {
        **{media_type: {"schema": _BINARY} for media_type in _FILE_TYPES},
        **told("", _IN_JSON)["content"],
    },
}


def _body(**more: Json) -> Json:
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": _object(_FILES | _fields() | more),
                "application/x-www-form-urlencoded": _object(_fields() | more),
                "application/json": _example(
                    _object(_fields() | more), image_url="https://images.example/cat.jpg", size="auto"
                ),
            },
        }
    }


REMOVE: Json = {"openapi_extra": _body(), "responses": _FAILURES | {200: _REMOVED}}
ACCOUNT: Json = {
    "responses": {
        200: told(
            "The account.",
            {
                "data": {
                    "attributes": {
                        "credits": {"subscription": 0.0, "payg": 0.0, "enterprise": 1e6, "total": 1e6},
                        "api": {"free_calls": 0, "sizes": "all"},
                    }
                }
            },
        ),
        403: _FAILURES[403],
    },
}
_PATH = {"image_filename": _TEXT, "tag": _TEXT}
IMPROVE: Json = {
    "openapi_extra": _body(**_PATH),
    "responses": {
        200: told("Received.", {"id": "0b4e4f0c-7d3c-4b7e-9b64-4c6f6f0d6b1e"}),
        400: _FAILURES[400],
        403: _FAILURES[403],
        500: _FAILURES[500],
    },
}
