"""Which addresses are somebody's on the public internet, and what the others are: the IANA registries as a table.

Our own table, because `ipaddress.is_global` changed its mind between patch releases of Python.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# RFC 6890 and the IANA IPv4 Special-Purpose Address Registry; RFC 5771 for multicast.
_SPECIAL_4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of this host"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's shared address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a reserved address"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a reserved address"),
        ("198.51.100.0/24", "a reserved address"),
        ("203.0.113.0/24", "a reserved address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)

# RFC 4291, 2.4, and the IANA IPv6 Special-Purpose Address Registry. What is in none of these is not yet anybody's.
_SPECIAL_6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::1/128", "a loopback address"),
        ("::/128", "an address of this host"),
        ("fe80::/10", "a link-local address"),
        ("fc00::/7", "a private address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/23", "a reserved address"),  # Teredo, benchmarks, ORCHID
        ("2001:db8::/32", "a reserved address"),
        ("3fff::/20", "a reserved address"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")

# Where another address is inside: prefix, and how many bits come after the IPv4 address.
_TRANSLATED = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped (RFC 4291, 2.5.5.2)
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64 (RFC 6052, 2.1)
    (IPv6Network("2002::/16"), 80),  # 6to4 (RFC 3056, 2)
)


def reason_against(address: Address) -> str | None:
    """What the address is, in words, if it is not on the public internet; None if it is."""
    if isinstance(address, IPv4Address):
        return _kind(address, _SPECIAL_4)
    if inner := inner_address(address):
        return reason_against(inner)
    return _kind(address, _SPECIAL_6) or (None if address in _GLOBAL_UNICAST else "a reserved address")


def inner_address(address: Address) -> IPv4Address | None:
    """The IPv4 address that packets to this IPv6 address end at: mapped, NAT64 and 6to4."""
    if isinstance(address, IPv6Address):
        for prefix, after in _TRANSLATED:
            if address in prefix:
                return IPv4Address(int(address) >> after & 0xFFFFFFFF)
    return None


def _kind(
    address: Address, special: tuple[tuple[IPv4Network, str], ...] | tuple[tuple[IPv6Network, str], ...]
) -> str | None:
    return next((kind for network, kind in special if address in network), None)
