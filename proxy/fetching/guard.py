"""The way out to the network: a name is resolved here, once, and the connection goes to the address that was checked.

Between a check and a second look-up a name server could change its answer ("DNS rebinding"); so there is no second one.
httpcore asks this for each connection and knows the name alone, which thus stays the one in `Host` and in TLS.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address, ip_address

import httpcore

from proxy.errors import BadUrl, DownloadFailed, RefusedAddress
from proxy.fetching.addresses import Address, reason_against
from proxy.fetching.allowed import NOTHING, Allowed
from proxy.fetching.names import Resolve, Resolver

CONNECT_S = 3.0
"""For each of a name's addresses: one that is not answered must leave time for the others."""

# What `inet_aton` and browsers take for an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1 (WHATWG URL, 3.5).
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?")

SocketOptions = Iterable[httpcore.SOCKET_OPTION]


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses and to what is allowed; to nothing else."""

    def __init__(self, allowed: Allowed = NOTHING, resolve: Resolve | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve or Resolver()
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature; ours is for each address
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises BadUrl, RefusedAddress, DownloadFailed."""
        addresses = await self._addresses(host, port)
        for address in addresses:
            try:
                return await self._network.connect_tcp(str(address), port, CONNECT_S, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise DownloadFailed(f"Nobody answers at port {port} of {host}; is the address right, and its server up?")

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Raises BadUrl."""
        raise BadUrl("A picture is not fetched from a socket file.")

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        """All of them checked: a name with one address inside and one outside is up to no good."""
        addresses = await self._look_up(host, port)
        if not self._allowed.has_name(host):
            for address in addresses:
                self._check(host, address)
        return addresses

    async def _look_up(self, host: str, port: int) -> Sequence[Address]:
        if address := _literal(host):
            return (address,)
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise DownloadFailed(f"The name {host} has no address; is it spelt right?")
        return addresses

    def _check(self, host: str, address: Address) -> None:
        reason = reason_against(address)
        if reason and not self._allowed.has_address(address):
            raise RefusedAddress(
                f"{host} leads to {reason}, and pictures are fetched from the public internet alone; "
                "whoever runs this server can allow more with REMATTE_URL_ALLOW."
            )


def _literal(host: str) -> Address | None:
    """The address that a host is, if it is none by name. Raises RefusedAddress for one in disguise."""
    if ":" in host:
        return ip_address(host)
    if not _ENDS_IN_A_NUMBER.fullmatch(host):
        return None
    try:
        return IPv4Address(host)
    except AddressValueError:
        raise RefusedAddress(
            f"{host} is an IPv4 address in disguise (decimal, hexadecimal or octal); "
            "write it as four decimal numbers without leading zeros."
        ) from None
