"""How often somebody may ask: counted in the cache, which all processes of a machine share."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache

if TYPE_CHECKING:
    from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the network that a request comes from; behind a proxy of ours, what that one saw."""
    text = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUST_PROXY:
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if address.version == 6:  # whoever has one address of these has them all
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address)


def hidden(word: str) -> str:
    """Return a word that stands for another one, which it does not tell."""
    return hashlib.sha256(f"{settings.SECRET_KEY}{word}".encode()).hexdigest()[:32]


def seconds_to_wait(name: str, most: int, window: int) -> int:
    """Count a request under `name`; return in how many seconds to try again, 0 for at once.

    Of each `window` of so many seconds `most` requests are let through.
    """
    if not settings.CRM_THROTTLE:
        return 0
    now = int(time.time())
    key = f"{name}-{now // window}"
    cache.add(key, 0, window)
    try:
        count = cache.incr(key)
    except ValueError:  # it was forgotten between the two
        count = 1
    return window - now % window if count > most else 0
