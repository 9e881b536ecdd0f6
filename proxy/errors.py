"""Everything that can go wrong, as one tree. Each error carries its HTTP status and problem type (RFC 9457).

RematteError
├── BadUpload                the request, not the picture, is wrong
│   ├── EmptyUpload
│   ├── DigestMismatch       the bytes are not those that were announced
│   ├── UnsupportedUpload
│   └── UploadTooLarge
├── NotAcceptable            the caller takes none of the formats that there are
├── BadUrl                   the address of a picture cannot be used
│   └── RefusedAddress       it leads to where this server does not go
├── DownloadFailed           whoever has the picture did not give it
│   └── DownloadTooSlow      or not in time
├── BadImage                 the bytes arrived, but are no picture we can work on
│   └── TooManyPixels
│       └── SideTooLong      more of them in one row than the wanted format can hold
├── UnknownDigest            nothing is kept for an image that was only named
├── NotCached                the caller wants a kept answer or none
├── Unauthorised             the administration's token is wrong or missing
│   └── UnknownKey           so is the key that pictures are worked on for
├── CacheAway                Redis cannot do what an administrator wants
├── Overloaded               more waits than the queue may hold
├── Stopping                 the server is being stopped
├── DeadlinePassed           the caller's time is over
└── BackendError             the inference failed
    ├── BackendAway          it cannot be reached or has no worker; trying later helps
    └── BackendSilent        it never answered
"""

from typing import ClassVar


class RematteError(Exception):
    """`str(error)` is the problem's `detail`: one sentence for the caller that names the input and the remedy."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong inside Rematte"
    retry_after_s: int | None = None


class BadUpload(RematteError):
    """The form has no `image` part, a part is malformed, the body ended early, or `Content-Digest` is malformed."""

    status = 400
    kind = "bad-upload"
    title = "The upload could not be understood"


class EmptyUpload(BadUpload):
    """There are no bytes to look at."""

    kind = "empty-upload"
    title = "The upload holds no bytes"


class DigestMismatch(BadUpload):
    """The body's SHA-256 is not the one in its `Content-Digest` (RFC 9530): it was damaged on its way, or mixed up."""

    kind = "digest-mismatch"
    title = "The upload is not what was announced"


class UnsupportedUpload(BadUpload):
    """The media type is neither an image nor a form."""

    status = 415
    kind = "unsupported-upload"
    title = "The media type is not supported"


class UploadTooLarge(BadUpload):
    """More bytes than `REMATTE_MAX_IMAGE_BYTES`."""

    status = 413
    kind = "upload-too-large"
    title = "The upload is too large"


class NotAcceptable(RematteError):
    """The request's `Accept` likes none of the formats that this door has (RFC 9110, 12.5.1), and no `format` says
    which to send all the same."""

    status = 406
    kind = "not-acceptable"
    title = "There is no format that the caller takes"


class BadUrl(RematteError):
    """A picture's address that is none: no `http://` or `https://`, no host, a user and password in it."""

    status = 400
    kind = "bad-url"
    title = "The address of the picture cannot be used"


class RefusedAddress(BadUrl):
    """Private, loopback, link-local and other addresses that are not on the public internet are not fetched from, nor
    are names and redirects that lead there, unless `REMATTE_URL_ALLOW` has them."""

    status = 422
    kind = "refused-address"
    title = "This server does not fetch from there"


class DownloadFailed(RematteError):
    """The server that has the picture cannot be reached, refused it, or broke off. The detail has its status."""

    status = 502
    kind = "download-failed"
    title = "The picture could not be fetched"
    answered: int | None = None
    """The status that came in place of a picture, if one came."""


class DownloadTooSlow(DownloadFailed):
    """The server that has the picture did not send it within `REMATTE_URL_TIMEOUT_S`."""

    status = 504
    kind = "download-too-slow"
    title = "The picture could not be fetched in time"


class BadImage(RematteError):
    """Text, a truncated file, a picture without pixels, a format nobody here can decode."""

    status = 422
    kind = "bad-image"
    title = "The bytes are no readable image"


class TooManyPixels(BadImage):
    """More pixels than `REMATTE_MAX_IMAGE_PIXELS`, however few bytes it took to say so."""

    kind = "too-many-pixels"
    title = "The image has too many pixels"


class SideTooLong(TooManyPixels):
    """The answer is wider or higher than its format can hold: 16,383 pixels in WebP, 65,500 in JPEG, 65,536 in AVIF."""

    kind = "side-too-long"
    title = "The answer is too long for its format"


class UnknownDigest(RematteError):
    """The image was named by its digest, and the cache holds no answer for it under the live model: upload it."""

    status = 404
    kind = "unknown-digest"
    title = "Nothing is kept under this digest"


class NotCached(RematteError):
    """`Cache-Control: only-if-cached` asked for a kept answer, and there is none (RFC 9111, 5.2.1.7)."""

    status = 504
    kind = "not-cached"
    title = "Nothing is kept for this image"


class Unauthorised(RematteError):
    """Administration wants `Authorization: Bearer` and the value of `REMATTE_ADMIN_TOKEN`."""

    status = 401
    kind = "unauthorised"
    title = "The token is wrong or missing"


class UnknownKey(Unauthorised):
    """`REMATTE_API_KEYS` is set, and none of them came in `X-API-Key` or `Authorization: Bearer`."""

    kind = "unknown-key"
    title = "The key is wrong or missing"


class CacheAway(RematteError):
    """Redis is away, so what an administrator asked for was not done everywhere: ask again when it is back."""

    status = 503
    kind = "cache-away"
    title = "Redis cannot be reached"
    retry_after_s = 5


class Overloaded(RematteError):
    """The queue in front of the model is full."""

    status = 503
    kind = "overloaded"
    title = "Too many images are waiting"
    retry_after_s = 5


class Stopping(RematteError):
    """A signal has come: what is under way is finished, nothing new is begun. Another server, or this one restarted,
    will take the image."""

    status = 503
    kind = "stopping"
    title = "The server is being stopped"
    retry_after_s = 5


class DeadlinePassed(RematteError):
    """No mask within `REMATTE_DEADLINE_S`."""

    status = 504
    kind = "deadline-passed"
    title = "The mask was not ready in time"


class BackendError(RematteError):
    """The model server answered with something that is no mask."""

    status = 502
    kind = "backend-failed"
    title = "The model server failed on this image"


class BackendAway(BackendError):
    """The model server is down, starting, full, or without a model."""

    status = 503
    kind = "backend-away"
    title = "The model server is not available"
    retry_after_s = 5


class BackendSilent(BackendError):
    """The model server took the image and never answered."""

    status = 504
    kind = "backend-silent"
    title = "The model server did not answer in time"


OUTAGES = (Overloaded, Stopping, DeadlinePassed, BackendAway, BackendSilent)
"""No fault of the picture: asked again later, it has an answer."""
