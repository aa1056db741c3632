"""Our server is nobody's proxy: it connects to what is open to everybody, as it was checked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

import pytest

from tests.receiver import Receiver, receiving
from webhooks.calling import NotReached, checked, is_public, post, target_of

PRIVATE_V4 = (
    "127.0.0.1 127.255.255.254 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 "
    "192.168.255.255 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 198.18.0.1"
).split()
PRIVATE_V6 = (
    "::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2001::1 2002:7f00:1:: "
    "64:ff9b::7f00:1 64:ff9b:1::1 100::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 fec0::1 5f00::1"
).split()
NAMES = ("localhost", "LOCALHOST", "localhost.", "①②⑦.0.0.1", "127。0。0。1", "１２７.0.0.1")


def spellings() -> Iterator[str]:
    """Yield ways to write what is not for everybody, as the host of an address."""
    for dotted in PRIVATE_V4:
        number = int(ip_address(dotted))
        a, b, c, d = dotted.split(".")
        yield dotted
        yield str(number)
        yield hex(number)
        yield f"0{number:o}"
        yield ".".join(hex(int(part)) for part in (a, b, c, d))
        yield ".".join(f"0{int(part):o}" for part in (a, b, c, d))
        yield f"{a}.{b}.{int(c) * 256 + int(d)}"
        yield f"{a}.{number & 0xFFFFFF}"
        yield f"[::ffff:{dotted}]"
        yield f"[64:ff9b::{dotted}]"
    yield from (f"[{address}]" for address in PRIVATE_V6)
    yield from NAMES


@pytest.fixture
def listener() -> Iterator[Receiver]:
    with receiving("0.0.0.0") as one:
        yield one


def test_no_spelling_reaches_a_private_listener(listener: Receiver):
    hosts = list(spellings())
    assert len(hosts) >= 150
    reached = []
    for host, scheme in product(hosts, ("http", "https")):
        try:
            post(f"{scheme}://{host}:{listener.port}/", b"{}", {}, timeout=1)
        except NotReached as refusal:
            if refusal.is_away and "no machine" not in str(refusal):
                reached.append(host)
        else:
            reached.append(host)

    assert reached == []
    assert listener.connections == 0
    for url in ("file:///etc/passwd", "gopher://127.0.0.1/", "https://a@127.0.0.1/", "//127.0.0.1"):
        with pytest.raises(NotReached):
            post(url, b"{}", {}, timeout=1)


def test_connects_to_what_was_checked_whatever_the_name_says_next(
    listener: Receiver, monkeypatch: Any
):
    public, asked, called = "93.184.216.34", [], []
    answers = iter([public, *["127.0.0.1"] * 9])

    def looked_up(host: str, port: int, **_kind: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connected(address: Any, **_kind: Any) -> Any:
        called.append(address)
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(NotReached):
        post("https://flips.example/", b"{}", {}, timeout=1)
    with pytest.raises(NotReached, match="private"):
        post("https://flips.example/", b"{}", {}, timeout=1)

    assert (called, len(asked)) == ([(public, 443)], 2)
    # One bad answer among good ones is enough.
    both = [(0, 0, 0, "", (each, 443)) for each in (public, "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(NotReached, match="private"):
        checked(target_of("https://two.example/"))


def test_follows_nothing_and_waits_for_nobody(listener: Receiver):
    here, allowed = f"http://127.0.0.1:{listener.port}/", [ip_network("127.0.0.1/32")]
    with receiving("127.0.0.2") as inside:
        to = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.2:{inside.port}/\r\n\r\n".encode()
        listener.answer = lambda _headers: to
        assert post(here, b"{}", {}, timeout=2, allowed=allowed) == 307
        assert inside.connections == 0
    listener.answer = lambda _headers: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000
    assert post(here, b"{}", {}, timeout=2, allowed=allowed) == 200
    listener.answer = lambda _headers: b"x" * 5_000
    with pytest.raises(NotReached):
        post(here, b"{}", {}, timeout=2, allowed=allowed)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotReached) as refusal:
            post(here, b"{}", {}, timeout=0.3, allowed=allowed)
    assert refusal.value.is_away
    for url in ("http://8.8.8.8/", "https://8.8.8.8:25/"):
        with pytest.raises(NotReached, match=r"https|443"):
            checked(target_of(url), allowed)
    assert is_public(ip_address("2606:4700::1111"))
