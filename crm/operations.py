"""Who is let in and what they may do, with a trail.

People and roles live below the trail, so their own operations cannot write it: here the two meet.
Each is one transaction, and says no as everything else does.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from crm.grants import found_by_words, names_of_fields
from records import audit
from records.errors import NotPermitted, Unacceptable
from records.operations import operation
from users import operations as users
from users.models import FieldAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from users.models import ApiToken, Role, User

P = ParamSpec("P")
T = TypeVar("T")


def refusing(function: Callable[P, T]) -> Callable[P, T]:
    """Make `function` an operation whose errors are refusals."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return operation(function)(*args, **kwargs)
        except PermissionDenied as error:
            raise NotPermitted(str(error)) from error
        except ValidationError as error:
            errors: dict[str, list[str]] = (
                error.message_dict
                if hasattr(error, "error_dict")
                else {NON_FIELD_ERRORS: error.messages}
            )
            raise Unacceptable(errors=errors) from error

    return run


@refusing
def add_user(
    *, by: User, email: str, password: str = "", roles: Iterable[Role] = (), **fields: Any
) -> User:
    """Let somebody in, as `users.operations.add_user` does."""
    given = list(roles)
    user = users.add_user(by=by, email=email, password=password, roles=given, **fields)
    changes = {"email": [None, user.email], "team": [None, user.team], **_privileges(user)}
    if user.manager is not None:
        changes["manager"] = [None, user.manager]
    changes["roles"] = [None, [str(role) for role in given]]
    audit.log(user, "user.created", by=by, changes=changes)
    return user


@refusing
def update_user(
    user: User, *, by: User, roles: Iterable[Role] | None = None, **changes: Any
) -> User:
    """Change what somebody is and may do. Changing nothing writes nothing."""
    current, changed = users.update_user(user, by=by, roles=roles, **changes)
    if changed:
        audit.log(current, "user.changed", by=by, changes=changed)
    return current


@refusing
def set_password(user: User, *, by: User, password: str) -> User:
    """Give somebody a new password. The trail tells that, not which."""
    current = users.set_password(user, by=by, password=password)
    audit.log(current, "user.password_changed", by=by)
    return current


@refusing
def remove_second_factor(user: User, *, by: User) -> bool:
    """Let somebody who lost their phone in with the password alone."""
    is_removed = users.remove_second_factor(user, by=by)
    if is_removed:
        audit.log(user, "user.second_factor_removed", by=by)
    return is_removed


@refusing
def sign_out(user: User, *, by: User) -> int:
    """End every session of somebody; return how many there were."""
    count = users.sign_out(user, by=by)
    audit.log(user, "user.signed_out", by=by)
    return count


@refusing
def delete_user(user: User, *, by: User) -> None:
    """Remove somebody who has left no trace."""
    audit.log(user, "user.deleted", by=by)
    users.delete_user(user, by=by)


@refusing
def save_role(
    role: Role,
    *,
    by: User,
    name: str,
    description: str = "",
    grants: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
) -> Role:
    """Make or change a role. Changing nothing writes nothing.

    Raises `Unacceptable` for a field that there is not, that nobody can be kept from, or that
    cannot be hidden as a search finds its values.
    """
    is_new = role.pk is None
    standing = {} if is_new else users.withheld_by(role)
    if unknown := sorted(set(fields or ()) - standing.keys() - names_of_fields()):
        told = [_("There is no field %s that could be kept from a role.") % n for n in unknown[:5]]
        raise Unacceptable(errors={"fields": told})
    hidden = {name for name, level in (fields or {}).items() if level == FieldAccess.Level.HIDDEN}
    if hidden and (found := sorted(hidden & found_by_words())):
        told = [_("A search finds what stands in %s. Make it read-only.") % n for n in found[:5]]
        raise Unacceptable(errors={"fields": told})
    current, changed = users.save_role(
        role, by=by, name=name, description=description, grants=grants, fields=fields
    )
    if changed:
        event = "role.created" if is_new else "role.changed"
        audit.log(current, event, by=by, changes=changed)
    return current


@refusing
def delete_role(role: Role, *, by: User) -> None:
    """Remove a role that nobody has."""
    audit.log(role, "role.deleted", by=by)
    users.delete_role(role, by=by)


@refusing
def issue_token(
    user: User, *, by: User, name: str, scope: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a key for `user`; return it with its secret, which is nowhere to be read again."""
    token, secret = users.issue_token(user, by=by, name=name, scope=scope, expires_at=expires_at)
    audit.log(
        token,
        "apitoken.created",
        by=by,
        changes={"user": [None, user], "scope": [None, scope], "expires_at": [None, expires_at]},
    )
    return token, secret


@refusing
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a key for good. Ending one that has ended changes nothing."""
    was_revoked = token.revoked_at is not None
    current = users.revoke_token(token, by=by)
    if not was_revoked:
        audit.log(current, "apitoken.revoked", by=by)
    return current


def _privileges(user: User) -> dict[str, list[Any]]:
    return {
        name: [None, True]
        for name in ("is_staff", "is_superuser", "is_machine")
        if getattr(user, name)
    }
