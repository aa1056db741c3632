"""How a sender proves that it is the one who knows the secret. No Django, no clock of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac

OLDEST = 5 * 60  # seconds that a signed request may be under way, by HubSpot's own rule


def is_same(one: str, other: str) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def hubspot_v3(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """Return the signature that HubSpot sends as `X-HubSpot-Signature-v3`.

    >>> hubspot_v3("s", "POST", "https://crm.example/", b"{}", "1564113600000")
    'si3q86uwib6ic+7qPk+T4Qe+wbXlSxBLGs7ePoLvI8I='
    """
    signed = f"{method}{uri}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def meta(secret: str, body: bytes) -> str:
    """Return the signature that Meta sends as `X-Hub-Signature-256`.

    >>> meta("s", b"{}")[:20]
    'sha256=143ca8d517ba1'
    """
    return f"sha256={hmac.digest(secret.encode(), body, hashlib.sha256).hex()}"


def plain(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature over a moment in seconds, a point and the body, in hexadecimal.

    >>> plain("s", "1", b"{}")[:8]
    'b253639b'
    """
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hex()


def is_fresh(timestamp: str, now: float) -> bool:
    """Say whether a moment in milliseconds lies at most five minutes from `now`, in seconds.

    >>> is_fresh("1000000", 1300), is_fresh("1000000", 1301), is_fresh("soon", 0)
    (True, False, False)
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        return False
    return abs(now - int(timestamp) / 1000) <= OLDEST
