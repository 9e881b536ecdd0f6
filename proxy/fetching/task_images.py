"""The images of annotation tasks: in the task, on the internet, or in Label Studio, which asks who wants them."""

import base64
import re
from urllib.parse import urljoin, urlsplit

from proxy.errors import BadUrl
from proxy.fetching.fetcher import Fetcher

# RFC 2397, as far as images need it.
_DATA = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)


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
        self._url = url
        self._headers = {"Authorization": f"Token {token}"} if token else {}

    async def fetch(self, address: str) -> bytes:
        """Raises BadUrl, and what `Fetcher.fetch` raises."""
        if data := _DATA.match(address):
            return decoded(address[data.end() :])
        if urlsplit(address).scheme:
            own = self._url is not None and _origin(address) == _origin(self._url)
            return await (self._from_label_studio(address) if own else self._fetcher.fetch(address))
        if self._url is None:
            raise BadUrl(
                f"The task's image is {address[:100]}, a file in Label Studio; set REMATTE_LABEL_STUDIO_URL and "
                "REMATTE_LABEL_STUDIO_TOKEN to have it fetched."
            )
        return await self._from_label_studio(urljoin(self._url.rstrip("/") + "/", _below(address)))

    async def _from_label_studio(self, url: str) -> bytes:
        return await self._label_studio.fetch(url, self._headers)


def decoded(text: str) -> bytes:
    """Base64 (RFC 4648, 4). Raises BadUrl."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise BadUrl("The image's data is no base64.") from None


def _below(address: str) -> str:
    """As seen from Label Studio's address. Uploads are called `/data/upload/1/cat.jpg`, in older tasks `upload/…`."""
    path = address.lstrip("/")
    return f"data/{path}" if path.startswith("upload/") else path


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
