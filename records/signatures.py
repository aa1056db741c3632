"""How one system proves to another that it is the one who knows a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """Return a secret of 256 random bits, as Standard Webhooks writes one."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret of Standard Webhooks stands for; any other text is its own key.

    >>> key_of("whsec_aGVsbG8="), key_of("hello"), key_of("whsec_ü") == "whsec_ü".encode()
    (b'hello', b'hello', True)
    """
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except ValueError:  # no base64, or letters that it does not have
            pass
    return secret.encode()


def standard(secret: str, name: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a message by Standard Webhooks: over its id, its time and its body.

    >>> key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> body = b'{"test": 2432232314}'
    >>> standard(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{name}.{timestamp}.".encode() + body
    digest = hmac.digest(key_of(secret), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
