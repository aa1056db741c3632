"""The link in a mail that ends mails of its kind: made for one person, and signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.urls import reverse

from users.models import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from users.models import User

SALT = "notices.stop"


def site_url() -> str:
    """Return where the product is, as links in mails begin."""
    return str(settings.SITE_URL).rstrip("/")


def stop_link(user: User, kinds: Iterable[str]) -> str:
    """Return the address that ends the mails of these kinds to `user`; it is his alone."""
    token = signing.dumps([user.pk, sorted(kinds)], salt=SALT, compress=False)
    return site_url() + reverse("notices:stop", kwargs={"token": token})


def read_stop(token: str) -> tuple[int, list[str]]:
    """Return whose mails of which kinds a link ends. Raises `BadSignature` for one made up."""
    number, kinds = signing.loads(token, salt=SALT)
    return int(number), [kind for kind in kinds if kind in NoticeKind.values]
