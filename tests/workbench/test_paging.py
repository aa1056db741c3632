"""Pages of a long list: what stands on them does not depend on how they are found."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import CharField, F
from django.utils import timezone

from accounts.models import Account
from leads.models import Lead
from opportunities.models import Opportunity, Source
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory, UserFactory
from users.models import User
from workbench.filters import seen_by_way_of, where_seen
from workbench.views import paging
from workbench.views.paging import groups_of, keys_for, slice_of


@pytest.fixture
def leads(rep: User) -> list[Lead]:
    """Leads of several sources and people, two of them of one name; of some nobody knows either."""
    people = [rep, *(UserFactory(name=name) for name in ("Zoe", "Anna", "Anna", "Émile"))]
    sources = [*Source.objects.order_by("pk")[:3], None]
    return [
        LeadFactory(owner=people[n % 5] if n % 7 else None, source=sources[n % 4])
        for n in range(40)
    ]


def in_order(order: str) -> list[int]:
    by = F(order.lstrip("-"))
    name = by.desc(nulls_last=True) if order.startswith("-") else by.asc(nulls_last=True)
    rows = Lead.objects.order_by(name, "-pk" if order.startswith("-") else "pk")
    return list(rows.values_list("pk", flat=True))


def pages(
    order: str,
    size: int,
    *,
    backwards: bool = False,
    rows: Any = None,
    keys: Any = None,
    by: Any = None,
) -> list[int]:
    """Go from page to page, as somebody does who follows the links."""
    keys = keys or keys_for(Lead, [order])
    every = Lead.objects.for_list() if rows is None else rows
    found: list[Any] = []
    place: dict[str, Any] = {"offset": 35} if backwards else {}
    for _page in range(40):
        rows, has_more = slice_of(every, keys, size, **place, by=by)
        found = [*rows, *found] if backwards else [*found, *rows]
        if not rows or (not has_more and not (backwards and "offset" in place)):
            break
        edge = rows[0] if backwards else rows[-1]
        values = [key.value_of(edge) for key in keys]
        place = {"before" if backwards else "after": values}
    return [row.pk for row in found]


@pytest.mark.parametrize("order", ["owner__name", "-owner__name", "source__name", "-source__name"])
@pytest.mark.parametrize("most", [60, 0])
def test_a_list_by_the_names_of_few_is_the_same_as_one_that_is_sorted(
    leads: list[Lead], monkeypatch: pytest.MonkeyPatch, order: str, most: int
) -> None:
    monkeypatch.setattr(paging, "MOST_GROUPS", most)
    expected = in_order(order)

    assert pages(order, 3) == expected
    assert pages(order, 5, backwards=True) == expected
    rows, has_more = slice_of(Lead.objects.all(), keys_for(Lead, [order]), 10, offset=20)
    assert [row.pk for row in rows] == expected[20:30]
    assert has_more


def test_each_name_is_a_group_and_so_is_none(leads: list[Lead]) -> None:
    keys = keys_for(Lead, ["owner__name"])
    people = User.objects.values("name").distinct().count()

    assert len(groups_of(Lead.objects.all(), keys, None, False)) == people + 1
    assert groups_of(Lead.objects.all(), keys, ["somebody who left", 1], False) == []


@pytest.mark.parametrize("order", ["account__name", "-account__name"])
@pytest.mark.parametrize("who", ["rep", "manager", "boss"])
def test_a_list_by_the_names_of_records_is_the_same_as_one_that_is_sorted(
    rep: User, manager: User, admin: User, order: str, who: str
) -> None:
    user = {"rep": rep, "manager": manager, "boss": admin}[who]
    owners = [rep, manager, UserFactory(), None]
    names = ("Zeta", "Alpha", "Alpha", "Émile", "beta")
    accounts = [AccountFactory(owner=owners[n % 4]) for n in range(10)]
    for n, account in enumerate(accounts):
        gone = timezone.now() if n == 3 else None
        Account.objects.filter(pk=account.pk).update(name=names[n % 5], deleted_at=gone)
    for n in range(40):
        OpportunityFactory(owner=owners[n % 3], account=None if n % 7 == 0 else accounts[n % 10])
    name = where_seen(Opportunity, "account__name", user, output_field=CharField())
    rows = Opportunity.objects.for_list()
    keys = keys_for(Opportunity, [order])
    if name is not None:
        rows = rows.annotate(shown=name)
        keys = keys_for(
            Opportunity, [order.replace("account__name", "shown")], {"shown": CharField()}
        )
    seen = seen_by_way_of(Opportunity, "account__name", user)
    expected = [row.pk for row in rows.order_by(*[key.order(is_reversed=False) for key in keys])]
    walked: dict[str, Any] = {"rows": rows, "keys": keys, "by": ("account__name", seen)}

    assert pages(order, 3, **walked) == expected
    assert pages(order, 5, backwards=True, **walked) == expected
    page, has_more = slice_of(rows, keys, 10, offset=20, by=("account__name", seen))
    assert [row.pk for row in page] == expected[20:30]
    assert has_more
