"""The figures for programs: the same questions, the same rows, as JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from opportunities.models import Source
from reports import queries
from reports.filters import USUAL_PART, USUAL_PERIOD, colleagues_of, period_of
from reports.tables import PARTS, REPORTS, Row, four_places, part_label, plain
from workbench import api

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ASKED = ("from", "to", "owner", "team", "source")
MOST_SPANS = 240  # rows of a report by months or quarters
MOST_PARTS = 5_000  # of a breakdown, as by account
TOO_MANY = gettext_lazy("Ask for a shorter time: there would be too many rows.")
LEAD_PARTS = (*queries.LEAD_COLUMNS, *queries.SPANS)
DEAL_PARTS = (*queries.OPPORTUNITY_COLUMNS, *queries.SPANS)
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


class TargetFigures(serializers.Serializer[Any]):
    """What was to be won in the whole months of the period, and what share of it was won."""

    value = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    share = serializers.DecimalField(max_digits=9, decimal_places=4, allow_null=True)


class OverviewSerializer(serializers.Serializer[Any]):
    """What is open today, and what was decided in the period."""

    open = CountedOpen()
    won = Counted()
    lost = Counted()
    win_rate = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    conversion = ConversionFigures()
    days_to_convert = DaysFigures()
    target = TargetFigures()


MEASURES = (
    "won_value", "won_count", "lost_count", "win_rate", "leads", "qualified", "conversion_rate",
    "days_to_convert",
)  # fmt: skip
OF_LEADS = MEASURES[4:]


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]})
class Measured(serializers.Field[Any, Any, Any, Any]):
    """A number: whole, a number of days, or text where places after the point are fixed."""


class PartSerializer(serializers.Serializer[Any]):
    """One part of what was measured, how many records it has, and where they are listed."""

    key = serializers.CharField()
    label = serializers.CharField()
    value = Measured(allow_null=True)
    count = serializers.IntegerField()
    url = serializers.CharField()


class BreakdownSerializer(serializers.Serializer[Any]):
    """A measure of the whole, and of its parts."""

    total = Measured(allow_null=True)
    rows = PartSerializer(many=True)


class ColumnSerializer(serializers.Serializer[Any]):
    """What a figure of a row is: its key there, its heading, and the kind of number."""

    key = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.ChoiceField(choices=["count", "money", "rate", "days", "hours"])


class FigureLineSerializer(serializers.Serializer[Any]):
    """What is counted, its figures by the keys of the columns, and where each is listed."""

    key = serializers.CharField()
    label = serializers.CharField()
    values = serializers.DictField(child=Measured(allow_null=True))
    urls = serializers.DictField(child=serializers.CharField())
    url = serializers.CharField(help_text="Where all of it is listed, if it is in one list.")


class ReportSerializer(serializers.Serializer[Any]):
    """The table of a report, as it stands beside its chart."""

    name = serializers.CharField()
    title = serializers.CharField()
    columns = ColumnSerializer(many=True)
    rows = FigureLineSerializer(many=True)
    total = FigureLineSerializer(allow_null=True)


WHOSE = [
    OpenApiParameter("from", date, description="First day; this quarter's by default."),
    OpenApiParameter("to", date, description="Last day; this quarter's by default."),
    OpenApiParameter("owner", str, description="Email or id of a person, `me` or `none`."),
    OpenApiParameter("team", int, description="Id of a team."),
    OpenApiParameter("source", str, description="Id of a source, or `none`."),
]
COHORT = OpenApiParameter(
    "cohort",
    enum=["1", "0"],
    description="1, as by default: leads that came in; 0: leads that were closed.",
)


class ReportViewSet(api.ApiViewSet):
    """The figures; each counts what the caller may see."""

    serializer_class = OverviewSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(
        parameters=WHOSE,
        responses=OverviewSerializer,
    )
    def overview(self, request: Request) -> Response:
        """Return pipeline, wins, losses, conversion and time to convert."""
        figures = queries.Figures.permitted(self.user, self.question())
        deals, closed, target = figures.deals, figures.closed, figures.target
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
                "target": {
                    "value": None if target is None else f"{target:.2f}",
                    "share": _rate(float(deals.won.value / target) if target else None),
                },
            },
        )

    @extend_schema(
        parameters=[
            *WHOSE,
            OpenApiParameter(
                "measure", enum=MEASURES, description="What is measured; `leads` by default."
            ),
            OpenApiParameter(
                "by",
                str,
                description="What parts it; `source` by default. One of "
                + ", ".join(PARTS)
                + "; or `custom:<key>`, a custom field for a choice, several choices, yes or no, "
                "or a user.",
            ),
            COHORT,
        ],
        responses=BreakdownSerializer,
    )
    def breakdown(self, request: Request) -> Response:
        """Return a measure of leads or opportunities, parted by one thing.

        What is measured of opportunities are those won and lost in the period.
        """
        ask = self.question("measure", "by", "cohort")
        measure = request.query_params.get("measure", "leads")
        figures = queries.Figures.permitted(self.user, ask)
        own = self.own(ask.by, measure)
        if measure in OF_LEADS:
            found: Any = figures.parted_by(own) if own else figures.parted
        else:
            opportunities = figures.opportunities
            if ask.by in {"country", "region"}:
                opportunities = opportunities.with_place(self.user)
            elif ask.by == "account":
                opportunities = opportunities.with_seen_account(self.user)
            elif ask.by == "product":
                opportunities = opportunities.with_main_product()
            by = "" if own else ask.by
            found = queries.outcomes(
                opportunities, ask, by=by, sums=figures.sums, own=own, people=figures.people
            )
        if len(found.parts) > MOST_PARTS:
            raise ValidationError({"from": [TOO_MANY]})
        rows = [
            {"key": part.key, "label": part_label(part, ask.by), **_measured(part, measure)}
            for part in found.parts
        ]
        return self.answer(200, {"total": _measured(found.total, measure)["value"], "rows": rows})

    @extend_schema(
        parameters=[
            *WHOSE,
            OpenApiParameter("name", enum=list(REPORTS), location=OpenApiParameter.PATH),
            OpenApiParameter("by", enum=list(LEAD_PARTS), description="For `conversion`."),
            OpenApiParameter(
                "as_of", date, description="For `pipeline`: as it stood at the end of this day."
            ),
            COHORT,
        ],
        responses=ReportSerializer,
    )
    def report(self, request: Request, name: str) -> Response:
        """Return the table of a card, of the overview or about the past."""
        if name == "pipeline" and request.query_params.get("as_of"):
            name = "pipeline-as-of"
        if name not in REPORTS:
            raise NotFound
        also = ["as_of"] if name == "pipeline-as-of" else []
        figures = queries.Figures.permitted(self.user, self.question("by", "cohort", *also))
        table = REPORTS[name].table(figures)
        columns = [column.key for column in table.columns]

        def line(row: Row) -> dict[str, Any]:
            cells = list(zip(columns, row.cells, strict=True))
            return {
                "key": row.key,
                "label": row.label,
                "values": {key: plain(cell) for key, cell in cells},
                "urls": {key: cell.url for key, cell in cells if cell.url},
                "url": row.url,
            }

        return self.answer(
            200,
            {
                "name": name,
                "title": str(REPORTS[name].title),
                "columns": [
                    {"key": column.key, "label": column.label, "kind": column.kind}
                    for column in table.columns
                ],
                "rows": [line(row) for row in table.rows],
                "total": line(table.total) if table.total else None,
            },
        )

    def question(self, *more: str) -> queries.Question:
        """Read what is asked. Raises `ValidationError`, naming each parameter that is wrong.

        `more` are the parameters that only some addresses know.
        """
        asked = self.request.query_params
        errors: dict[str, list[str]] = {
            name: [_("There is no parameter of this name.")]
            for name in asked
            if name not in (*ASKED, *more)
        }
        period = _period(asked, errors)
        ask = queries.Question(
            period,
            owner=self._owner(asked, errors),
            team=asked.get("team", ""),
            source=asked.get("source", ""),
            by=asked.get("by", USUAL_PART),
            is_cohort=asked.get("cohort", "1") == "1",
            as_of=_day(
                asked.get("as_of", ""), timezone.localdate(), errors.setdefault("as_of", [])
            ),
        )
        is_own = "measure" in more and self.own(ask.by, asked.get("measure", "leads")) is not None
        _check_parts(ask, asked, errors, is_own=is_own)
        if errors := {name: told for name, told in errors.items() if told}:
            raise ValidationError(errors)
        return ask

    def own(self, by: str, measure: str) -> queries.Own | None:
        """Return the custom field by which a measure is parted, if it is one."""
        if not by.startswith(queries.ASKED_AS):
            return None
        kind = "lead" if measure in OF_LEADS else "opportunity"
        return queries.own_parts(kind, self.user).get(by)

    def _owner(self, asked: Mapping[str, str], errors: dict[str, list[str]]) -> str:
        """Return the id of the owner that is asked for; what is wrong is added to `errors`."""
        owner, team, source = (asked.get(name, "") for name in ("owner", "team", "source"))
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
        if source not in ("", queries.NOBODY):
            sources = {str(pk) for pk in Source.objects.values_list("pk", flat=True)}
            if source not in sources:
                errors["source"] = [_("There is no source of this id.")]
        return owner


def _period(asked: Mapping[str, str], errors: dict[str, list[str]]) -> queries.Period:
    usual = period_of(USUAL_PERIOD, timezone.localdate())
    first = _day(asked.get("from", ""), usual.first, errors.setdefault("from", []))
    last = _day(asked.get("to", ""), usual.last, errors.setdefault("to", []))
    if first > last:
        errors["to"].append(_("The last day comes before the first."))
    return queries.Period(first, last)


def _check_parts(
    ask: queries.Question, asked: Mapping[str, str], errors: dict[str, list[str]], *, is_own: bool
) -> None:
    """Add to `errors` what cannot be measured, or not be parted so."""
    measure = asked.get("measure", "leads")
    if measure not in MEASURES:
        errors["measure"] = [_one_of(MEASURES)]
    if asked.get("cohort", "1") not in {"0", "1"}:
        errors["cohort"] = [_one_of(["0", "1"])]
    parts = LEAD_PARTS if measure in OF_LEADS else DEAL_PARTS
    days = (ask.period.last - ask.period.first).days
    if ask.by not in parts and not is_own:
        errors["by"] = [_one_of(parts)]
    elif ask.by in queries.SPANS and days > MOST_SPANS * 28 * queries.SPANS[ask.by]:
        errors["from"] = [str(TOO_MANY)]


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


def _one_of(words: Iterable[str]) -> str:
    return _("Choose one of %(words)s.") % {"words": ", ".join(words)}


def _measured(part: Any, measure: str) -> dict[str, Any]:
    """Return value, count and address of a part of the leads or the opportunities."""
    match measure:
        case "leads":
            value, count, url = part.whole, part.whole, part.whole_url
        case "qualified":
            value, count, url = part.part, part.part, part.part_url
        case "conversion_rate":
            value, count, url = _rate(part.rate), part.whole, part.whole_url
        case "days_to_convert":
            value, count, url = _days(part.days.median), part.part, part.part_url
        case "win_rate":
            value, count, url = _rate(part.win_rate), part.decided.count, part.decided.url
        case "lost_count":
            value, count, url = part.lost.count, part.lost.count, part.lost.url
        case "won_count":
            value, count, url = part.won.count, part.won.count, part.won.url
        case _:
            value, count, url = f"{part.won.value:.2f}", part.won.count, part.won.url
    return {"value": value, "count": count, "url": url}


def _counted(figure: queries.Figure) -> dict[str, Any]:
    return {"count": figure.count, "value": str(figure.value.quantize(Decimal("0.01")))}


def _rate(share: float | None) -> str | None:
    return None if share is None else four_places(share)


def _days(days: float | None) -> float | None:
    return None if days is None else round(days, 2)
