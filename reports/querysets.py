"""Whose targets somebody may look at, or set; and of whose records they may see the sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from records.permissions import reach_of, scope_of
from users.models import Grant

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from users.models import User


class TargetQuerySet(models.QuerySet[Any, Any]):
    """Targets, narrowed to those of whom somebody may know them."""

    def standing(self) -> Self:
        """Keep those that say something: what was taken back is only remembered."""
        return self.exclude(amount=None, conversion=None)

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


class SummaryQuerySet(models.QuerySet[Any, Any]):
    """Sums of records, narrowed to those of the records that somebody may see."""

    def permitted(self, user: User | AnonymousUser) -> Self:
        """Keep the sums of the records that `user` may see: a sum has the owner of its records."""
        reach = reach_of(user, "view", self.model.KIND)
        if reach is None:
            return self.none()
        return self.filter(reach) if reach else self
