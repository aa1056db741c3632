"""The head of a report: which period, which team, whose records. Its state is the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import BigIntegerField, CharField, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from opportunities.models import Source
from records.errors import Unacceptable
from reports.queries import (
    NOBODY,
    Period,
    Question,
    months_from,
    months_until,
    people_seen_by,
)
from workbench.forms import DAYS, date_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from users.models import User

PERIODS = [
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    ("this_quarter", _("This quarter")),
    ("last_quarter", _("Last quarter")),
    ("this_year", _("This year")),
    ("last_year", _("Last year")),
    ("12_months", _("12 months")),
]
# A period of which the first and the last day are chosen.
CHOSEN = "days"
SPAN = ("from", "to")
USUAL_PERIOD = "this_quarter"
# What the leads of a card can be parted by.
PARTS = [
    ("source", _("Source")),
    ("owner", _("Owner")),
    ("team", _("Team")),
    ("manager", _("Manager")),
    ("campaign", _("Campaign")),
    ("country", _("Country")),
]
USUAL_PART = "source"
# The days that reports about the past ask for.
DATES = {"as_of": _("As of"), "from": _("From"), "to": _("To")}
# The dashboards; each puts the same question with other cards.
OVERVIEW, LEADS, TEAM, MINE = "overview", "leads", "team", "mine"
BOARDS = [(key, key) for key in (OVERVIEW, LEADS, TEAM, MINE)]
# Leads by when they came, or by when it was decided about them.
COHORTS = [("1", _("Came in")), ("0", _("Closed"))]


def period_of(key: str, today: date) -> Period:
    """Return the days that a period stands for on the day `today`.

    >>> period = period_of("last_quarter", date(2026, 2, 3))
    >>> str(period.first), str(period.last)
    ('2025-10-01', '2025-12-31')
    """
    before, this = months_until(today, 2)
    match key:
        case "this_month":
            return this
        case "last_month":
            return before
        case "12_months":
            return Period(months_until(today, 12)[0].first, this.last)
        case "this_year" | "last_year":
            year = today.year - (key == "last_year")
            return Period(date(year, 1, 1), date(year, 12, 31))
    into_quarter = (today.month - 1) % 3
    quarter = months_until(today, into_quarter + 4)
    if key == "last_quarter":
        return Period(quarter[0].first, quarter[2].last)
    return Period(quarter[3].first, months_from(quarter[3].first, 3)[2].last)


def colleagues_of(user: User) -> list[User]:
    """Return the people whose leads or opportunities `user` may see, by name. One statement."""
    people = people_seen_by(user).select_related("team")
    return sorted(people, key=lambda person: str(person).casefold())


@dataclass(frozen=True)
class Offered:
    """Whom and what one may ask for, each as a number and a name, in the order of the fields."""

    teams: list[tuple[int, str]]
    people: list[tuple[int, str]]
    sources: list[tuple[int, str]]


def offered_to(user: User) -> Offered:
    """Read what `user` can choose in the head of a report. One statement for people and sources."""
    people = people_seen_by(user).values_list(
        Value("person"),
        "pk",
        Coalesce(NullIf("name", Value("")), "email", output_field=CharField()),
        Coalesce("team_id", Value(0), output_field=BigIntegerField()),
        Coalesce("team__name", Value("")),
    )
    sources = Source.objects.values_list(
        Value("source"), "pk", "name", Cast("position", BigIntegerField()), Value("")
    )
    rows = list(people.union(sources, all=True))
    told = [row for row in rows if row[0] == "person"]
    listed = sorted((place, name, pk) for kind, pk, name, place, _team in rows if kind == "source")
    teams = {team: name for _kind, _pk, _name, team, name in told if team}
    return Offered(
        sorted(teams.items(), key=lambda team: team[1]),
        sorted(((pk, name) for _kind, pk, name, _t, _n in told), key=lambda one: one[1].casefold()),
        [(pk, name) for _place, name, pk in listed],
    )


class OverviewFilter(forms.Form):
    """Period, team, owner and source of all figures; and what the leads of a card are parted by."""

    period = forms.ChoiceField(
        label=_("Period"), choices=[*PERIODS, (CHOSEN, _("Chosen days"))], required=False
    )
    team = forms.ChoiceField(label=_("Team"), required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    by = forms.ChoiceField(choices=PARTS, required=False, widget=forms.HiddenInput)
    cohort = forms.ChoiceField(choices=COHORTS, required=False, widget=forms.HiddenInput)
    board = forms.ChoiceField(choices=BOARDS, required=False, widget=forms.HiddenInput)
    cards = forms.CharField(required=False, widget=forms.HiddenInput)

    USUAL: ClassVar[dict[str, str]] = {
        "period": USUAL_PERIOD,
        "by": USUAL_PART,
        "cohort": "1",
        "board": OVERVIEW,
    }

    def __init__(
        self,
        *args: Any,
        user: User,
        dates: Sequence[str] = (),
        standing: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Ask for the `dates` that a report is about: a day, or a first and a last one.

        They take the place of the period, which says what they are unless somebody else does. Other
        reports ask for the days of a period only of whom it is not enough to name one. `standing`
        is what a dashboard keeps that is shown: the address tells what differs from it.
        """
        super().__init__(*args, **kwargs)
        self.standing = {**self.USUAL, **(standing or {})}
        if dates:
            self.fields["period"].widget = forms.HiddenInput()
        self.asks_for_days = bool(dates) or self.data.get("period") == CHOSEN
        for name in dates or SPAN:
            self.fields[name] = forms.DateField(
                label=DATES[name], required=False, widget=date_input(), validators=DAYS
            )
        self.user = user
        self.order_fields(dates or ("period", *SPAN))
        offered = offered_to(user)
        self._offer("team", _("All teams"), offered.teams)
        self._offer("owner", _("Everyone"), [*offered.people, (NOBODY, _("Nobody yet"))])
        self._offer("source", _("All sources"), [*offered.sources, (NOBODY, _("Unknown source"))])
        if self.data.get("board") == MINE:
            # One's own numbers are nobody else's.
            del self.fields["team"], self.fields["owner"]
        for field in self.visible_fields():
            # A day is not sent by itself: whoever types one would send each year on the way to it.
            field.field.widget.attrs |= (
                {"class": "form-control c-reporthead__day"}
                if field.name in DATES
                else {"class": "form-select", "data-submit": ""}
            )
        usual = {**self.USUAL, **self._usual_days()}
        # A browser also sends the days that it hides; they are those of the period.
        given = {name: self.data.get(name) for name in self.fields if self._says(name)}
        self.data = {name: given.get(name) or usual.get(name, "") for name in self.fields}

    @property
    def days_anew(self) -> list[str]:
        """The fields of the days as htmx puts them into a head that stays: those of the period that
        is shown, so that who goes on to choose days begins with them. Chosen days stay as they are.
        """
        if self.asks_for_days:
            return []
        return [self[name].as_widget(attrs={"hx-swap-oob": "true"}) for name in SPAN]

    @property
    def problem(self) -> str:
        """Say why nothing is counted; nothing where what is asked makes sense."""
        for name, label in DATES.items():
            for told in self.errors.get(name, ()):
                return f"{label}: {told}"
        if not self.errors:
            return ""
        return gettext("This choice does not exist or is not yours to see, so nothing is counted.")

    @property
    def _asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if self._says(name)}

    def _says(self, name: str) -> bool:
        """Say whether a field is asked for, and not only what the period makes of it."""
        return name not in SPAN or self.asks_for_days

    def _usual_days(self) -> dict[str, str]:
        today = timezone.localdate()
        period = period_of(str(self.data.get("period")), today)
        days = {"as_of": today, "from": period.first, "to": period.last}
        return {name: day.isoformat() for name, day in days.items()}

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = self.cleaned_data
        first, last = asked.get("from"), asked.get("to")
        if first and last and last < first:
            self.add_error("to", _("The last day comes before the first."))
        return asked

    def _offer(self, name: str, everything: Any, choices: Sequence[tuple[Any, Any]]) -> None:
        self.fields[name].choices = [("", everything), *choices]  # type: ignore[attr-defined]

    def query(self, *told: str, **changes: str) -> str:
        """Return the choices as they stand in the address: what differs from what stands.

        What is `told` stands there anyway.
        """
        asked = {**self._asked, **changes}
        return urlencode(
            {n: v for n, v in asked.items() if n in told or str(v) != self.standing.get(n, "")}
        )

    def whole_query(self, **changes: str) -> str:
        """Return the choices as they stand by themselves: all that is not usual."""
        asked = {**self._asked, **changes}
        return urlencode({n: v for n, v in asked.items() if v and str(v) != self.USUAL.get(n, "")})

    @property
    def question(self) -> Question:
        """What is asked; a part that names nothing the viewer may choose is left out."""
        self.is_valid()
        asked = self.cleaned_data
        period = period_of(asked.get("period") or USUAL_PERIOD, timezone.localdate())
        first, last = asked.get("from") or period.first, asked.get("to") or period.last
        return Question(
            period=Period(min(first, last), last),
            as_of=asked.get("as_of"),
            owner=str(self.user.pk) if self.data["board"] == MINE else asked.get("owner", ""),
            team=asked.get("team", ""),
            source=asked.get("source", ""),
            by=asked.get("by") or USUAL_PART,
            is_cohort=asked.get("cohort") != "0",
        )


def query_to_keep(user: User, asked: Mapping[str, Any]) -> str:
    """Return what a dashboard keeps of choices. Raises `Unacceptable` for what is no choice."""
    form = OverviewFilter(dict(asked), user=user)
    if form.problem:
        raise Unacceptable(
            gettext("A choice in the head does not exist or is not yours to see. Choose again.")
        )
    return form.whole_query()
