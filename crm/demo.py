"""What the demo tells of itself: who may sign in, and where its planted cases are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpRequest


class DemoUser(TypedDict):
    """Somebody whom the demo lets in."""

    key: str
    name: str
    role: str
    email: str
    password: str


class Stop(TypedDict):
    """One planted case of the tour."""

    label: str
    url: str


def demo_file() -> Path:
    """Return where the demo keeps its passwords and its tour: readable by this user only."""
    path: Path = settings.VAR_DIR / "demo.json"
    return path


def read_demo() -> dict[str, Any]:
    """Return what the demo wrote down, or nothing: outside a demo, or before it was made."""
    if not settings.CRM_DEMO:
        return {}
    try:
        data: dict[str, Any] = json.loads(demo_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data


def demo_users() -> list[DemoUser]:
    """Return whom the sign-in page offers; nobody outside a demo."""
    return [
        DemoUser(
            key=key,
            name=user.get("name", key),
            role=user.get("role", ""),
            email=user["email"],
            password=user["password"],
        )
        for key, user in read_demo().get("users", {}).items()
    ]


def tour() -> list[Stop]:
    """Return the planted cases, in the order in which they teach; none outside a demo."""
    return [Stop(label=stop["label"], url=stop["url"]) for stop in read_demo().get("tour", [])]


def demo(request: HttpRequest) -> dict[str, Any]:
    """Give templates `tour` and `demo_users`, read only where a page shows them."""
    if not settings.CRM_DEMO:
        return {}
    return {"tour": SimpleLazyObject(tour), "demo_users": SimpleLazyObject(demo_users)}
