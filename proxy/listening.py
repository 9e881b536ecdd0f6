"""The port that the world sees: taken before anything else is started, or refused with a line that says what to do."""

import errno
import os
import socket
from ipaddress import ip_address

_REASONS = {
    errno.EADDRINUSE: "is taken: stop what listens there, or choose another with REMATTE_PORT.",
    errno.EACCES: "is not for this user: choose one above 1023 with REMATTE_PORT.",
    errno.EADDRNOTAVAIL: "is no address of this machine: set REMATTE_HOST to one of its own, or to 0.0.0.0 for all.",
}


class CannotListen(Exception):
    """`str(error)` is one line that names the address, the reason and the setting."""


def bind(host: str, port: int, *, may_be_reached: bool = False) -> socket.socket:
    """A socket that holds the address and does not listen yet.

    Raises CannotListen, also for an address that others than this machine reach, unless it `may_be_reached`.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise CannotListen(f"REMATTE_HOST={host!r} names no address: {error.strerror}.") from None
    if not (may_be_reached or ip_address(address[0]).is_loopback):
        raise CannotListen(
            f"REMATTE_HOST={host!r} lets others in, and they are asked for no key: set REMATTE_API_KEYS, or "
            "REMATTE_OPEN=true if everybody may come."
        )
    holder = socket.socket(family, socket.SOCK_STREAM)
    # A server that was stopped a moment ago leaves connections behind that still name the port.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(address)
    except OSError as error:
        holder.close()
        reason = _REASONS.get(error.errno or 0) or f"cannot be used: {os.strerror(error.errno or 0)}."
        raise CannotListen(f"Port {port} of {host} {reason}") from None
    return holder


def url_of(host: str, port: int) -> str:
    """Where this machine finds what listens there."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def shown_url(host: str, port: int) -> str:
    """The same for people's eyes."""
    return url_of("localhost" if host in {"127.0.0.1", "0.0.0.0"} else host, port)
