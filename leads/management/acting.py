"""In whose name a command works."""

from __future__ import annotations

from django.core.management.base import CommandError

from users.models import User


def acting_user(email: str) -> User:
    """Return the active user with this address; without one, the first administrator."""
    users = User.objects.filter(is_active=True)
    if email:
        user = users.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no active user {email}.")
        return user
    user = users.filter(is_superuser=True).order_by("pk").first()
    if user is None:
        raise CommandError("There is no administrator to act for. Say --by EMAIL.")
    return user
