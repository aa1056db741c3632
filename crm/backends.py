"""Who is signed in, with what the frame of every page tells of them, in one statement."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from records.models import Notice
from users.models import User
from workbench.querysets import granted_to, pinned_to


class Backend(AuthenticationBackend):
    """Sign-in by email; with a person comes what they may do, have pinned, and have not read."""

    def get_user(self, user_id: Any) -> User | None:
        unread = (
            Notice.objects.filter(whom=OuterRef("pk"), read_at=None, is_shown=True)
            .order_by()
            .values("whom")
            .annotate(count=Count("pk"))
            .values("count")
        )
        rows = User.objects.annotate(
            granted=granted_to(OuterRef("pk")),
            pinned_views=pinned_to(OuterRef("pk"), OuterRef("team")),
            unread=Coalesce(Subquery(unread), 0),
        )
        user = rows.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
