"""Where somebody is signed in, and until when.

As the engine of sessions it is Django's own, on rows, and keeps the moment at which the session
ends: pages warn before it, and the row that says it is read anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

# The first that is named counts: the others claim to be like it.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class SessionStore(db.SessionStore):
    """A session that knows when it ends; None as long as it was not read."""

    ends_at: datetime | None = None

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.ends_at = None if row is None else row.expire_date
        return row


@dataclass(frozen=True)
class SignIn:
    """One device on which somebody is signed in."""

    pk: int
    key: str
    device: str
    ip: str
    since: datetime
    is_current: bool


def live_sessions(user: User, current: str | None) -> list[SignIn]:
    """Return the devices on which `user` is signed in, the last one first; `current` is this one.

    Of sessions that were opened before they were kept nothing is known. One statement.
    """
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    rows = UserSession.objects.filter(user=user, session_key__in=live)
    return [
        SignIn(
            row.pk,
            row.session_key,
            device_in(row.user_agent),
            str(row.ip),
            row.created_at,
            row.session_key == current,
        )
        for row in rows.order_by("-created_at", "-pk")[:100]
    ]


def device_in(agent: str) -> str:
    """Return the browser and the system that a browser says it is.

    >>> device_in("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")
    'Chrome on Linux'
    """
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown device")
