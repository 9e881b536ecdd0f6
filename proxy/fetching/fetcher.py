"""A picture from a URL: http and https, a few redirects, so many bytes, so much time."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus

import httpcore
import httpx

from proxy.errors import BadUrl, DownloadFailed, DownloadTooSlow, UploadTooLarge
from proxy.fetching.guard import Guard

MIB = 1024 * 1024
MAX_REDIRECTS = 5
AT_ONCE = 32
"""Downloads in one process; who comes later waits, within its own time. Each may hold an image in memory."""
LONGEST_URL = 8000
"""Octets: what RFC 9110 (4.1) wants everybody to understand."""

_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_PORTS = {"http": 80, "https": 443}
# Bytes as they lie: a body that grows when it is unpacked would pass the cap.
_HEADERS = {"Accept": "image/*, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "rematte"}
_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


Field = tuple[bytes | str, bytes | str]


class Fetcher:
    """Nothing of the environment is asked: no proxy, no .netrc, no cookies."""

    def __init__(
        self,
        guard: Guard | None = None,
        *,
        max_bytes: int = 32 * MIB,
        patience_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: whom to trust; by default the well-known authorities and those that this machine trusts."""
        self._guard = guard or Guard()
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._given_tls = tls
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes at `url`, one at least. `headers` are sent to the first server alone, never where it redirects to.

        Raises BadUrl, RefusedAddress, UploadTooLarge, DownloadFailed, DownloadTooSlow; within `patience_s` in any case.
        """
        first = _checked(url)
        try:
            async with asyncio.timeout(self._patience_s) as deadline, self._turns:
                return await self._follow(first, headers or {})
        except TimeoutError:
            if not deadline.expired():
                raise
            raise DownloadTooSlow(
                f"{first.host} did not send the picture within {self._patience_s:g} seconds; upload the picture itself."
            ) from None

    async def _follow(self, first: httpx.URL, headers: Mapping[str, str]) -> bytes:
        url = first
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._get(url, headers if _origin(url) == _origin(first) else {})
            if isinstance(answer, bytes):
                return answer
            url = _joined(url, answer)
        raise DownloadFailed(
            f"{first.host} redirects more than {MAX_REDIRECTS} times; name the picture's last address."
        )

    async def _get(self, url: httpx.URL, headers: Mapping[str, str]) -> bytes | str:
        """The body; or where else it is, as `Location` says."""
        # A connection of its own: cancelled in a pool, it could hold its place for ever (httpcore issue 1093).
        origin = httpcore.Origin(url.raw_scheme, url.raw_host, _port(url))
        try:
            async with (
                httpcore.AsyncHTTPConnection(origin, self._tls, network_backend=self._guard) as connection,
                connection.stream("GET", self._target(url), headers=self._fields(url, headers)) as response,
            ):
                return await self._read(url.host, response)
        except httpcore.TimeoutException:
            raise DownloadTooSlow(f"{url.host} takes too long to answer; upload the picture itself.") from None
        except _FAILURES as error:
            raise DownloadFailed(f"The line to {url.host} broke: {error or type(error).__name__}.") from error

    async def _read(self, host: str, response: httpcore.Response) -> bytes | str:
        fields = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS and b"location" in fields:
            return fields[b"location"]
        if response.status != HTTPStatus.OK:
            raise _no_picture(host, response.status)
        if (coding := fields.get(b"content-encoding", "identity").lower()) != "identity":
            raise DownloadFailed(f"{host} sends the picture with the Content-Encoding {coding[:20]}, unasked.")
        self._check(int(declared) if (declared := fields.get(b"content-length", "")).isdecimal() else 0, host)
        return await self._body(host, response)

    async def _body(self, host: str, response: httpcore.Response) -> bytes:
        pieces, size = [], 0
        async for piece in response.aiter_stream():
            size += len(piece)
            self._check(size, host)
            pieces.append(piece)
        if not size:
            raise DownloadFailed(f"{host} sent no bytes.")
        return b"".join(pieces)

    def _check(self, size: int, host: str) -> None:
        if size > self._max_bytes:
            raise UploadTooLarge(f"An image may have {self._max_bytes:,} bytes here, and the one from {host} has more.")

    def _target(self, url: httpx.URL) -> httpcore.URL:
        return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=_port(url), target=url.raw_path)

    def _fields(self, url: httpx.URL, headers: Mapping[str, str]) -> list[Field]:
        return [*{"Host": url.netloc.decode("ascii"), **_HEADERS, **headers}.items()]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: reading all authorities takes some ten milliseconds."""
        if self._given_tls:
            return self._given_tls
        context = httpcore.default_ssl_context()
        context.load_default_certs()
        return context


def _no_picture(host: str, status: int) -> DownloadFailed:
    failed = DownloadFailed(f"{host} answered with the status {status}, and not with a picture.")
    failed.answered = status
    return failed


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return _checked(str(url.join(location)))
    except httpx.InvalidURL:
        raise DownloadFailed(f"{url.host} redirects to what is no address.") from None


def _checked(text: str) -> httpx.URL:
    """Raises BadUrl."""
    if len(text) > LONGEST_URL:
        raise BadUrl(f"A picture's address may have {LONGEST_URL} letters, and this one has more.")
    try:
        url = httpx.URL(text)
        host = url.host  # decoded only here: a name in Punycode can be nonsense
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadUrl(f"A picture's address cannot be understood: {error}.") from None
    if url.scheme not in _PORTS:
        raise BadUrl(f"Pictures are fetched from http:// and https:// addresses, not from `{url.scheme[:20]}:`.")
    if not host:
        raise BadUrl("A picture's address names no host: it looks like https://images.example/cat.jpg.")
    if url.userinfo:
        raise BadUrl("A picture's address may hold no user and password; nobody would keep them secret.")
    if not 1 <= _port(url) <= 65535:
        raise BadUrl(f"There is no port {_port(url)}.")
    return url


def _port(url: httpx.URL) -> int:
    return _PORTS[url.scheme] if url.port is None else url.port


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port(url)
