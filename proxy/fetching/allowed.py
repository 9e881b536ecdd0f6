"""`REMATTE_URL_ALLOW`: the private places that may be fetched from nevertheless."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Self

from proxy.fetching.addresses import Address, inner_address


class Allowed:
    """Networks, by which addresses are allowed, and names, whose addresses are allowed whatever they are."""

    def __init__(self, names: Iterable[str], networks: Iterable[str]) -> None:
        """Raises ValueError for a network that is none."""
        self._names = frozenset(name.lower().rstrip(".") for name in names)
        self._networks = tuple(ip_network(network) for network in networks)

    @classmethod
    def of(cls, places: Iterable[str]) -> Self:
        """Each of them `10.0.0.0/8`, `10.1.2.3`, `fd00::/8` or `images.lan`. Raises ValueError."""
        names: list[str] = []
        networks: list[str] = []
        for place in places:
            (networks if _is_network(place) else names).append(place)
        return cls(names, networks)

    def has_name(self, name: str) -> bool:
        return name.lower().rstrip(".") in self._names

    def has_address(self, address: Address) -> bool:
        """Also an address that leads to one of its own: 6to4, NAT64 and mapped ones."""
        inner = inner_address(address)
        return any(address in network or (inner is not None and inner in network) for network in self._networks)


def _is_network(place: str) -> bool:
    """A name has no `/`, no `:`, and does not end with a number (WHATWG URL, "ends in a number")."""
    return "/" in place or ":" in place or place.rstrip(".").rpartition(".")[2].isdecimal()


NOTHING = Allowed((), ())
