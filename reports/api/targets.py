"""What people and teams shall reach, for programs: month by month, the same operations as the
page.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads.api.assignment import TeamByName
from records.errors import NotPermitted, Unacceptable
from records.permissions import scope_of
from reports.models import Target
from reports.operations import (
    FIRST_YEAR,
    IN_A_YEAR,
    LAST_YEAR,
    change_target,
    set_targets,
    take_back_target,
)
from workbench import api

if TYPE_CHECKING:
    from decimal import Decimal

    from users.models import Team, User

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@extend_schema_field({"type": "string", "example": "2026-03"})
class Month(serializers.Field[Any, Any, Any, Any]):
    """A calendar month."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("Enter a month like 2026-03."),
    }

    def to_internal_value(self, data: Any) -> date:
        found = MONTH.fullmatch(data) if isinstance(data, str) and data.isascii() else None
        if found is None or found[1] == "0000":
            self.fail("invalid")
        return date(int(found[1]), int(found[2]), 1)

    def to_representation(self, value: date) -> str:
        return f"{value:%Y-%m}"


class MonthlyTargetSerializer(api.Strict, serializers.ModelSerializer[Target]):
    """What a person or a team shall win in a month, and which share of leads they shall qualify."""

    month = Month()
    owner = api.Person(required=False, allow_null=True)
    team = TeamByName(required=False, allow_null=True)
    amount = api.Money(
        max_digits=14,
        decimal_places=2,
        required=False,
        allow_null=True,
        help_text="To be won, in the default currency.",
    )
    conversion = api.Money(
        max_digits=5,
        decimal_places=2,
        required=False,
        allow_null=True,
        help_text="Share of leads to be qualified, in per cent.",
    )

    class Meta:
        model = Target
        validators: ClassVar[list[Any]] = []  # the operation says whose it may be
        fields = ["id", "version", "month", "owner", "team", "amount", "conversion"]
        read_only_fields = ["version"]


def of_one_month(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what a refusal says of the months of a year, as it is said of one."""
    columns = {name: column for column, name in IN_A_YEAR.items()}
    return {columns.get(n.rpartition("_")[0], n): told for n, told in errors.items()}


class TargetFilter(FilterSet):
    """Targets of a year."""

    year = NumberFilter(
        label=gettext_lazy("Year"),
        field_name="month__year",
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
    )


class TargetViewSet(api.SettingViewSet):
    """The targets that the caller may know. One that was taken back is none."""

    model = Target
    serializer_class = MonthlyTargetSerializer
    filterset_class = api.filters_for(Target, ["team"], page=TargetFilter)
    has_versions = True
    order = ("month", "id")

    def rows(self) -> Any:
        return Target.objects.permitted(self.user).standing().select_related("owner", "team")

    def require(self, action: str) -> None:
        """Refuse those whose role sets nobody's targets; the operation says whose one may set."""
        if scope_of(self.user, "change", Target) is None:
            raise NotPermitted(_("You may not set targets."))

    @staticmethod
    def create_operation(
        *,
        by: User,
        month: date,
        owner: User | None = None,
        team: Team | None = None,
        **values: Decimal | None,
    ) -> Target:
        """Set the target of a month, also where there is one already."""
        holder = owner or team
        if holder is None or (owner and team):
            raise Unacceptable(errors={"owner": [_("Name a person, or a team.")]})
        terms: dict[str, Any] = {f"{name}s": {month.month: v} for name, v in values.items()}
        try:
            saved = set_targets(holder, month.year, by=by, **terms)
        except Unacceptable as refusal:
            raise Unacceptable(str(refusal), errors=of_one_month(refusal.errors)) from refusal
        found = [target for target in saved if target.month == month]
        if not found:
            raise Unacceptable(errors={"amount": [_("Say what is to be reached.")]})
        return found[0]

    @staticmethod
    def update_operation(target: Target, *, by: User, **values: Any) -> Target:
        if fixed := sorted(values.keys() & {"month", "owner", "team"}):
            told = _("This stays. Set another target instead.")
            raise Unacceptable(errors={name: [told] for name in fixed})
        return change_target(target, by=by, **values)

    delete_operation = staticmethod(take_back_target)
