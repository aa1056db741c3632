"""Who is signed in, with what the frame of every page tells of them, in one statement."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import OuterRef

from users.models import User
from workbench.querysets import pinned_to


class Backend(AuthenticationBackend):
    """Sign-in by email; a person comes with the views that they have pinned."""

    def get_user(self, user_id: Any) -> User | None:
        rows = User.objects.annotate(pinned_views=pinned_to(OuterRef("pk"), OuterRef("team")))
        user = rows.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
