"""The questions asked of opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)

from accounts.models import Account
from records.querysets import Names, RecordQuerySet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from users.models import User

ON_A_CARD = (
    "topic", "owner", "account", "stage", "stage_entered_at", "status", "is_on_hold", "value",
    "currency", "probability", "estimated_close_date", "next_step", "next_step_kind",
    "next_step_at", "version", "deleted_at",
)  # fmt: skip
PEOPLE = ("owner", "account__owner")
URGENT, WITHOUT_STEP, PLANNED, UNDATED = range(4)


@dataclass(frozen=True)
class InStage:
    """What is in a stage: how many, worth how much and how much weighted, in the main currency."""

    count: int = 0
    value: Decimal = Decimal(0)
    weighted: Decimal = Decimal(0)


class OpportunityQuerySet(RecordQuerySet):
    """Opportunities, narrowed or annotated."""

    def open(self) -> Self:
        return self.filter(status="open")

    def won(self) -> Self:
        return self.filter(status="won")

    def lost(self) -> Self:
        return self.filter(status="lost")

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "account__owner", "contact", "stage")

    def for_board(self) -> Self:
        """Fetch what a card of the board shows, in one query, and not the long texts."""
        return self.select_related("owner", "account__owner", "stage").only(
            *ON_A_CARD,
            "account__name",
            "stage__process",
            "stage__usual_days",
            *(f"{person}__{name}" for person in PEOPLE for name in ("name", "email", "team")),
            "account__owner",
        )

    def latest_won(self, most: int) -> Self:
        """Fetch what the cards of the last won ones show, in one query with figures over all.

        Each row says how many there are, as `total`, and what they are worth, as `total_value`.
        """
        return (
            self.select_related("owner", "account__owner")
            .only(
                *ON_A_CARD,
                "actual_value",
                "closed_on",
                "created_at",
                "account__name",
                *(f"{person}__{name}" for person in PEOPLE for name in ("name", "email", "team")),
                "account__owner",
            )
            .annotate(total=Window(Count("pk")), total_value=Window(Sum("base_value")))
            .order_by("-closed_on", "-pk")[:most]
        )

    def with_urgency(self, tomorrow: datetime) -> Self:
        """Add `urgency`: first what is due before `tomorrow` begins, then what has no next step."""
        return self.annotate(
            urgency=Case(
                When(next_step_at__lt=tomorrow, then=Value(URGENT)),
                When(next_step_at__isnull=False, then=Value(PLANNED)),
                When(next_step="", then=Value(WITHOUT_STEP)),
                default=Value(UNDATED),
                output_field=IntegerField(),
            )
        )

    def first_of_stages(
        self, most: Mapping[int, int], *, tomorrow: datetime, also: int | None = None
    ) -> Self:
        """Keep of each stage so many as `most` says, and `also`, in the order in which they press.

        Late ones come first, then those of today, those without a next step, those that are
        planned. Each stage gives its first by itself: no row is numbered to be thrown away.
        """
        order = ("urgency", "next_step_at", "pk")
        every = self.model._base_manager.order_by()
        first = [
            self.filter(stage=stage).with_urgency(tomorrow).order_by(*order).values("pk")[:count]
            for stage, count in most.items()
        ]
        if also is not None:
            first.append(self.filter(pk=also).order_by().values("pk"))
        parts = [every.filter(pk__in=rows).values("pk") for rows in first]
        chosen = parts[0].union(*parts[1:], all=True) if parts else self.none()
        shown = self.model.objects.filter(pk__in=chosen)
        return shown.with_urgency(tomorrow).order_by("stage", *order)  # type: ignore[no-any-return]

    def by_stage(self) -> dict[int, InStage]:
        """Count and add up what is in each stage that has any, by its id. One statement."""
        found = (
            self.order_by()
            .values_list("stage")
            .annotate(
                count=Count("*"),
                value=Sum("base_value"),
                weighted=Sum(F("base_value") * F("probability")),
            )
        )
        return {
            stage: InStage(count, Decimal(value or 0), Decimal(weighted or 0) / 100)
            for stage, count, value, weighted in found
        }

    def with_place(self, viewer: User) -> Self:
        """Add `place_country` and `place_region`: of the account, where `viewer` may see it."""
        account = Account.objects.permitted(viewer).filter(pk=OuterRef("account"))
        return self.annotate(
            place_country=Subquery(account.values("country")[:1]),
            place_region=Subquery(account.values("region")[:1]),
        )

    def with_competitor_names(self) -> Self:
        """Add the names of the competitors as one text, without a statement of their own."""
        linked = self.model.competitors.through.objects.filter(opportunity=OuterRef("pk"))
        names = linked.values("opportunity").annotate(names=Names("competitor__name"))
        return self.annotate(competitor_names=Subquery(names.values("names")))
