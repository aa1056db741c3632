"""The questions asked of opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce

from accounts.models import Account
from records.querysets import Names, RecordQuerySet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from users.models import User

ON_A_CARD = (
    "topic", "owner", "account", "stage", "stage_entered_at", "status", "is_on_hold", "value",
    "currency", "probability", "estimated_close_date", "next_step", "next_step_kind",
    "next_step_at", "version", "deleted_at",
)  # fmt: skip
PEOPLE = ("owner", "account__owner")
URGENT, WITHOUT_STEP, PLANNED, UNDATED = range(4)
# When what holds now ends. Nothing instead would have to be asked for beside every moment.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class InStage:
    """What is in a stage: how many, worth how much and how much weighted, in the main currency."""

    count: int = 0
    value: Decimal = Decimal(0)
    weighted: Decimal = Decimal(0)


class StageQuerySet(QuerySet[Any, Any]):
    """Stages, narrowed."""

    def in_use(self) -> Self:
        return self.filter(successor=None)

    def for_opportunities(self) -> Self:
        """Keep those into which an opportunity may come."""
        return self.in_use().filter(is_for_leads=False)


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

    def with_seen_account(self, viewer: User) -> Self:
        """Add `seen_account` and `seen_account_name`: of the account, where `viewer` may see it."""
        account = Account.objects.permitted(viewer).filter(pk=OuterRef("account"))
        return self.annotate(
            seen_account=Subquery(account.values("pk")[:1]),
            seen_account_name=Subquery(account.values("name")[:1]),
        )

    def with_main_product(self) -> Self:
        """Add `main_product` and `main_product_name`: of the first line that has a product."""
        lines: Any = self.model.lines.rel.related_model._default_manager.filter(
            opportunity=OuterRef("pk"), product__isnull=False
        ).order_by("position", "pk")
        return self.annotate(
            main_product=Subquery(lines.values("product")[:1]),
            main_product_name=Subquery(lines.values("product__name")[:1]),
        )

    def with_competitor_names(self) -> Self:
        """Add the names of the competitors as one text, without a statement of their own."""
        linked = self.model.competitors.through.objects.filter(opportunity=OuterRef("pk"))
        names = linked.values("opportunity").annotate(names=Names("competitor__name"))
        return self.annotate(competitor_names=Subquery(names.values("names")))


@dataclass(frozen=True)
class Line:
    """A name for what happens to the worth of a pipeline, and whether it comes, goes or stays.

    `befores` are what an opportunity was, for what comes; `afters` what it became, for what goes:
    "" is nothing at all.
    """

    key: str
    befores: tuple[str, ...] = ()
    afters: tuple[str, ...] = ()

    @property
    def comes(self) -> bool:
        return bool(self.befores)

    @property
    def goes(self) -> bool:
        return bool(self.afters)


# What comes into a pipeline and what leaves it; the last of each are open before and after, and
# were another owner's or another team's, or are now.
COMES = (
    Line("new", befores=("",)),
    Line("reopened", befores=("won", "lost")),
    Line("restored", befores=("binned",)),
    Line("received", befores=("open",)),
)
GOES = (
    Line("won", afters=("won",)),
    Line("lost", afters=("lost",)),
    Line("deleted", afters=("binned",)),
    Line("given", afters=("open",)),
)
RAISED, LOWERED = "raised", "lowered"
# What only changes its stage, in all; and seen from the one and from the other stage.
MOVED, MOVED_IN, MOVED_OUT = "moved", "moved_in", "moved_out"
# What was moved out of a stage, won or lost there: its stay has ended.
LEFT = "left"


class PipelineStateQuerySet(QuerySet[Any, Any]):
    """What opportunities were, narrowed to a moment or to what began in a stretch of time."""

    def lasting(self) -> Self:
        """Keep the states that hold now."""
        return self.filter(until_at=FOREVER)

    def of(self, opportunities: OpportunityQuerySet) -> Self:
        """Keep the states of these, read where they are; of all the other table is not asked."""
        states = self.using(opportunities.db)
        if not opportunities.query.has_filters():
            return states
        return states.filter(opportunity__in=opportunities.order_by().values("pk"))

    def open_at(self, moment: datetime) -> Self:
        """Keep those that were open right before `moment`, each opportunity once."""
        return self.filter(standing="open", from_at__lt=moment, until_at__gte=moment)

    def beginnings(self) -> Self:
        """Keep the states with which a stay in a stage began, as `begins_a_stay` says."""
        is_the_same = Q(standing_before="open", stage_before=F("stage"))
        return self.filter(standing="open").exclude(is_the_same)

    def left(self, start: datetime, end: datetime, *, whose: Mapping[str, Any]) -> Self:
        """Keep those with which a stay in a stage ended from `start` on and before `end`.

        It was moved, won or lost, and `whose` owner and owner__team are those that it had there.
        """
        return self.filter(
            from_at__gte=start, from_at__lt=end, days_before__isnull=False, **before(whose)
        )

    def changes(self, start: datetime, end: datetime, *, whose: Mapping[str, Any]) -> Self:
        """Keep what began from `start` on and before `end`, with its `line` in a pipeline.

        The pipeline is that of `whose` owner and owner__team, as they were then. The line is empty
        for what changed nothing but the stage, or what stayed beside the pipeline.
        """
        is_in = Q(standing="open", **whose)
        was_in = Q(standing_before="open", **before(whose))
        rows = self.filter(from_at__gte=start, from_at__lt=end).filter(is_in | was_in)
        whens = [
            When(was_in & is_in & Q(worth__gt=F("worth_before")), then=Value(RAISED)),
            When(was_in & is_in & Q(worth__lt=F("worth_before")), then=Value(LOWERED)),
            When(was_in & is_in, then=Value("")),
            *(
                When(is_in & Q(standing_before__in=line.befores), then=Value(line.key))
                for line in COMES
            ),
            *(When(was_in & Q(standing__in=line.afters), then=Value(line.key)) for line in GOES),
        ]
        return rows.annotate(
            worth=_worth("base_value"),
            worth_before=_worth("value_before"),
            line=Case(*whens, default=Value(""), output_field=CharField()),
            moves=Case(
                When(was_in & is_in & ~Q(stage=F("stage_before")), then=Value(1)),
                default=Value(0),
                output_field=IntegerField(),
            ),
        )

    def on_line(self, line: str) -> Self:
        """Keep of `changes` those of one line."""
        is_move = line in {MOVED, MOVED_IN, MOVED_OUT}
        return self.filter(moves=1) if is_move else self.filter(line=line)


def before(whose: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked of owner and owner__team as it is asked of what was before."""
    return {f"owner_before{name.removeprefix('owner')}": asked for name, asked in whose.items()}


def _worth(column: str) -> Coalesce:
    return Coalesce(F(column), Value(0), output_field=DecimalField(max_digits=14, decimal_places=2))
