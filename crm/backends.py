"""Who is signed in, with what the frame of every page tells of them, in one statement."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from records.models import Notice
from users.models import User
from workbench.querysets import granted_to, kept_from, members_of, pinned_to

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Backend(AuthenticationBackend):
    """Sign-in by email; with a person comes what they may do, have pinned, and have not read.

    Who is in their team comes, too, where `records.permissions.restrict` names them by number.
    """

    def get_user(self, user_id: Any) -> User | None:
        user = _people().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


@cache
def _people() -> QuerySet[Any, Any]:
    """Return everybody with what comes with them: put together once, asked on every page."""
    unread = (
        Notice.objects.filter(whom=OuterRef("pk"), read_at=None, is_shown=True)
        .order_by()
        .values("whom")
        .annotate(count=Count("pk"))
        .values("count")
    )
    rows = User.objects.annotate(
        granted=granted_to(OuterRef("pk")),
        kept_back=kept_from(OuterRef("pk")),
        pinned_views=pinned_to(OuterRef("pk"), OuterRef("team")),
        unread=Coalesce(Subquery(unread), 0),
    )
    if connection.vendor == "postgresql":
        # It plans by how many rows are whose; SQLite would go through an index once for each.
        rows = rows.annotate(team_members=members_of(OuterRef("team")))
    return rows
