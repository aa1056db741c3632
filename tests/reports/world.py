"""Leads and opportunities with the dates and ends that figures are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Account
from leads.models import DisqualifyReason, Lead
from opportunities.models import LossReason, Opportunity, Source, Stage
from users.models import User


def noon(days_ago: int = 0) -> datetime:
    """Return noon of a day in the past: far from every midnight."""
    at = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return at - timedelta(days=days_ago)


def a_lead(owner: User | None, *, created: datetime | None = None, **columns: Any) -> Lead:
    lead = Lead(
        owner=owner,
        topic="Engines",
        company="Analytical Engines",
        created_at=created or noon(1),
        **columns,
    )
    lead.save()
    return lead


def a_qualified_lead(
    owner: User, *, days: int, qualified: datetime | None = None, **columns: Any
) -> Lead:
    """Return a lead that was qualified so many days after it came."""
    account, _ = Account.objects.get_or_create(name="Analytical Engines", defaults={"owner": owner})
    qualified = qualified or noon()
    return a_lead(
        owner,
        status=Lead.Status.QUALIFIED,
        created=qualified - timedelta(days=days, hours=1),
        qualified_at=qualified,
        account=account,
        **columns,
    )


def a_disqualified_lead(owner: User, *, at: datetime | None = None, **columns: Any) -> Lead:
    return a_lead(
        owner,
        status=Lead.Status.DISQUALIFIED,
        created=(at or noon()) - timedelta(days=3),
        disqualified_at=at or noon(),
        disqualify_reason=DisqualifyReason.objects.order_by("pk")[0],
        **columns,
    )


def an_opportunity(
    owner: User, stage: str = "develop", value: int | None = 1000, **columns: Any
) -> Opportunity:
    place = Stage.objects.get(process__is_default=True, key=stage)
    opportunity = Opportunity(
        owner=owner,
        topic="Looms",
        stage=place,
        probability=columns.pop("probability", place.probability),
        value=None if value is None else Decimal(value),
        **columns,
    )
    opportunity.save()
    return opportunity


def a_won_opportunity(owner: User, value: int, *, at: datetime | None = None) -> Opportunity:
    at = at or noon()
    return an_opportunity(
        owner,
        "close",
        value,
        status=Opportunity.Status.WON,
        actual_value=Decimal(value),
        closed_at=at,
        closed_on=timezone.localtime(at).date(),
    )


def a_lost_opportunity(
    owner: User, value: int, *, at: datetime | None = None, has_reason: bool = True
) -> Opportunity:
    at = at or noon()
    return an_opportunity(
        owner,
        "propose",
        value,
        status=Opportunity.Status.LOST,
        loss_reason=LossReason.objects.order_by("position", "pk").first() if has_reason else None,
        closed_at=at,
        closed_on=timezone.localtime(at).date(),
    )


def a_season(*owners: User, of_each: int = 1) -> None:
    """Make some of everything that the sales overview counts."""
    web = Source.objects.get(key="web")
    for owner in owners:
        for place in range(of_each):
            a_lead(owner, source=web, estimated_value=Decimal(500))
            a_lead(owner, progress=Lead.Progress.WORKING, ready_since=noon(place + 2))
            a_lead(owner, progress=Lead.Progress.NURTURING, created=noon(200))
            a_qualified_lead(owner, days=5 + place, source=web)
            a_qualified_lead(owner, days=20)
            a_qualified_lead(owner, days=90, qualified=noon(400))
            a_disqualified_lead(owner)
            a_disqualified_lead(owner, at=noon(400))
            an_opportunity(owner)
            an_opportunity(owner, "propose", 3000)
            an_opportunity(owner, "close", None)
            a_won_opportunity(owner, 7000)
            a_won_opportunity(owner, 9000, at=noon(400))
