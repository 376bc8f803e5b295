"""Which addresses a tenant may have us call: public ones, on ports where web servers live.

The word is spoken twice. When an endpoint is saved, `check_url` explains what is wrong with it. When a connection is
made, `check_socket` looks at the very address the socket is about to use: whatever a name resolved to a moment ago,
however the address was spelled, and whatever lies inside of an IPv6 address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

LONGEST = 500
# Where other things than web servers listen (after the fetch standard's blocked ports), and databases.
_BAD_PORTS = frozenset(
    {2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
    | {1433, 1521, 2375, 2379, 3306, 5432, 5672, 6379, 9042, 11211, 27017}
)
# Public by their number, yet the inside of a cloud: Azure's host agent.
_INSIDE = frozenset({ipaddress.ip_address("168.63.129.16")})
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain")
# Special by IANA's registries, though ipaddress calls (parts of) them global.
_SPECIAL = tuple(
    ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20", "5f00::/16")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")

# Domains (with all below them) that this installation serves; set once, at start.
our_names: set[str] = set()

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unusable(Exception):
    """An address that cannot be an endpoint; `code` says why: invalid, scheme, credentials, long, port, private."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Forbidden(OSError):
    """A connection to a place that is not for us."""

    def __init__(self) -> None:
        super().__init__("forbidden address")  # always the same words: several failures in a row stay one


def check_url(url: str, *, allowed: Collection[str] = ()) -> None:
    """Raise Unusable unless `url` can be called from here; `allowed`: private "host:port" that may be."""
    if len(url) > LONGEST:
        raise Unusable("long")
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise Unusable("invalid")
    try:
        parts = urlsplit(url)
        host, _port_or_error = parts.hostname, parts.port
    except ValueError as error:
        raise Unusable("invalid") from error
    if parts.scheme not in ("http", "https"):
        raise Unusable("scheme")
    if not host:
        raise Unusable("invalid")
    if parts.username is not None or parts.password is not None:
        raise Unusable("credentials")
    if is_allowed(url, allowed):
        return
    if not _port_is_fine(_port(parts)):
        raise Unusable("port")
    name = host.rstrip(".").lower()
    literal = _literal(name)
    if literal is not None:
        if not is_public(literal):
            raise Unusable("private")
    elif "." not in name or name.rsplit(".", 1)[-1] in _LOCAL_NAMES or name.endswith(".home.arpa"):
        raise Unusable("private")
    elif not _is_name(name):
        raise Unusable("invalid")
    else:
        _refuse_our_own(name)


def _refuse_our_own(name: str) -> None:
    try:
        check_name(name)
    except Forbidden:
        raise Unusable("private") from None


def is_allowed(url: str, allowed: Collection[str]) -> bool:
    """Whether the operator of this installation vouches for the address's host and port."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{_port(parts)}" in allowed


def _port(parts: SplitResult) -> int:
    return (443 if parts.scheme == "https" else 80) if parts.port is None else parts.port


def check_socket(sockaddr: tuple[object, ...]) -> None:
    """Raise Forbidden unless a socket may connect to (address, port, …)."""
    try:
        address = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
    except ValueError as error:
        raise Forbidden from error
    if not is_public(address) or not _port_is_fine(int(str(sockaddr[1]))) or _is_here(address):
        raise Forbidden


def check_name(name: str) -> None:
    """Raise Forbidden for our own names, by whatever public address they may be reached."""
    host = name.lower().rstrip(".")
    if any(host == own or host.endswith(f".{own}") for own in our_names):
        raise Forbidden


def _is_here(address: Address) -> bool:
    """Whether this machine itself has the address: only then can something listen on it."""
    family = socket.AF_INET6 if isinstance(address, ipaddress.IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def is_public(address: Address) -> bool:
    """Whether an address, and each address inside of it, belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64_LOCAL:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64 or (int(address) >> 32) == 0:  # translated, or IPv4-compatible
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if address in _INSIDE or any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _port_is_fine(port: int) -> bool:
    return port in (80, 443) or (1024 <= port <= 65535 and port not in _BAD_PORTS)


def _literal(name: str) -> Address | None:
    """An IP address in any spelling that a resolver understands: 127.1, 0x7f000001, 2130706433, [::1]."""
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, ValueError):
        return None


def _is_name(name: str) -> bool:
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        return False
    labels = ascii_name.split(".")
    return len(ascii_name) <= 253 and all(
        label and len(label) <= 63 and label.replace("-", "").replace("_", "").isalnum() for label in labels
    )
