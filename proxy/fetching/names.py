"""Names to addresses, through this machine's own resolver."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from proxy.fetching.addresses import Address

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Name and port to all of its addresses, best first. Raises OSError."""

THREADS = 8
"""Of its own: a name server that hangs holds up other names, and no rendering."""


class Resolver:
    """`getaddrinfo` in threads. Called with a name and a port it gives all of its addresses, best first."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="names")

    async def __call__(self, name: str, port: int) -> Sequence[Address]:
        """Raises OSError."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, name, port)


def _look_up(name: str, port: int) -> Sequence[Address]:
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))
