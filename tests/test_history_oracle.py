"""A slice of leads with a known outcome: the short form of `dev.py prove x_education`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from leads.models import Lead
from opportunities.models import Opportunity
from tests.history import MAPPING, NAME, disagreements, rows_of, truth_of
from tests.reference import folder_of
from tests.scores import ENOUGH, by_hand, passed, score_all, scored
from tests.world import stored
from users.models import User
from users.operations import issue_token

pytestmark = [pytest.mark.reference_data(NAME), pytest.mark.slow]


@pytest.fixture
def some() -> list[dict[str, str]]:
    """Every source, every outcome; and every 150th row."""
    rows = rows_of(folder_of(NAME) / "Leads.csv")
    firsts = {(row["Lead Source"], row["Converted"]): row for row in reversed(rows)}
    picked = {row["Prospect ID"]: row for row in (*firsts.values(), *rows[::150])}
    return list(picked.values())


def bring_in(rows: list[dict[str, str]], folder: Path) -> dict[str, int]:
    file = folder / "Leads.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    out = io.StringIO()
    call_command(
        "import_records", "lead", str(file), mapping=str(MAPPING), create_fields=True, stdout=out
    )
    summary: dict[str, int] = json.loads(out.getvalue().splitlines()[-1])["summary"]
    return summary


def test_every_rate_is_as_it_was_in_list_api_and_figures(
    some: list[dict[str, str]], admin: User, tmp_path: Path
):
    summary = bring_in(some, tmp_path)

    assert summary["new"] == summary["rows"] == len(some)
    assert summary["warnings"] == 0
    client = Client(
        headers={"Authorization": f"Bearer {issue_token(admin, by=admin, name='t')[1]}"}
    )
    client.force_login(admin)
    truth = truth_of(some)
    assert len(truth) == 21
    assert disagreements(truth, lambda address: client.get(address).content.decode()) == []


def test_same_file_again_changes_nothing(some: list[dict[str, str]], admin: User, tmp_path: Path):
    bring_in(some[:60], tmp_path)
    before = stored()

    summary = bring_in(some[:60], tmp_path)

    assert summary["unchanged"] == summary["rows"] == 60
    assert stored() == before


def test_each_lead_is_what_its_row_says(some: list[dict[str, str]], admin: User, tmp_path: Path):
    bring_in(some, tmp_path)

    for row in some:
        lead: Any = Lead.objects.select_related("contact").get(external_id=row["Prospect ID"])
        assert lead.last_name == f"Prospect {row['Lead Number']}"
        assert lead.custom.get("total_visits", "") == (
            row["TotalVisits"] and int(row["TotalVisits"])
        )
        assert lead.custom.get("wants_free_copy") is (
            row["A free copy of Mastering The Interview"] == "Yes"
        )
        assert ("specialization" in lead.custom) is (row["Specialization"] not in {"", "Select"})
        if row["Converted"] == "1":
            assert (lead.status, lead.contact.full_name) == ("qualified", lead.full_name)
        else:
            assert (lead.status, lead.disqualify_reason.key) == ("disqualified", "lost")
    assert not Opportunity.objects.exists()


def test_scores_and_a_backtest_are_as_counted_by_hand(
    some: list[dict[str, str]], admin: User, tmp_path: Path
):
    bring_in(some, tmp_path)
    truth = by_hand(some)

    score_all(by=admin)

    assert scored(by=admin) == truth
    enough = [counts for score, counts in truth.items() if score >= ENOUGH]
    leads, converted = (sum(counts) for counts in zip(*enough, strict=True))
    assert passed(by=admin) == (leads, converted)
