"""Who looks at a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from users.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """Return who asks; nobody gets here who has not signed in."""
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied
