"""The questions asked of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, CharField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from leads.bant import KNOWN, PARTLY
from records.lookups import Stripped
from records.querysets import Names, RecordQuerySet, WholeDays

if TYPE_CHECKING:
    from datetime import datetime


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
# Since when nobody has been in touch; an index is made of it.
LAST_TOUCH = Coalesce("touched_at", "created_at")


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

    def with_days_to_convert(self) -> Self:
        """Add `days_to_convert`, in whole days; None for a lead that is not qualified."""
        return self.annotate(days_to_convert=WholeDays("qualified_at", "created_at"))

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
