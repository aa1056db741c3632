"""Some sales with known totals by the wizard: the short form of `dev.py prove maven_crm`."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from imports.models import Import
from imports.queries import importer_for, pairs_of, table_of
from opportunities.models import Opportunity
from tests.reference import folder_of
from tests.sales import (
    FILES,
    NAME,
    bring_in,
    disagreements,
    draft_of,
    let_in,
    rows_of,
    truth_of,
    written,
)
from users.models import User
from users.operations import issue_token
from workbench.transfer import Verdict

pytestmark = [pytest.mark.reference_data(NAME), pytest.mark.slow]


def some(file: str) -> list[dict[str, str]]:
    """Return every 90th row, and the first of each product that ended in each way."""
    rows = rows_of(file)
    firsts = {(row["product"], row["deal_stage"]): row for row in reversed(rows)}
    picked = {row["opportunity_id"]: row for row in (*firsts.values(), *rows[::90])}
    return list(picked.values())


def ask_as(user: User) -> Any:
    client = Client(headers={"Authorization": f"Bearer {issue_token(user, by=user, name='t')[1]}"})
    client.force_login(user)

    def ask(address: str) -> str:
        cache.clear()  # more is asked here than anybody may in a minute
        return client.get(address).content.decode()

    return ask


def test_every_total_is_as_it_was(admin: User) -> None:
    rows = some(FILES["ymd"])

    done = bring_in(written(rows), by=admin)

    assert done.count("new") == done.total == len(rows) > 100, list(done.rows.values("errors"))
    truth, ask = truth_of(rows), ask_as(admin)
    assert len(truth["agent"]) > 20
    assert disagreements(truth, ask) == []


@pytest.mark.once
def test_days_written_the_american_way_are_the_same_days(admin: User) -> None:
    rows = {row["opportunity_id"]: row for row in some(FILES["ymd"])[:25]}
    american = [row for row in rows_of(FILES["mdy"]) if row["opportunity_id"] in rows]

    done = bring_in(written(american), by=admin, order="mdy")

    assert done.count("new") == len(rows)
    for deal in Opportunity.objects.all():
        row = rows[deal.external_id]
        assert str(deal.closed_on or "") == row["close_date"]
        assert not row["engage_date"] or str(deal.created_at.date()) == row["engage_date"]


@pytest.mark.once
def test_both_layouts_say_the_same_in_each_of_their_rows(admin: User) -> None:
    let_in(by=admin)
    ours, theirs = (
        said(draft_of("opportunity", file, (folder_of(NAME) / file).read_bytes(), by=admin,
                      date_order=order))
        for order, file in FILES.items()
    )  # fmt: skip

    assert len(ours) == 8800
    assert ours == theirs


def said(draft: Import) -> dict[str, Any]:
    """Return what the rows of a file say, by external id."""
    importer, pairs = importer_for(draft), pairs_of(draft)
    read = (importer.read(row, pairs, Verdict(row.line, "")) for row in table_of(draft).rows())
    return {values["external_id"]: values for values in read}
