"""What the service says of itself: `/openapi.json`, and through it `/docs` and `/redoc`."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from itertools import groupby
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from proxy.api.form import FIELD
from proxy.api.problems import MEDIA_TYPE, Problem, problem_type
from proxy.errors import (
    BackendAway,
    BackendError,
    BackendSilent,
    BadImage,
    BadUpload,
    BadUrl,
    CacheAway,
    DeadlinePassed,
    DigestMismatch,
    DownloadFailed,
    DownloadTooSlow,
    EmptyUpload,
    NotAcceptable,
    NotCached,
    Overloaded,
    RefusedAddress,
    RematteError,
    SideTooLong,
    Stopping,
    TooManyPixels,
    Unauthorised,
    UnknownDigest,
    UnknownKey,
    UnsupportedUpload,
    UploadTooLarge,
)

Json = dict[str, Any]

SUMMARY = "Removes image backgrounds, and never computes the same picture twice."
DESCRIPTION = """
Send a picture, get the mask of what stands out in it, or the picture without its background. The mask is made by
InSPyReNet. Whoever sends the same bytes again gets the mask from the cache, within a millisecond or two; it stays there
until nobody has asked for it during 30 minutes. (`Cache-Control: no-cache`, which some tools send unasked, is always a
new inference.)

```sh
curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' http://localhost:8000/v1/mask -o mask.png
curl -F image=@photo.jpg http://localhost:8000/v1/cutout -o cutout.png
curl --json '{"image_url": "https://images.example/a.jpg", "format": "png"}' http://localhost:8000/v1/mask -o mask.png
```

**Images** are JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP, TIFF, JPEG 2000 or PPM files; the bytes decide, not the media
type.

**Formats** of a mask, polygons and run lengths among them, are named by `format` or by `Accept`; another one of a known
picture costs no inference.

**Known images** need no upload: ask `GET /v1/masks/{digest}` first, or send `Content-Digest` with
`Expect: 100-continue`. Whoever knows an image's SHA-256 is given what is kept for it.

