"""The errands, several at a time, each with an outcome."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from proxy.client.errands import BadErrand, Errand
from proxy.client.kinds import Kind
from proxy.errors import RematteError

ATTEMPTS = 10
"""How often a picture is sent to a server that says `Retry-After`: it is starting, or it has too much to do."""
ANSWER_S = 120.0
CONNECT_S = 5.0


class ServerAway(Exception):
    """Nobody listens there, so that nothing more needs to be tried. `str(error)` is one line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found` tells where the mask came from (`miss`, `hit (memory)`); with a `trouble`, no file was written."""

    errand: Errand
    seconds: float
    found: str = ""
    trouble: str | None = None


class Door:
    """One of the server's doors that takes a picture and gives a file."""

    def __init__(self, client: httpx.AsyncClient, kind: Kind) -> None:
        """`client` has the server's address as its base URL."""
        self._client = client
        self._kind = kind

    async def send(self, errand: Errand) -> Outcome:
        """Raises ServerAway; every other failure is an outcome."""
        began = time.monotonic()
        try:
            picture = errand.source.read_bytes()
            ask = await asyncio.to_thread(self._kind.ask, errand, picture)
            response = await self._answer(picture, ask.options)
            if trouble := _trouble(response, self._kind.media_type):
                return Outcome(errand, time.monotonic() - began, trouble=trouble)
            _write(errand.target, await asyncio.to_thread(ask.finish, response.content))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            url = str(self._client.base_url).rstrip("/")
            raise ServerAway(f"No server at {url}: start one with `make up`, or name another with --url.") from None
        except (httpx.HTTPError, OSError, RematteError) as error:
            return Outcome(errand, time.monotonic() - began, trouble=str(error) or type(error).__name__)
        return Outcome(errand, time.monotonic() - began, _found(response.headers.get("cache-status", "")))

    async def _answer(self, picture: bytes, options: Mapping[str, str]) -> httpx.Response:
        """What the server has is not uploaded again."""
        kept = await self._client.get(f"{self._kind.path}s/{sha256(picture).hexdigest()}", params=options)
        return kept if kept.status_code == HTTPStatus.OK else await self._post(picture, options)

    async def _post(self, picture: bytes, options: Mapping[str, str]) -> httpx.Response:
        headers = {"Content-Type": "application/octet-stream"}  # the server looks at the bytes, not at a name for them
        send = partial(self._client.post, self._kind.path, params=options, content=picture, headers=headers)
        for _ in range(ATTEMPTS - 1):
            response = await send()
            delay = response.headers.get("retry-after", "")
            if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or not delay.isdecimal():
                return response
            await asyncio.sleep(int(delay))
        return await send()


async def fetch(
    errands: Sequence[Errand],
    url: str,
    kind: Kind,
    at_once: int,
    tell: Callable[[Outcome], None],
    key: str | None = None,
) -> None:
    """Does them against the server at `url`, and tells each outcome as it comes. `key`: the server may ask for one.

    Raises ServerAway, and BadErrand for a URL that is none.
    """
    async with _connect(url, key) as client:
        await send_all(errands, Door(client, kind), at_once, tell)


async def send_all(errands: Sequence[Errand], door: Door, at_once: int, tell: Callable[[Outcome], None]) -> None:
    """Raises ServerAway."""
    waiting = iter(errands)

    async def work() -> None:
        for errand in waiting:  # shared: everybody takes the next one
            tell(await door.send(errand))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
    except* ServerAway as away:
        raise away.exceptions[0] from None


def _connect(url: str, key: str | None) -> httpx.AsyncClient:
    """A server on this machine is asked directly, whatever proxy the environment names."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadErrand(f"--url {url}: no address of a server; one looks like http://127.0.0.1:8000.")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return httpx.AsyncClient(
        base_url=url,
        headers={"X-API-Key": key} if key else {},
        timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
        trust_env=not local,
    )


def _trouble(response: httpx.Response, wanted: str) -> str | None:
    kind = response.headers.get("content-type", "")
    if response.is_success and kind == wanted:
        return None
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return "the server asks for one of its keys: give it with --key, or as REMATTE_API_KEY."
    if kind == "application/problem+json":
        with suppress(ValueError, LookupError):
            return str(response.json()["detail"])
    return f"the answer was {response.status_code} {response.reason_phrase}, {kind or 'of no type'}"


def _found(cache_status: str) -> str:
    """`rematte; hit; ttl=1800; detail=memory` (RFC 9211) is a hit (memory)."""
    parameters = [parameter.strip() for parameter in cache_status.split(";")[1:]]
    if "hit" not in parameters:
        return "miss"
    tier = next((value.removeprefix("detail=") for value in parameters if value.startswith("detail=")), None)
    return f"hit ({tier})" if tier else "hit"


def _write(target: Path, content: bytes) -> None:
    """All of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
