"""Doors for tests, and what is handed in at them."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from django.test import Client

from intake import signatures
from intake.models import Door, DoorField, DoorKey
from intake.operations import save_door, set_secret
from records.signatures import standard
from tests.factories import clerk

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


def a_door(kind: str = "generic", slug: str = "door", **terms: Any) -> Door:
    door = save_door(Door(kind=kind, name=slug.title(), slug=slug, **terms), by=clerk())
    if kind in Door.SIGNING:
        set_secret(door, by=clerk(), secret=SECRET)
    return door


def maps(door: Door, **paths: str) -> None:
    """Let a door read fields at paths."""
    for position, (name, path) in enumerate(paths.items()):
        DoorField.objects.create(door=door, field=name, path=path, position=position)


def key_of(door: Door) -> DoorKey:
    key: DoorKey = door.keys.order_by("-pk")[0]
    return key


def hand_in(
    door: Door, body: Any, content_type: str = "application/json", *, path: str = "", **headers: str
) -> Any:
    """Hand something in as the sender of this kind of door does."""
    key = key_of(door)
    address = key.get_absolute_url() + path
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if door.kind == "hubspot" and not headers:
        headers = signed(address, raw, key.secret)
    elif not headers and door.kind in {"meta", "standard", "hmac"}:
        headers = proven(door.kind, raw, key.secret)
    elif door.kind in {"marketo", "dataverse"} and not headers and not path:
        headers = {"X-Door-Key": key.secret}
    return Client(raise_request_exception=False, enforce_csrf_checks=True).generic(
        "POST", address, raw, content_type=content_type, headers=headers
    )


def proven(kind: str, body: bytes, secret: str, at: float | None = None) -> dict[str, str]:
    """Return by which headers a sender of a door of this kind proves itself."""
    moment = str(int(time.time() if at is None else at))
    if kind == "meta":
        return {"X-Hub-Signature-256": signatures.meta(secret, body)}
    if kind == "hmac":
        signature = signatures.plain(secret, moment, body)
        return {"X-Timestamp": moment, "X-Signature": f"sha256={signature}"}
    name = f"msg_{hashlib.sha256(body).hexdigest()[:16]}"
    return {
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,AAAA {standard(secret, name, moment, body)}",
    }


def signed(address: str, body: bytes, secret: str, at: float | None = None) -> dict[str, str]:
    timestamp = str(int((time.time() if at is None else at) * 1000))
    uri = f"https://testserver{address}"
    return {
        "X-HubSpot-Request-Timestamp": timestamp,
        "X-HubSpot-Signature-v3": signatures.hubspot_v3(secret, "POST", uri, body, timestamp),
    }