**Headers** tell how an answer came about: `Cache-Status` (hit or miss), `Server-Timing` (where the time went),
`X-Image-Digest` (the image's name), `X-Model-Version` and `X-Mask-Confidence` (near 0: nothing stood out). A caller's
`X-Request-Id` of up to 64 letters, digits, `.`, `_`, `~` and `-` is kept; without one, a new one is made.

**Errors** are `application/problem+json` (RFC 9457); [/problems](/problems) lists their kinds. Sending an image
again is always safe.

**Keys** are asked for where `REMATTE_API_KEYS` is set: `X-API-Key`, or `Authorization: Bearer`.
"""
TAGS = [
    {"name": "predictions", "description": "An image in, a picture out."},
    {"name": "batches", "description": "Many images in, their answers out as they are ready."},
    {"name": "kept answers", "description": "A digest in, a picture out: no upload for what was sent before."},
    {
        "name": "remove.bg",
        "description": "For clients of remove.bg, whose API they speak: change the host, keep the code "
        "(docs/migrate-from-removebg.md).",
    },
    {"name": "rembg", "description": "For clients of `rembg s`."},
    {"name": "PhotoRoom", "description": "For clients of PhotoRoom's Remove Background API."},
    {"name": "Clipdrop", "description": "For clients of Clipdrop's Remove Background API."},
    {"name": "Label Studio", "description": "Its ML backend: tasks in, brushes out (docs/label-studio.md)."},
    {"name": "X-AnyLabeling", "description": "Its remote server: pictures in, polygons out (docs/x-anylabeling.md)."},
    {"name": "administration", "description": "Counting and forgetting, with `REMATTE_ADMIN_TOKEN`."},
    {"name": "health", "description": "For whoever starts, watches and balances."},
]

_BINARY = {"type": "string", "format": "binary"}
_CURL = """curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' \\
  http://localhost:8000/v1/{door} -o {door}.png"""
_PYTHON = """import httpx

with open("photo.jpg", "rb") as photo:
    answer = httpx.post("http://localhost:8000/v1/{door}", files={{"image": photo}}, timeout=60)
answer.raise_for_status()
with open("{door}.png", "wb") as result:
    result.write(answer.content)"""

_HEADERS: Mapping[str, tuple[str, str]] = {
    "Cache-Control": ("A mask may be corrected one day: ask again before you show a kept one.", "private, no-cache"),
    "Cache-Status": (
        "RFC 9211. `hit` with the seconds that the entry will live unread, and where it lay: `rendered` (finished), "
        "`pixels` (as the mask of another file that shows the same picture), or the tier of its mask. `fwd=miss`: the "
        "model was asked; `fwd=bypass`: as `no-cache` wanted; `stored`: the answer is kept now; `collapsed`: an "
        "earlier caller asked.",
        "rematte; hit; ttl=1800; detail=rendered",
    ),
    "ETag": ("Names image, model and output; the same in every replica.", '"9f2b4c1d8e7a60534b1f0c2d3e4a5b6c"'),
    "Server-Timing": (
        "Milliseconds spent on read, lookup, pixels (a second lookup: by the picture in the file), queue, infer and "
        "render, as far as they were needed; decode, network and encode are the model server's shares of infer.",
        'read;dur=0.412, lookup;dur=0.183;desc="redis"',
    ),
    "Vary": ("Without a `format`, the request's `Accept` decides.", "Accept"),
    "X-Image-Digest": (
        "SHA-256 of the image's bytes.",
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    ),
    "X-Mask-Confidence": ("Largest saliency before normalisation, 0 to 1.", "0.9987"),
    "X-Model-Version": ("The model that made the mask.", "small-5d41402a"),
    "X-Request-Id": ("Names this request, in the log too.", "4f1c9a7e2b3d5a60"),
}

_EXAMPLES: Mapping[type[RematteError], str] = {
    BadUpload: "The form is malformed: Unexpected end of multipart stream (parser closed).",
    EmptyUpload: "No image came; send the image file as the body.",
    DigestMismatch: "The body has the SHA-256 9f86…0a08, and not 2cf2…9824; send it again.",
    UploadTooLarge: "An image may have 33,554,432 bytes here, and this one has more; send a smaller file.",
    UnsupportedUpload: "A body of type `text/plain` is not read here; send the image file as the body.",
    UnknownKey: "Send one of this server's keys in `X-API-Key`, or in `Authorization` after `Bearer`.",
    NotAcceptable: "`Accept: text/html` matches nothing that there is; these are: image/png (`format=png`).",
    BadUrl: "Pictures are fetched from http:// and https:// addresses, not from `file:`.",
    RefusedAddress: "images.example leads to a loopback address, and pictures are fetched from the public internet "
    "alone; whoever runs this server can allow more with REMATTE_URL_ALLOW.",
    DownloadFailed: "images.example answered with the status 404, and not with a picture.",
    DownloadTooSlow: "images.example did not send the picture within 10 seconds; upload the picture itself.",
    BadImage: "The image is damaged: image file is truncated (12 bytes not processed).",
    TooManyPixels: "The image has 60000 x 60000 = 3,600,000,000 pixels; send one of at most 50,000,000.",
    SideTooLong: "The answer has 20000 x 400 pixels, and WEBP holds no side above 16,383; ask for a PNG.",
    RematteError: "The server's log has the details under this request's X-Request-Id.",
    BackendError: "The model server answered with something that is no mask.",
    Overloaded: "64 images are waiting already; send this one again later.",
    Unauthorised: "Send `Authorization: Bearer` and the value of REMATTE_ADMIN_TOKEN.",
    CacheAway: "This process has forgotten; Redis and the other replicas have not: Connection refused.",
    Stopping: "This server is being stopped; send the image again in a moment.",
    BackendAway: "No model has been ready yet: the model server has not been asked yet.",
    UnknownDigest: "Nothing is kept for the image 2cf2…9824 and the live model small-5d41402a; upload the image.",
    NotCached: "Nothing is kept for this image; send it without `only-if-cached` to have it made.",
    DeadlinePassed: "There was no mask within 60 seconds; try again later.",
    BackendSilent: "The model server took the image and never answered.",
}

_INSTANCE = "/v1/mask#4f1c9a7e2b3d5a60"
_NO_DIGEST = "A parameter is not what it should be: the digest in the path, say."
_ADMIN = (Unauthorised, CacheAway)


def describe(app: FastAPI) -> None:
    """Puts the description on the app."""
    app.title, app.summary, app.description = "Rematte", SUMMARY, DESCRIPTION
    app.version = version("rematte")
    app.license_info = {"name": "MIT", "identifier": "MIT"}
    app.openapi_tags = TAGS
    app.servers = [{"url": "/", "description": "The server that this page came from, at whatever port."}]
    routes = app.openapi

    def openapi() -> Json:
        document = routes()
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way of extending the document


def image_body(door: str, question: type[BaseModel], pictures: Iterable[str]) -> Json:
    """`pictures`: the names under which a form holds files, and JSON holds base64."""
    files = {name: _BINARY | {"description": "A picture's file."} for name in pictures}
    texts = {name: {"type": "string", "description": "A picture in base64, or as a `data:` URL."} for name in pictures}
    said = {"schema": _fields(question, texts), "example": {f"{FIELD}_url": "https://images.example/cat.jpg"}}
    return {
        "requestBody": {
            "description": f"The image file itself; or fields: `{FIELD}` or `{FIELD}_url`, and any options, which "
            f"may also be in the query. Or nothing, with `{FIELD}_url` in the query.",
            "content": {
                "image/*": {"schema": _BINARY},
                "application/octet-stream": {"schema": _BINARY},
                "multipart/form-data": {
                    "schema": _fields(question, files),
                    "encoding": {name: {"contentType": "image/*"} for name in files},
                },
                "application/x-www-form-urlencoded": said,
                "application/json": said,
            },
        },
        "x-codeSamples": [
            {"lang": "Shell", "label": "curl", "source": _CURL.format(door=door)},
            {"lang": "Python", "label": "Python", "source": _PYTHON.format(door=door)},
        ],
    }


def _fields(question: type[BaseModel], pictures: Mapping[str, Json]) -> Json:
    options = question.model_json_schema()["properties"]
    return {"type": "object", "additionalProperties": False, "properties": {**pictures, **options}}


def picture_response(description: str, *media_types: str) -> Json:
    """Status 200 of a prediction, in any of these."""
    return {
        "description": description,
        "headers": {name: _header(*text) for name, text in _HEADERS.items()},
        "content": {media_type: {"schema": _BINARY} for media_type in media_types},
    }


def prediction_problems() -> dict[int | str, Json]:
    """Every error of a prediction, by status."""
    return _by_status(error for error in _EXAMPLES if error not in {UnknownDigest, *_ADMIN})


def kept_problems() -> dict[int | str, Json]:
    """Every error of asking for what is kept, by status."""
    return _by_status((UnknownKey, NotAcceptable, UnknownDigest, BackendAway, DeadlinePassed, RematteError)) | {
        422: _plain(422, _NO_DIGEST)
    }


def admin_problems() -> dict[int | str, Json]:
    """Every error of administration, by status."""
    absent = _plain(404, "`REMATTE_ADMIN_TOKEN` is not set: there is no such door.")
    return _by_status((*_ADMIN, RematteError)) | {404: absent, 422: _plain(422, _NO_DIGEST)}


def task_problems() -> dict[int | str, Json]:
    """Every error of a door that gets its pictures from JSON and its keys as passwords, by status."""
    others = {NotAcceptable, UnknownDigest, DigestMismatch, UnsupportedUpload, UnknownKey, *_ADMIN}
    return _by_status(error for error in _EXAMPLES if error not in others) | challenge()


def model_problems() -> dict[int | str, Json]:
    """Every error of asking which model is live, by status."""
    return _by_status((BackendAway, RematteError)) | challenge()


def challenge() -> dict[int | str, Json]:
    """What a caller without a password is told."""
    headers = {"WWW-Authenticate": _header("RFC 7617.", "Basic")}
    return {401: _plain(401, "Send one of this server's keys as the password.") | {"headers": headers}}


def _by_status(errors: Iterable[type[RematteError]]) -> dict[int | str, Json]:
    ranked = sorted(errors, key=lambda error: error.status)
    return {status: _problems(list(group)) for status, group in groupby(ranked, key=lambda error: error.status)}


def _problems(errors: list[type[RematteError]]) -> Json:
    headers = {"X-Request-Id": _header(*_HEADERS["X-Request-Id"])}
    if any(error.retry_after_s for error in errors):
        headers["Retry-After"] = _header("Seconds to wait.", "5")
    return {
        "description": "; ".join(error.title for error in errors) + ".",
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {error.kind: {"summary": error.title, "value": _example(error)} for error in errors},
            }
        },
    }


def _plain(status: int, detail: str) -> Json:
    """A problem that its status says all about."""
    title = HTTPStatus(status).phrase
    problem = Problem(type="about:blank", title=title, status=status, detail=detail, instance=_INSTANCE)
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem.model_dump()}
    return {"description": detail, "content": {MEDIA_TYPE: content}}


def _example(error: type[RematteError]) -> Json:
    return Problem(
        type=problem_type(error),
        title=error.title,
        status=error.status,
        detail=_EXAMPLES[error],
        instance=_INSTANCE,
    ).model_dump()


def _header(description: str, example: str) -> Json:
    return {"description": description, "schema": {"type": "string"}, "example": example}
