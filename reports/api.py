"""The figures for programs: the same questions, the same rows, as JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Lead
from opportunities.models import Opportunity
from reports import queries
from reports.filters import USUAL_PERIOD, colleagues_of, period_of
from workbench import api

ASKED = ("from", "to", "owner", "team")
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


class Counted(serializers.Serializer[Any]):
    """How many records, and their worth in the default currency."""

    count = serializers.IntegerField()
    value = serializers.DecimalField(max_digits=20, decimal_places=2)


class CountedOpen(Counted):
    """The open pipeline, also weighted by probability."""

    weighted = serializers.DecimalField(max_digits=20, decimal_places=2)


class ConversionFigures(serializers.Serializer[Any]):
    """Leads that were closed in the period, and the share of them that was qualified."""

    leads = serializers.IntegerField()
    qualified = serializers.IntegerField()
    rate = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)


class DaysFigures(serializers.Serializer[Any]):
    """Whole days from created to qualified, over the leads qualified in the period."""

    median = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)


class OverviewSerializer(serializers.Serializer[Any]):
    """What is open today, and what was decided in the period."""

    open = CountedOpen()
    won = Counted()
    lost = Counted()
    win_rate = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    conversion = ConversionFigures()
    days_to_convert = DaysFigures()


class ReportViewSet(api.ApiViewSet):
    """The figures; each counts what the caller may see."""

    serializer_class = OverviewSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(
        parameters=[
            OpenApiParameter("from", date, description="First day; this quarter's by default."),
            OpenApiParameter("to", date, description="Last day; this quarter's by default."),
            OpenApiParameter("owner", str, description="Email or id of a person, `me` or `none`."),
            OpenApiParameter("team", int, description="Id of a team."),
        ],
        responses=OverviewSerializer,
    )
    def overview(self, request: Request) -> Response:
        """Return pipeline, wins, losses, conversion and time to convert."""
        ask = self.question()
        deals = queries.deals(Opportunity.objects.permitted(self.user), ask)
        closed = queries.conversion(Lead.objects.permitted(self.user), ask).total
        days = closed.days
        decided = deals.won.count + deals.lost.count
        return self.answer(
            200,
            {
                "open": {**_counted(deals.total), "weighted": str(deals.total.weighted)},
                "won": _counted(deals.won),
                "lost": _counted(deals.lost),
                "win_rate": _rate(deals.won.count / decided if decided else None),
                "conversion": {
                    "leads": closed.whole,
                    "qualified": closed.part,
                    "rate": _rate(closed.rate),
                },
                "days_to_convert": {
                    "median": _days(days.median),
                    "mean": _days(days.mean),
                    "p90": _days(days.ninetieth),
                },
            },
        )

    def question(self) -> queries.Question:
        """Read what is asked. Raises `ValidationError`, naming each parameter that is wrong."""
        asked = self.request.query_params
        errors: dict[str, list[str]] = {
            name: [_("There is no parameter of this name.")] for name in asked if name not in ASKED
        }
        usual = period_of(USUAL_PERIOD, timezone.localdate())
        first = _day(asked.get("from", ""), usual.first, errors.setdefault("from", []))
        last = _day(asked.get("to", ""), usual.last, errors.setdefault("to", []))
        if first > last:
            errors["to"].append(_("The last day comes before the first."))
        owner, team = asked.get("owner", ""), asked.get("team", "")
        if owner == "me":
            owner = str(self.user.pk)
        if (owner and owner != queries.NOBODY) or team:
            people = colleagues_of(self.user)
            owners = {str(one.pk): one.pk for one in people} | {one.email: one.pk for one in people}
            if owner and owner != queries.NOBODY:
                owner = str(owners.get(owner.strip().lower(), ""))
                if not owner:
                    errors["owner"] = [_("There is nobody of this name whose records you may see.")]
            if team and team not in {str(one.team_id) for one in people if one.team_id}:
                errors["team"] = [_("There is no team of this id whose records you may see.")]
        if errors := {name: told for name, told in errors.items() if told}:
            raise ValidationError(errors)
        return queries.Question(queries.Period(first, last), owner=owner, team=team)


def _day(text: str, usual: date, told: list[str]) -> date:
    """Read a day; what is wrong with it is added to `told`."""
    if not text:
        return usual
    try:
        day = date.fromisoformat(text)
    except ValueError:
        told.append(_("Enter a day like 2026-11-27."))
        return usual
    if not EARLIEST <= day <= LATEST:
        told.append(_("Enter a day between the years 1900 and 2199."))
        return usual
    return day


def _counted(figure: queries.Figure) -> dict[str, Any]:
    return {"count": figure.count, "value": str(figure.value.quantize(Decimal("0.01")))}


def _rate(share: float | None) -> str | None:
    return None if share is None else f"{share:.4f}"


def _days(days: float | None) -> float | None:
    return None if days is None else round(days, 2)
