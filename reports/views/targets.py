"""The pages of targets: what everybody shall win, month by month, and the form of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from records.permissions import people_in_reach, scope_of
from reports.forms import MONTHS, TargetForm
from reports.models import Target
from reports.operations import (
    FIRST_YEAR,
    IN_A_YEAR,
    LAST_YEAR,
    may_set_targets,
    set_targets,
    targets_of,
    version_of,
)
from reports.tables import month_name
from users import formats
from users.models import Grant, Team, User
from workbench.views.record import Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from records.errors import Stale

MOST_LINES = 300


@dataclass(frozen=True)
class YearOf:
    """The targets of a person or a team in a year, month by month, and where they are set."""

    name: str
    is_team: bool
    amounts: tuple[Decimal | None, ...]
    conversions: tuple[Decimal | None, ...]
    edit_url: str

    @property
    def has_conversions(self) -> bool:
        return any(share is not None for share in self.conversions)

    @property
    def total(self) -> Decimal | None:
        known = [amount for amount in self.amounts if amount is not None]
        return sum(known, Decimal(0)) if known else None


class TargetPage(Page):
    """A page about the targets of a year."""

    model = Target
    kind = "report"

    @cached_property
    def year(self) -> int:
        """The year that is asked for; this one where none is, or one far off."""
        text = str(self.kwargs.get("year") or self.request.GET.get("year", ""))
        year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
        return year if FIRST_YEAR <= year <= LAST_YEAR else timezone.localdate().year

    def list_url(self) -> str:
        return f"{reverse('targets:list')}?year={self.year}"


class TargetList(TargetPage, TemplateView):
    """The targets that the viewer may know, of teams and their people, in one year."""

    template_name = "reports/targets.html"
    title = gettext_lazy("Targets")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines, is_cut = years_of(self.user, self.year)
        return super().get_context_data(
            year=self.year,
            years=[
                {
                    "label": str(year),
                    "url": f"{reverse('targets:list')}?year={year}",
                    "is_current": year == self.year,
                }
                for year in (self.year - 1, self.year, self.year + 1)
                if FIRST_YEAR <= year <= LAST_YEAR
            ],
            months=[
                month_name(timezone.localdate().replace(self.year, month, 1), with_year=False)
                for month in MONTHS
            ],
            lines=lines,
            is_cut=is_cut,
            most=MOST_LINES,
            **kwargs,
        )


def years_of(user: User, year: int) -> tuple[list[YearOf], bool]:
    """Return the years of all whose targets `user` may know, and whether there are more of them.

    Who may set a target stands there without one, too.
    """
    people = people_in_reach(user, "view", Target) | people_in_reach(user, "change", Target)
    named = list(
        people.filter(is_machine=False)
        .select_related("team")
        .order_by("team__name", "name", "pk")
        .distinct()[: MOST_LINES + 1]
    )
    found: dict[tuple[str, int], dict[int, Target]] = {}
    for target in Target.objects.permitted(user).standing().filter(month__year=year):
        whose = ("person", target.owner_id) if target.owner_id else ("team", target.team_id)
        found.setdefault(whose, {})[target.month.month] = target  # type: ignore[arg-type]
    lines = [
        line_of(holder, found.get(whose, {}), user, year)
        for whose, holder in _holders(user, named[:MOST_LINES])
        if whose in found or getattr(holder, "is_active", True)
    ]
    return lines, len(named) > MOST_LINES


def _holders(user: User, people: Iterable[User]) -> Iterable[tuple[tuple[str, int], User | Team]]:
    """Give each team whose targets `user` may know right before its people."""
    knows_all = scope_of(user, "view", Target) == Grant.Scope.ALL
    knows_own = scope_of(user, "view", Target) == Grant.Scope.TEAM
    told: set[int] = set()
    for person in people:
        team = person.team
        if team is not None and team.pk not in told:
            told.add(team.pk)
            if knows_all or (knows_own and team.pk == user.team_id):
                yield ("team", team.pk), team
        yield ("person", person.pk), person


def line_of(holder: User | Team, found: Mapping[int, Target], user: User, year: int) -> YearOf:
    """Lay out the year of one person or team."""
    kind = "team" if isinstance(holder, Team) else "person"
    return YearOf(
        name=str(holder),
        is_team=kind == "team",
        amounts=tuple(getattr(found.get(month), "amount", None) for month in MONTHS),
        conversions=tuple(getattr(found.get(month), "conversion", None) for month in MONTHS),
        edit_url=reverse(f"targets:{kind}", args=[holder.pk, year])
        if may_set_targets(user, holder)
        else "",
    )


class TargetEdit(TargetPage, SettingForm):
    """The form of the targets of one person or team in a year.

    Whose targets one may not know does not exist; who may only know them is forbidden.
    """

    template_name = "reports/target_form.html"
    form_class = TargetForm
    submit_label = gettext_lazy("Save targets")

    @cached_property
    def holder(self) -> User | Team:
        if not FIRST_YEAR <= self.kwargs["year"] <= LAST_YEAR:
            raise Http404
        holder = self.find(self.kwargs["pk"])
        if holder is None:
            raise Http404
        if not may_set_targets(self.user, holder):
            raise PermissionDenied(_("You may not set the targets of %(name)s.") % {"name": holder})
        return holder

    def find(self, pk: int) -> User | Team | None:
        raise NotImplementedError

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.holder  # noqa: B018  looked for before anything is drawn
        return super().dispatch(request, *args, **kwargs)

    def page_title(self) -> str:
        return _("Targets of %(name)s in %(year)s") % {"name": self.holder, "year": self.year}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "year": self.year}

    def get_initial(self) -> dict[str, Any]:
        found = targets_of(self.holder, self.year)
        return {**super().get_initial(), **_beginning(found), "version": version_of(found)}

    def standing(self) -> Mapping[str, Any]:
        return _beginning(targets_of(self.holder, self.year))

    def standing_before(self, refusal: Stale) -> Mapping[str, Any]:
        return {}  # each month is asked about that differs

    def typed(self, form: Any) -> dict[str, Any]:
        return {name: value for name, value in form.cleaned_data.items() if name != "version"}

    def in_words(self, form: Any, name: str, value: Any) -> str:
        if value is None:
            return _("no target")
        is_share = name.startswith("conversion")
        return formats.percent(float(value) / 100, 2) if is_share else formats.money(value)

    def run(self, form: TargetForm) -> list[Target]:
        return set_targets(
            self.holder,
            self.year,
            by=self.user,
            **form.terms(self.settled(form)),
            version=form.cleaned_data["version"],
        )

    def success_message(self, outcome: list[Target]) -> str:
        return _("The targets of %(name)s were saved") % {"name": self.holder}

    def success_url_for(self, outcome: list[Target]) -> str:
        return self.list_url()

    def cancel_url(self) -> str:
        return self.list_url()


class PersonTargets(TargetEdit):
    """The targets of a person."""

    def find(self, pk: int) -> User | None:
        known = people_in_reach(self.user, "view", Target)
        return (
            (known | people_in_reach(self.user, "change", Target))
            .filter(pk=pk, is_machine=False)
            .first()
        )


class TeamTargets(TargetEdit):
    """The targets of a team."""

    def find(self, pk: int) -> Team | None:
        team = Team.objects.filter(pk=pk).first()
        if team is None or may_set_targets(self.user, team):
            return team
        scope = scope_of(self.user, "view", Target)
        is_known = scope == Grant.Scope.ALL or (
            scope == Grant.Scope.TEAM and team.pk == self.user.team_id
        )
        return team if is_known else None


def _beginning(found: Mapping[int, Target]) -> dict[str, Any]:
    return {
        f"{name}_{month}": getattr(found.get(month), column, None)
        for column, name in IN_A_YEAR.items()
        for month in MONTHS
    }
