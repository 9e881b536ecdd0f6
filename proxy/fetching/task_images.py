"""The images of annotation tasks: on the internet, or in Label Studio, which asks who wants them."""

import httpx

from proxy.errors import BadUrl
from proxy.fetching.fetcher import Fetcher


class TaskImages:
    """Gives an image's bytes for what a task calls it."""

    def __init__(
        self,
        fetcher: Fetcher | None = None,
        label_studio: Fetcher | None = None,
        url: str | None = None,
        token: str | None = None,
    ) -> None:
        """`url`: Label Studio's, which `label_studio` may fetch from wherever it lies, with `token`; without it, tasks
        that name uploaded files are refused."""
        self._fetcher = fetcher or Fetcher()
        self._label_studio = label_studio or self._fetcher
        self._url = httpx.URL(url.rstrip("/") + "/") if url else None
        self._headers = {"Authorization": f"Token {token}"} if token else {}

    async def fetch(self, address: str) -> bytes:
        """Raises BadUrl, and what `Fetcher.fetch` raises."""
        url = _parsed(address)
        if self._url and not url.scheme:
            url = _parsed(f"{self._url}{_below(address)}")
        if not url.scheme:
            raise BadUrl(
                f"The task's image is {address[:100]}, a file in Label Studio; set REMATTE_LABEL_STUDIO_URL and "
                "REMATTE_LABEL_STUDIO_TOKEN to have it fetched."
            )
        # What is compared is what is fetched: one parser, and its own words for the address.
        if self._url and _origin(url) == _origin(self._url):
            return await self._label_studio.fetch(str(url), self._headers)
        return await self._fetcher.fetch(str(url))


def _parsed(address: str) -> httpx.URL:
    """Raises BadUrl."""
    try:
        return httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadUrl(f"The address of the task's image cannot be understood: {error}.") from None


def _below(address: str) -> str:
    """As seen from Label Studio's address. Uploads are called `/data/upload/1/cat.jpg`, in older tasks `upload/…`."""
    path = address.lstrip("/")
    return f"data/{path}" if path.startswith("upload/") else path


def _origin(url: httpx.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc
