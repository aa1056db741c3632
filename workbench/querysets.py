"""The questions that can be asked of jobs, of letters and of saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from records.permissions import restrict

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from users.models import User

LIVE = ("waiting", "running")
UNSENT = ("waiting", "sending")


class JobQuerySet(models.QuerySet[Any, Any]):
    """Jobs, narrowed to whose they are and how far."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep one's own jobs, and those of others on which the roles of `user` grant `action`."""
        return restrict(self, user, action) | self.filter(owner=user.pk)  # type: ignore[return-value]

    def live(self) -> Self:
        """Keep what is still to be done, or being done."""
        return self.filter(state__in=LIVE)

    def silent_since(self, moment: datetime) -> Self:
        """Keep live jobs of which nothing was heard since `moment`, the most silent first."""
        return self.live().filter(heartbeat_at__lt=moment).order_by("heartbeat_at", "pk")

    def finished_before(self, moment: datetime) -> Self:
        return self.filter(finished_at__lt=moment)

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query, the newest first."""
        return self.select_related("owner").order_by("-created_at", "-pk")


class MailQuerySet(models.QuerySet[Any, Any]):
    """Letters, narrowed to how far they are."""

    def due(self, now: datetime, *, lost_before: datetime) -> Self:
        """Keep what is to be tried now, and what somebody began to send and never ended."""
        waits = Q(state="waiting", next_at__lte=now)
        return self.filter(waits | Q(state="sending", taken_at__lt=lost_before))

    def failed(self) -> Self:
        return self.filter(state="failed")

    def settled_before(self, moment: datetime) -> Self:
        """Keep what was written before `moment` and is not on its way any more.

        What has failed and stands on a timeline stays: it goes on to be no contact there.
        """
        old = self.filter(created_at__lt=moment).exclude(state__in=UNSENT)
        return old.exclude(state="failed", activities__isnull=False)


class Lines(models.Aggregate):
    """The rows of a group as one JSON list, each a list of its columns; nothing for no rows."""

    name = "Lines"
    arity = None
    output_field = models.JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="JSON_GROUP_ARRAY(JSON_ARRAY(%(expressions)s))"
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="JSONB_AGG(JSONB_BUILD_ARRAY(%(expressions)s))"
        )


def pinned_to(user: models.OuterRef, team: models.OuterRef) -> models.Subquery:
    """Return the pinned views of the person of an outer row as `[number, name, kind, default]`.

    They are those that `SavedViewQuerySet.permitted` keeps; a test proves it. Read along with who
    is signed in they cost no statement on any page.
    """
    marks: Any = apps.get_model("workbench", "ViewMark")._default_manager.filter(user=user)
    seen = (
        Q(view__owner=user)
        | Q(view__audience="everyone")
        | Q(view__audience="team", view__owner__team=team)
    )
    rows = marks.filter(seen, is_pinned=True).order_by().values("user")
    lines = Lines("view_id", "view__name", "kind", "is_default")
    return models.Subquery(rows.annotate(lines=lines).values("lines"))


def granted_to(user: models.OuterRef) -> models.Subquery:
    """Return what the roles of the person of an outer row grant: `[permission, scope, role]`."""
    return _said_to(user, "Grant", "permission", "scope", "role_id")


def kept_from(user: models.OuterRef) -> models.Subquery:
    """Return what the roles of the person of an outer row keep: `[field, level, role, kind]`."""
    return _said_to(user, "FieldAccess", "field", "level", "role_id", "kind")


def _said_to(user: models.OuterRef, model: str, *columns: str) -> models.Subquery:
    lines: Any = apps.get_model("users", model)._default_manager.filter(role__members=user)
    rows = lines.order_by().values("role__members").annotate(lines=Lines(*columns))
    return models.Subquery(rows.values("lines"))


def members_of(team: models.OuterRef) -> models.Subquery:
    """Return the numbers of the people in the team of an outer row, each as `[number]`."""
    people: Any = apps.get_model("users", "User")._default_manager.filter(team=team)
    rows = people.order_by().values("team").annotate(lines=Lines("pk"))
    return models.Subquery(rows.values("lines"))


class SavedViewQuerySet(models.QuerySet[Any, Any]):
    """Saved views, narrowed to whose they are and to whom they are shown."""

    def permitted(self, user: User | AnonymousUser, action: str = "view") -> Self:
        """Keep one's own views, and those shared with one.

        To do anything else to another's view, a role has to grant `action` on it beside.
        """
        own = Q(owner=user.pk)
        shared = Q(audience="everyone")
        if team := getattr(user, "team_id", None):
            shared |= Q(audience="team", owner__team=team)
        if action == "view":
            return self.filter(own | shared)
        granted = restrict(self.model._default_manager.all(), user, action).values("pk")
        return self.filter(own | (shared & Q(pk__in=granted)))

    def for_tabs(self, user: User) -> Self:
        """Say of each whether `user` pinned it and begins with it; pinned and own ones first."""
        marks = self.model._meta.get_field("marks").related_model._default_manager.filter(
            user=user, view=OuterRef("pk")
        )
        return (
            self.select_related("owner")
            .annotate(
                is_pinned=Exists(marks.filter(is_pinned=True)),
                is_default=Exists(marks.filter(is_default=True)),
                is_own=models.Case(models.When(owner=user, then=True), default=False),
            )
            .order_by("-is_pinned", "-is_own", "name", "pk")
        )
