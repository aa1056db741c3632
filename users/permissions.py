"""What can be granted at all, and whether somebody grants more than they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

ACTIONS = {
    "view": gettext_noop("Can view %(things)s"),
    "add": gettext_noop("Can add %(things)s"),
    "change": gettext_noop("Can change %(things)s"),
    "delete": gettext_noop("Can delete %(things)s"),
}


def permissions_of(model: type[Model]) -> dict[str, str]:
    """Permission → what it allows, for one kind of thing."""
    meta = model._meta
    known = {
        f"{meta.app_label}.{action}_{meta.model_name}": _(words)
        % {"things": meta.verbose_name_plural}
        for action, words in ACTIONS.items()
        if action in meta.default_permissions
    }
    return known | {f"{meta.app_label}.{name}": _(str(text)) for name, text in meta.permissions}


def exists(permission: str) -> bool:
    """Say whether there is something that `permission` allows."""
    app_label, _dot, codename = permission.partition(".")
    if not apps.is_installed(app_label):
        return False
    return any(
        permission in permissions_of(model)
        for model in apps.get_app_config(app_label).get_models()
        if codename
    )


def holds_for_all(user: User, permission: str) -> bool:
    """Say whether `user` may do this to everything there is, as settings need."""
    if not user.is_active:
        return False
    return user.is_superuser or user.scopes.get(permission) == Grant.Scope.ALL


def beyond(by: User, grants: Mapping[str, str], *, teams: set[int | None]) -> list[str]:
    """Return those of `grants`, given to members of `teams`, that reach further than `by` does.

    Own records of anybody are no further than own records; those of a team are further unless it is
    the team of `by`, and nobody without a team has records of a team.
    """
    if by.is_superuser:
        return []
    foreign = teams - {None, by.team_id}

    def is_held(permission: str, scope: str) -> bool:
        mine = by.scopes.get(permission)
        if mine is None or Grant.REACH[scope] > Grant.REACH[mine]:
            return False
        return mine == Grant.Scope.ALL or scope == Grant.Scope.OWN or not foreign

    return sorted(p for p, scope in grants.items() if not is_held(p, scope))
