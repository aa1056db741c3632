"""Whose targets somebody may look at, or set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from records.permissions import scope_of
from users.models import Grant

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from users.models import User


class TargetQuerySet(models.QuerySet[Any, Any]):
    """Targets, narrowed to those of whom somebody may know them."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep the targets on which the roles of `user` grant `action`.

        A scope of the team reaches its people and the team itself; own is what one has to reach.
        """
        match scope_of(user, action, self.model):
            case Grant.Scope.ALL:
                return self
            case Grant.Scope.TEAM if user.team_id:  # type: ignore[union-attr]
                team = user.team_id  # type: ignore[union-attr]
                return self.filter(Q(owner=user.pk) | Q(owner__team=team) | Q(team=team))
            case Grant.Scope.TEAM | Grant.Scope.OWN:
                return self.filter(owner=user.pk)
            case _:
                return self.none()
