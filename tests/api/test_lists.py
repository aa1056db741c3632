"""Lists by API: pages, counts, filters, and what they cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from leads.models import Lead
from opportunities.models import Product, Source
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from workbench.api import paging

pytestmark = pytest.mark.django_db


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def ids(answer) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_pages_lead_from_the_first_row_to_the_last_and_back(rep):
    expected = [LeadFactory(owner=rep.user).pk for _ in range(7)][::-1]
    # Imported at one moment: the id has to tell them apart.
    Lead.objects.filter(pk__in=expected[2:6]).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    expected = expected[:2] + expected[6:] + expected[2:6]

    pages, answer = [], rep.get("leads/?limit=3&status=open")
    pages.append(answer)
    while answer.json()["next"]:
        answer = rep.get(path_of(answer.json()["next"]))
        pages.append(answer)

    assert [ids(page) for page in pages] == [expected[:3], expected[3:6], expected[6:]]
    assert pages[0].json()["previous"] is None
    back = rep.get(path_of(pages[2].json()["previous"]))
    assert ids(back) == expected[3:6]
    first = rep.get(path_of(back.json()["previous"]))
    assert ids(first) == expected[:3]
    assert first.json()["previous"] is None
    assert ids(rep.get(path_of(first.json()["next"]))) == expected[3:6]


def test_rows_that_come_in_while_one_reads_shift_nothing(rep):
    expected = [LeadFactory(owner=rep.user).pk for _ in range(4)][::-1]
    first = rep.get("leads/?limit=2")
    LeadFactory(owner=rep.user)

    second = rep.get(path_of(first.json()["next"]))

    assert ids(first) + ids(second) == expected


def test_lists_of_lines_have_pages_too(rep):
    everything = ids(rep.get("sources/?limit=200"))

    first = rep.get("sources/?limit=4")
    second = rep.get(path_of(first.json()["next"]))
    back = rep.get(path_of(second.json()["previous"]))

    assert ids(first) + ids(second) == everything[:8]
    assert ids(back) == ids(first)


@pytest.mark.parametrize(
    ("limit", "rows"), [("1", 1), ("002", 2), ("201", 6), ("9" * 50, 6), ("", 6)]
)
def test_the_limit_is_kept_within_bounds(rep, limit, rows, monkeypatch):
    monkeypatch.setattr(paging, "LARGEST_PAGE", 6)
    for _ in range(8):
        LeadFactory(owner=rep.user)

    found = rep.get(f"leads/?limit={limit}")

    assert len(ids(found)) == (8 if limit == "" else rows)


def test_counts_for_those_who_ask_and_not_for_ever(rep, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 3)
    for _ in range(3):
        LeadFactory(owner=rep.user)

    exact = rep.get("leads/?count=1&limit=1").json()
    LeadFactory(owner=rep.user)
    capped = rep.get("leads/?count=1&limit=1").json()

    assert (exact["count"], exact["count_is_capped"]) == (3, False)
    assert (capped["count"], capped["count_is_capped"]) == (3, True)
    assert "count" not in rep.get("leads/").json()


def test_filters_narrow_together(rep, colleague):
    source = Source.objects.first()
    wanted = LeadFactory(
        owner=rep.user, source=source, estimated_value=100, email="Ada@engine.example"
    )
    LeadFactory(owner=colleague.user, source=source, estimated_value=100)
    LeadFactory(owner=rep.user, estimated_value=50)

    for query in (
        f"source={source.key}&owner=me",
        f"source={source.pk}&owner={rep.user.pk}",
        f"owner={rep.user.email.upper()}&estimated_value__gte=99.5",
        "email=ADA@engine.example",
        f"id__in={wanted.pk},999&status=open",
        f"q={wanted.last_name}",
        "estimated_value=100&owner=me",
    ):
        assert ids(rep.get(f"leads/?{query}")) == [wanted.pk], query
    assert ids(rep.get("leads/?source=none&estimated_value__lt=51")) != []
    assert ids(rep.get("leads/?source=nowhere")) == []


def test_moments_and_days_can_be_compared(rep):
    lead = LeadFactory(owner=rep.user)
    moment = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    Lead.objects.filter(pk=lead.pk).update(created_at=moment)

    for query, is_found in (
        ("created_at__gte=2026-03-10T12:30:00Z", True),
        ("created_at__gt=2026-03-10T12:30:00Z", False),
        ("created_at__lt=2026-03-10T13:30:01%2B01:00", True),
        ("created_at=2026-03-10", True),
        ("created_at__lte=2026-03-10", True),
        ("created_at__lt=2026-03-10", False),
        ("created_at__gt=2026-03-10", False),
        ("created_at__gte=2026-03-10", True),
        ("created_at__gte=2026-03-11", False),
    ):
        assert bool(ids(rep.get(f"leads/?{query}"))) is is_found, query


def test_every_resource_can_be_narrowed(rep):
    account = AccountFactory(owner=rep.user, employees=5, country="DE")
    contact = ContactFactory(owner=rep.user, account=account)
    deal = OpportunityFactory(owner=rep.user, account=account, value=10)
    task = ActivityFactory(on=deal, owner=rep.user, kind="task")
    AccountFactory(owner=rep.user)
    ContactFactory(owner=rep.user)
    OpportunityFactory(owner=rep.user)

    for path, record in (
        (f"accounts/?name={account.name}", account),
        ("accounts/?employees__lte=5&country=DE", account),
        (f"contacts/?account={account.pk}", contact),
        (f"contacts/?email={contact.email}", contact),
        ("opportunities/?value__gte=1&stage=develop&status=open", deal),
        (f"opportunities/?account={account.pk}", deal),
        ("activities/?kind=task&status=open&owner=me", task),
    ):
        assert ids(rep.get(path)) == [record.pk], path
    assert [user["id"] for user in rep.get(f"users/?email={rep.user.email}").json()["results"]] == [
        rep.user.pk
    ]


def fill(rep, number: int) -> None:
    """Add so many of everything, each linked to the others."""
    source, product = Source.objects.first(), Product.objects.get_or_create(key="p", name="P")[0]
    for _ in range(number):
        account = AccountFactory(owner=rep.user)
        contact = ContactFactory(owner=rep.user, account=account)
        lead = LeadFactory(owner=rep.user, source=source, products=[product])
        ActivityFactory(on=lead, owner=rep.user)
        OpportunityFactory(owner=rep.user, account=account, contact=contact)
        made = rep.post(f"leads/{lead.pk}/qualify/")
        assert made.status_code == 201, made.content


@pytest.mark.once
def test_a_list_takes_as_many_statements_for_thirty_rows_as_for_three(rep):
    paths = ["leads/", "accounts/", "contacts/", "opportunities/", "activities/"]
    paths += ["stages/", "users/", "leads/?count=1&q=ada&owner=me&status=qualified"]
    fill(rep, 3)
    few = {path: rep.statements(path) for path in paths}

    fill(rep, 27)

    many = {path: rep.statements(path) for path in paths}
    assert few == many
    assert max(many.values()) <= 10, many


def test_a_record_takes_few_statements(rep):
    fill(rep, 1)
    lead = Lead.objects.get()

    assert rep.statements(f"leads/{lead.pk}/") <= 10


def test_qualifying_by_program_stays_within_its_budget(rep):
    lead = LeadFactory(owner=rep.user)
    rep.get("leads/")  # the token's use is noted

    assert rep.statements(f"leads/{lead.pk}/qualification/") <= 20
    assert rep.statements(f"leads/{lead.pk}/qualify/", "POST", 201) <= 30


def test_times_of_a_page_are_the_same_after_midnight(rep):
    lead = LeadFactory(owner=rep.user)
    Lead.objects.filter(pk=lead.pk).update(created_at=datetime.now(UTC) - timedelta(days=1))

    assert ids(rep.get("leads/?limit=1")) == [lead.pk]
