"""What people change about themselves, and the keys with which programs act for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from users.models import ApiToken

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

# Every request would write a row otherwise; to the hour is enough to find a key nobody uses.
USE_IS_NOTED_EVERY = timedelta(hours=1)


def issue_token(
    user: User,
    *,
    by: User,
    name: str,
    scope: str = ApiToken.Scope.WRITE,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a key for `user` and return it with its secret, which is nowhere to be read again.

    Raises `PermissionDenied` unless it is for oneself or `by` administers, and `ValidationError`
    for an unknown scope, a name nobody could recognise it by, or a moment that has passed.
    """
    _require_own_or_administrator(user, by)
    if not user.is_active:
        raise ValidationError({"user": _("%(user)s is not active.") % {"user": user}})
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("Choose a moment that is still to come.")})
    secret = ApiToken.new_secret()
    token = ApiToken(
        user=user,
        name=name.strip(),
        prefix=secret[: len(ApiToken.PREFIX) + 6],
        digest=ApiToken.digest_of(secret),
        scope=scope,
        expires_at=expires_at,
    )
    token.full_clean(exclude=["user"])
    token.save()
    return token, secret


def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a key for good. Ending one that has ended changes nothing."""
    _require_own_or_administrator(token.user, by)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db(fields=["revoked_at"])
    return token


def live_token(secret: str) -> ApiToken | None:
    """Return the key of this secret, with its user, if it still opens."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=ApiToken.digest_of(secret), user__is_active=True)
        .first()
    )
    return token if token is not None and token.is_live else None


def note_use(token: ApiToken) -> None:
    """Remember that a key was used, at most once an hour."""
    now = timezone.now()
    if token.used_at is None or now - token.used_at >= USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)


def update_profile(
    user: User,
    *,
    by: User,
    name: str | None = None,
    theme: str | None = None,
    has_shortcuts: bool | None = None,
) -> User:
    """Change how somebody is called and how the pages look to him. None leaves a thing as it is.

    Raises `PermissionDenied` for the profile of somebody else, `ValidationError` for a theme that
    does not exist or a name that is too long.
    """
    _require_own_or_administrator(user, by)
    given = {"name": name, "theme": theme, "has_shortcuts": has_shortcuts}
    changes = {field: value for field, value in given.items() if value is not None}
    for field, value in changes.items():
        setattr(user, field, value)
    user.full_clean(exclude={field.name for field in user._meta.fields} - changes.keys())
    if changes:
        user.save(update_fields=sorted(changes))
    return user


def _require_own_or_administrator(user: User, by: User) -> None:
    if not by.is_active or not (by.pk == user.pk or by.is_superuser):
        raise PermissionDenied(_("You may not change the profile or the API tokens of somebody else."))
