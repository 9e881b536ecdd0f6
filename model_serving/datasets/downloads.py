"""A file from the internet: whole and verified, or not at all; what came of it is kept for the next try."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx

from model_serving.datasets.errors import DataError

TRIES = 3
"""Connections that may break in the middle of one download; each goes on where the last one stopped."""
PATIENCE_S = 30.0

Advance = Callable[[int, int | None], None]
"""Told the bytes that are there and, where the server says so, how many there will be."""


def download(url: str, file: Path, checksum: tuple[str, str], advance: Advance = lambda _done, _whole: None) -> None:
    """Leaves the URL's content in `file`, checked against `checksum` (algorithm, hexadecimal value).

    What has come of it lies in `file`.part, also after Ctrl-C. DataError names the URL, what went wrong and the remedy.
    """
    part = file.with_name(file.name + ".part")
    file.parent.mkdir(parents=True, exist_ok=True)
    for last in range(TRIES):
        try:
            _fetch(url, part, advance)
            break
        except httpx.TransportError as error:
            if last == TRIES - 1:
                raise DataError(f"{url}: {_reason(error)}; run it again to go on where it stopped") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DataError(
                f"{url}: {_reason(error)}; check the address, or fetch it by hand and name the file"
            ) from error
    try:
        verify(part, checksum)
    except DataError as error:
        part.unlink()
        raise DataError(f"{url}: {str(error).removeprefix(f'{part}: ')}; what came is thrown away") from error
    part.replace(file)


def verify(file: Path, checksum: tuple[str, str]) -> None:
    """DataError for a file that has another checksum."""
    algorithm, expected = checksum
    with file.open("rb") as content:
        found = hashlib.file_digest(content, algorithm).hexdigest()
    if found != expected:
        raise DataError(f"{file}: its {algorithm} is {found} and not {expected}: another file, or a damaged one")


def _fetch(url: str, part: Path, advance: Advance) -> None:
    """Appends to `part` what it lacks; begins anew where the server cannot go on in the middle."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=PATIENCE_S) as answer:
        if have and answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if _length(answer) == have:
                return
            part.unlink()
            raise httpx.ReadError("what came earlier is longer than the file")
        answer.raise_for_status()
        goes_on = answer.status_code == httpx.codes.PARTIAL_CONTENT and _first(answer) == have
        if answer.status_code == httpx.codes.PARTIAL_CONTENT and not goes_on:
            raise httpx.ReadError("the server sent another part than was asked for")
        _write(answer, part, have if goes_on else 0, advance)


def _write(answer: httpx.Response, part: Path, have: int, advance: Advance) -> None:
    left = answer.headers.get("Content-Length", "")
    whole = have + int(left) if left.isdecimal() else None
    with part.open("ab" if have else "wb") as content:
        for piece in answer.iter_raw():
            content.write(piece)
            have += len(piece)
            advance(have, whole)


def _first(answer: httpx.Response) -> int | None:
    """Of `Content-Range: bytes 100-199/200`, 100."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else None


def _length(answer: httpx.Response) -> int | None:
    """Of `Content-Range: bytes */200`, 200."""
    length = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(length) if length.isdecimal() else None


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answered {error.response.status_code} {error.response.reason_phrase}"
    return " ".join(str(error).split()) or type(error).__name__
