"""How a batch is answered: a line or a file for each picture, as soon as it is ready."""

import json
import re
from base64 import b64encode
from mimetypes import guess_extension
from typing import Any, Literal, Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from proxy.api.batch_body import Place
from proxy.api.problems import problem_type
from proxy.core.predictor import Prediction
from proxy.errors import RematteError
from proxy.telemetry.headers import cache_status

Outcome = Prediction | RematteError
StreamName = Literal["ndjson", "zip"]
MEDIA_TYPES = {"ndjson": "application/x-ndjson", "zip": "application/zip"}

# No folders, no drive letters, nothing that a shell or a terminal would take for more than a name.
_UNWANTED = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIXES = {"image/webp": ".webp", "image/avif": ".avif", "image/jpeg": ".jpg", "application/json": ".json"}
"""Where `mimetypes` depends on the machine or has several."""


class Stream(Protocol):
    """Not safe across threads: one entry at a time."""

    def entry(self, place: Place, outcome: Outcome) -> bytes:
        """The next bytes of the answer."""
        ...

    def end(self) -> bytes:
        """The last ones."""
        ...


class Ndjson:
    """A JSON object in each line."""

    def entry(self, place: Place, outcome: Outcome) -> bytes:
        line = {"index": place.index, "name": place.name, **_told(outcome)}
        return json.dumps(line, separators=(",", ":")).encode() + b"\n"

    def end(self) -> bytes:
        return b""


class Zip:
    """A file for each picture, stored: pictures are compressed already. A picture that failed is a problem in JSON."""

    def __init__(self) -> None:
        self._pipe = _Pipe()
        self._file = ZipFile(self._pipe, "w", ZIP_STORED)

    def entry(self, place: Place, outcome: Outcome) -> bytes:
        if isinstance(outcome, RematteError):
            suffix, body = ".problem.json", json.dumps(_problem(outcome)).encode()
        else:
            suffix, body = _suffix(outcome.rendered.media_type), outcome.rendered.body
        self._file.writestr(ZipInfo(f"{place.index:04d}-{_stem(place.name)}{suffix}"), body)
        return self._pipe.taken()

    def end(self) -> bytes:
        self._file.close()
        return self._pipe.taken()


class _Pipe:
    """A file that cannot be sought in: a ZIP then has its checksums behind the data."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


STREAMS: dict[StreamName, type[Ndjson] | type[Zip]] = {"ndjson": Ndjson, "zip": Zip}


def _told(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, RematteError):
        return {"status": outcome.status, "problem": _problem(outcome)}
    rendered = outcome.rendered
    return {
        "status": 200,
        "digest": rendered.digest,
        "media_type": rendered.media_type,
        "confidence": round(rendered.confidence, 4),
        "model_version": rendered.model_version,
        "cache_status": cache_status(outcome),
        "data": b64encode(rendered.body).decode(),
    }


def _problem(error: RematteError) -> dict[str, Any]:
    kind = problem_type(type(error))
    return {"type": kind, "title": error.title, "status": error.status, "detail": str(error)}


def _stem(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    return _UNWANTED.sub("_", last.rpartition(".")[0] or last)[:80].lstrip(".") or "image"


def _suffix(media_type: str) -> str:
    essence = media_type.partition(";")[0].strip()
    return _SUFFIXES.get(essence) or guess_extension(essence) or ".bin"
