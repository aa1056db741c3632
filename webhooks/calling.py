"""Posting to an address outside, and nowhere else: this is where the product calls out.

An address is looked up once, every answer is checked, and the connection goes to the address that
was checked: a name that says something else a moment later changes nothing. Nothing is followed,
and of what is answered no more is read than its first line.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = frozenset({443, 8443})
LONGEST_LINE = 1_000
_IN_PATHS = "%/?:@!$&'()*+,;=~"
_CLEAN = re.compile(r"[!-~\u00a1-\U0010ffff]+")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r|\n)")
# What is not for everybody, by the registries of special addresses. Of IPv6 one block alone is.
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip
_PUBLIC = ipaddress.ip_network("2000::/3")


class NotReached(Exception):
    """A call did not get its answer; `str()` says why.

    is_final  it would be the same the next time
    is_away   nobody is there at all, so that other calls may wait too
    """

    def __init__(self, words: str, *, is_final: bool = False, is_away: bool = False) -> None:
        super().__init__(words)
        self.is_final, self.is_away = is_final, is_away


@dataclass(frozen=True)
class Target:
    """Where an address leads: scheme, name of the machine, port, and what stands behind it."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """Return what an address says. Raises `NotReached` for one that is none to post to.

    >>> target_of("https://Bücher.example/hook?a=1#b")
    Target(scheme='https', host='xn--bcher-kva.example', port=443, path='/hook?a=1')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        if ":" not in host:
            host = host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise NotReached("This is no address.", is_final=True) from None
    if not _CLEAN.fullmatch(url) or "\\" in url or not host or "%" in host:
        raise NotReached("This is no address.", is_final=True)
    if parts.scheme not in {"http", "https"}:
        raise NotReached("The address begins with https://.", is_final=True)
    if "@" in parts.netloc:
        raise NotReached("No name or password may stand in the address.", is_final=True)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_IN_PATHS)
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def is_public(address: Address) -> bool:
    """Say whether an address belongs to everybody.

    >>> [is_public(ipaddress.ip_address(a)) for a in ("8.8.8.8", "10.0.0.1", "::ffff:8.8.8.8")]
    [True, False, False]
    """
    if any(address.version == each.version and address in each for each in _PRIVATE):
        return False
    return address.version == 4 or address in _PUBLIC


def checked(target: Target, allowed: Sequence[Network] = ()) -> str:
    """Return the one address to connect to. Raises `NotReached` unless all it may be are good.

    What is allowed besides the public may be plain HTTP, and on any port.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReached("There is no machine of this name.", is_away=True) from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    ours = [any(a.version == n.version and a in n for n in allowed) for a in addresses]
    if not addresses or not all(
        is_allowed or is_public(address)
        for address, is_allowed in zip(addresses, ours, strict=True)
    ):
        raise NotReached("The address lies inside a private network.", is_final=True)
    if not all(ours):
        if target.scheme != "https":
            raise NotReached("The address begins with https://.", is_final=True)
        if target.port not in PORTS:
            raise NotReached("The port is 443 or 8443.", is_final=True)
    return str(addresses[0])


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float,
    allowed: Sequence[Network] = (),
) -> int:
    """Post `body` and return the status that is answered, within `timeout` seconds altogether."""
    target = target_of(url)
    address = checked(target, allowed)
    until = time.monotonic() + timeout
    try:
        with socket.create_connection((address, target.port), timeout=timeout / 2) as plain:
            plain.settimeout(_left(until))
            if target.scheme == "http":
                return _answer(plain, target, body, headers, until)
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=target.host) as sealed:
                return _answer(sealed, target, body, headers, until)
    except TimeoutError:
        raise NotReached(f"No answer within {timeout:g} seconds.", is_away=True) from None
    except ssl.SSLError as error:
        raise NotReached(f"No safe connection: {error.reason or error}.", is_away=True) from None
    except OSError as error:
        raise NotReached(f"No connection: {error.strerror or error}.", is_away=True) from None


def _answer(
    line: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], until: float
) -> int:
    """Write the request and read the first line of the answer, and no more."""
    name = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = target.port == (443 if target.scheme == "https" else 80)
    head = {
        "Host": name if is_usual else f"{name}:{target.port}",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{n}: {value}" for n, value in head.items())]
    line.settimeout(_left(until))
    line.sendall("\r\n".join([*lines, "", ""]).encode("ascii", "replace") + body)
    told = b""
    while b"\n" not in told and len(told) < LONGEST_LINE:
        line.settimeout(_left(until))
        piece = line.recv(LONGEST_LINE)
        if not piece:
            break
        told += piece
    found = _STATUS.match(told)
    if found is None:
        raise NotReached("What answered is no web server.", is_away=not told)
    return int(found[1])


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
