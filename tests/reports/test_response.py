"""How soon somebody was in touch with the leads that came in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from leads.models import Lead
from reports.tables import REPORTS
from tests.reports.test_overview import asked_by, behind
from tests.reports.world import a_lead, noon
from users.models import User

MINUTES = {"hour": (-5, 0, 59), "day": (60, 23 * 60 + 59), "later": (24 * 60, 90 * 24 * 60)}


@pytest.fixture
def answered(rep: User, outsider: User) -> None:
    """Leads of rep that were answered at the edges of each part, and two that were not."""
    came = noon(100)
    for minutes in (minute for part in MINUTES.values() for minute in part):
        a_lead(rep, created=came, contacted_at=came + timedelta(minutes=minutes))
    a_lead(rep, created=came)
    a_lead(rep, created=came, do_not_contact=True)
    a_lead(outsider, created=came, contacted_at=came)
    Lead.objects.filter(pk=a_lead(rep, created=came).pk).update(deleted_at=came)


def test_counts_each_lead_by_its_whole_hours(answered: None, rep: User) -> None:
    found = asked_by(rep).response

    assert {part.key: part.count for part in found.parts} == {
        "hour": 3, "day": 2, "later": 2, "none": 2,
    }  # fmt: skip
    assert found.total.count == 9
    # Hours of the seven: 0, 0, 0, 1, 23, 24 and 2160.
    assert (found.hours.median, found.hours.count) == (1, 7)
    assert found.hours.ninetieth == pytest.approx(24 + (2160 - 24) * 0.4)


def test_every_part_opens_its_leads(answered: None, client: Client, rep: User) -> None:
    client.force_login(rep)
    found = asked_by(rep).response
    told = [(part.url, part.count) for part in (*found.parts, found.total)]

    assert behind(client, rep, told) == told


def test_says_it_of_nothing(rep: User) -> None:
    figures = asked_by(rep)

    table = REPORTS["response"].table(figures)

    assert [row.cells[0].value for row in table.all_rows] == [0, 0, 0, 0, 0]
    assert {cell.value for row in table.all_rows for cell in row.cells[1:]} == {None}
