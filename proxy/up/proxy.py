"""The proxy itself, as a child like the others."""

import sys
from collections.abc import Mapping

import httpx

from proxy.up.crew import Crew


def start_proxy(crew: Crew, environment: Mapping[str, str]) -> None:
    """Raises OSError when its log cannot be written."""
    crew.start("Proxy", (sys.executable, "-m", "proxy.cli", "serve"), environment)


def is_ready(url: str) -> bool:
    """Whether it answers that images can be sent."""
    try:
        # Without trust_env=False a proxy named in the environment would be asked for this machine's own ports.
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
