"""Which addresses events may go to: https, and no machine of our own network, whatever its name says.

An administrator must not be able to make this server ask what only it reaches (a database, a cloud's metadata).
The name is looked up when connecting, every address that it has is looked at, and the connection is made to one of
those and to nothing else: a name that changes between look and connection gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from api.coded import Coded

LONGEST = 500
#: IPv4 inside IPv6, as translators of a network write it (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Coded):
    """Nothing is sent there; ``code`` says why: not_https, not_an_address, private, no_such_name."""


def parse(url: str, *, private: bool) -> SplitResult:
    """The parts of an address that events may go to, as far as its looks say. Raises Refused. ``private``: this
    installation may send into its own network, and then without TLS too."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("not_an_address") from None
    odd = len(url) > LONGEST or not url.isascii() or any(character.isspace() for character in url)
    if odd or not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
        raise Refused("not_an_address")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise Refused("not_https")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not private and not public(literal):
        raise Refused("private")
    return parts


def public(address: Address) -> bool:
    """Is this an address of the whole internet's, and not of this network, this machine or nobody?"""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return public(inside)
        if address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve(host: str, port: int, *, private: bool) -> str:
    """The address to connect to. One private one among a name's addresses is enough to refuse all. Raises Refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("no_such_name") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not addresses or not (private or all(public(address) for address in addresses)):
        raise Refused("private")
    return str(addresses[0])
