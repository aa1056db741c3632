"""What accounts and contacts can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from users.models import Team
from workbench.filters import (
    DayFilter,
    LineFilter,
    PeriodFilter,
    RecordFilter,
    RecordFilterById,
    TagFilter,
)


class AccountFilter(RecordFilter):
    """Accounts by owner, place and time. Together they narrow."""

    industry = django_filters.CharFilter(
        label=_("Industry"), lookup_expr="icontains", max_length=100, strip=True
    )
    city = django_filters.CharFilter(
        label=_("City"), lookup_expr="icontains", max_length=100, strip=True
    )
    tag = TagFilter()
    created = PeriodFilter(label=_("Created"), field_name="created_at")
    created_after = DayFilter(label=_("Created from"), field_name="created_at", lookup_expr="gte")
    created_before = DayFilter(label=_("Created until"), field_name="created_at", lookup_expr="lte")
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )
    parent = RecordFilterById(Account.objects.all(), label=_("Parent account"))

    unoffered = ("created_after", "created_before", "team", "parent")


class ContactFilter(RecordFilter):
    """Contacts by owner, account and time. Together they narrow."""

    with_account = django_filters.ChoiceFilter(
        label=_("Account"), choices=[("1", _("any")), ("0", _("none"))], method="has_account"
    )
    tag = TagFilter()
    created = PeriodFilter(label=_("Created"), field_name="created_at")
    created_after = DayFilter(label=_("Created from"), field_name="created_at", lookup_expr="gte")
    created_before = DayFilter(label=_("Created until"), field_name="created_at", lookup_expr="lte")
    team = LineFilter(
        Team.objects.order_by("name", "pk"), label=_("Team"), field_name="owner__team"
    )
    account = RecordFilterById(Account.objects.all(), label=_("Account"))

    unoffered = ("created_after", "created_before", "team", "account")

    def has_account(self, qs: Any, name: str, value: str) -> Any:
        return qs.filter(account__isnull=value == "0")
