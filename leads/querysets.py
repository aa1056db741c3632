"""The questions asked of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, CharField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from leads.bant import KNOWN, PARTLY
from records.lookups import Stripped
from records.querysets import Names, RecordQuerySet, WholeDays, WholeHours

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from opportunities.querysets import OpportunityQuerySet


# The arithmetic of `leads.bant` and of the rules, said to the database. What is unknown is empty.


def _says(name: str) -> Q:
    return ~Q(Exact(Stripped(name), ""))


def _state(*, known: Q, partly: Q) -> Case:
    return Case(
        When(known, then=Value(KNOWN)),
        When(partly, then=Value(PARTLY)),
        default=Value(""),
        output_field=CharField(),
    )


def _state_of(*, settled: Q, answered: tuple[Q, Q]) -> Case:
    one, other = answered
    return _state(known=settled | (one & other), partly=one | other)


BUDGET = _state_of(
    settled=Q(budget_status="no_budget"),
    answered=(Q(budget_amount__isnull=False), ~Q(budget_status="")),
)
AUTHORITY = _state(
    known=Q(decision_maker_known=True),
    partly=_says("decision_maker") | Q(purchase_process__in=["individual", "committee"]),
)
NEED = _state_of(settled=Q(need="none"), answered=(~Q(need=""), _says("need_description")))
TIMEFRAME = _state(known=~Q(timeframe__in=["", "unknown"]), partly=Q(pk__in=[]))
IS_NAMED = Case(
    When(_says("first_name") | _says("last_name") | ~Q(company=""), then=True), default=False
)
IS_REACHABLE = Case(
    When(~Q(email_key="") | ~Q(phone_key="") | ~Q(mobile_key=""), then=True), default=False
)
HAS_CONTACT = Case(When(contacted_at__isnull=False, then=True), default=False)
# Since when nobody has been in touch; an index is made of it.
LAST_TOUCH = Coalesce("touched_at", "created_at")


def _made_of(opportunities: OpportunityQuerySet) -> OpportunityQuerySet:
    """Keep what the lead of an outer row became by the qualification that holds."""
    return opportunities.filter(
        qualification_links__qualification__lead=OuterRef("pk"),
        qualification_links__qualification__state="active",
    )


def _if_qualified(found: models.QuerySet[Any, Any]) -> Case:
    """Ask of qualified leads alone: of the others nothing has become."""
    return Case(When(status="qualified", then=Subquery(found)), output_field=models.IntegerField())


class LeadQuerySet(RecordQuerySet):
    """Leads, narrowed or annotated."""

    def open(self) -> Self:
        return self.filter(status="open")

    def qualified(self) -> Self:
        return self.filter(status="qualified")

    def disqualified(self) -> Self:
        return self.filter(status="disqualified")

    def ready(self) -> Self:
        """Keep open leads that meet every rule and have not been qualified."""
        return self.open().filter(ready_since__isnull=False)

    def undecided(self) -> Self:
        """Keep open leads that wait until a person says which account or contact is meant."""
        # Greater than nothing: what is unequal to something no index finds.
        return self.open().filter(needs_decision__gt="")

    def waiting(self) -> Self:
        """Keep open leads whose people have not heard from us yet, and may."""
        return self.open().filter(contacted_at=None, do_not_contact=False)

    def quiet_since(self, moment: datetime) -> Self:
        """Keep open leads with which nobody was in touch since `moment`, and add `quiet_at`."""
        return self.open().annotate(quiet_at=LAST_TOUCH).filter(quiet_at__lt=moment)

    def with_hours_to_answer(self) -> Self:
        """Add `hours_to_answer`, in whole hours; None for a lead that nobody was in touch with."""
        return self.annotate(hours_to_answer=WholeHours("contacted_at", "created_at"))

    def answered(self, how: str) -> Self:
        """Keep leads that were answered in the first hour, in the first day, `later`, or by nobody
        yet, as `none`; with `hours_to_answer`.
        """
        rows = self.with_hours_to_answer()
        match how:
            case "hour":
                return rows.filter(hours_to_answer__lt=1)
            case "day":
                return rows.filter(hours_to_answer__gte=1, hours_to_answer__lt=24)
            case "later":
                return rows.filter(hours_to_answer__gte=24)
        return rows.filter(contacted_at=None)

    def with_days_to_convert(self) -> Self:
        """Add `days_to_convert`, in whole days; None for a lead that is not qualified."""
        return self.annotate(days_to_convert=WholeDays("qualified_at", "created_at"))

    def with_days_to_win(self, opportunities: OpportunityQuerySet) -> Self:
        """Add `days_to_win`: whole days from the lead to the first win of what it became.

        Only `opportunities` count, those that the asker may see; None where none of them is won.
        """
        won = _made_of(opportunities).filter(status="won").order_by("closed_at", "pk")
        days = won.annotate(days=WholeDays("closed_at", OuterRef("created_at"))).values("days")
        return self.annotate(days_to_win=_if_qualified(days[:1]))

    def with_won_within(self, opportunities: OpportunityQuerySet, limits: Sequence[int]) -> Self:
        """Add `won_within`: the place of the first of these limits, in days, that the win kept.

        The win is that of `with_days_to_win`, and is looked for once however many the limits are;
        None where there is none, or later.
        """
        won = _made_of(opportunities).filter(status="won").order_by("closed_at", "pk")
        places = won.annotate(
            days=WholeDays("closed_at", OuterRef("created_at")),
            place=Case(
                *(When(days__lte=most, then=Value(place)) for place, most in enumerate(limits)),
                default=Value(None),
                output_field=models.IntegerField(),
            ),
        )
        return self.annotate(won_within=_if_qualified(places.values("place")[:1]))

    def with_stages_reached(self, opportunities: OpportunityQuerySet) -> Self:
        """Add `moved_to` and `stands_in`: how far in the default process what it became has come.

        They are the positions of the furthest stage it was ever moved to, and of that it is in.
        """
        made, usual = _made_of(opportunities), "to_stage__process__is_default"
        moved, stands = "moves__to_stage__position", "stage__position"
        ever = made.filter(**{f"moves__{usual}": True}).order_by(f"-{moved}").values(moved)
        now = made.filter(stage__process__is_default=True).order_by(f"-{stands}").values(stands)
        return self.annotate(moved_to=_if_qualified(ever[:1]), stands_in=_if_qualified(now[:1]))

    def reached(self, position: int, opportunities: OpportunityQuerySet) -> Self:
        """Keep qualified leads of which something came to this place of the default process.

        What was won has come to every place.
        """
        rows = self.qualified().with_days_to_win(opportunities).with_stages_reached(opportunities)
        return rows.filter(
            Q(moved_to__gte=position) | Q(stands_in__gte=position) | Q(days_to_win__isnull=False)
        )

    def with_product_names(self) -> Self:
        """Add the names of the products as one text, without a statement of their own."""
        linked = self.model.products.through.objects.filter(lead=OuterRef("pk"))
        names = linked.order_by().values("lead").annotate(names=Names("product__name"))
        return self.annotate(product_names=Subquery(names.values("names")))

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "source")


class RuleSetQuerySet(models.QuerySet[Any, Any]):
    """Versions of the qualification rules."""

    def active(self) -> Self:
        """Keep the version in force."""
        return self.filter(state="active")

    def drafts(self) -> Self:
        return self.filter(state="draft")


class AutomaticQuerySet(models.QuerySet[Any, Any]):
    """What automation has done about leads."""

    def qualified_since(self, moment: datetime) -> Self:
        return self.filter(outcome="qualified", at__gte=moment)
