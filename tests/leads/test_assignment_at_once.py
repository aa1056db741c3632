"""Assigning at the same moment: each lead goes out once, and everybody comes as often as the next.

The same by 200 deliveries over HTTP and several workers: `dev.py prove assignment`.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from intake import jobs
from intake.models import Delivery
from leads.jobs import LeadImporter
from leads.models import Assignment, AssignmentRule, AssignmentTurn, Lead
from leads.operations import assign_by_rules, capture_by_rules, delete_assignment_rule
from records.errors import Refused
from tests.factories import LeadFactory, TeamFactory, clerk
from tests.intake.world import a_door, hand_in, maps
from tests.leads.assigning import a_rule, people_in
from tests.world import at_once
from users.models import Team
from users.operations import intake_machine
from workbench.transfer import ColumnMapping, open_table

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def four(defaults: None) -> Team:
    team = TeamFactory(name="South")
    people_in(team, "Ann", "Bea", "Cleo", "Dan")
    return team


def owners() -> Counter[str]:
    return Counter(str(owner) for owner in Assignment.objects.values_list("owner__name", flat=True))


def test_leads_that_come_at_once_are_shared_out_evenly(four: Team):
    a_rule(team=four)
    by = intake_machine()

    def capture(number: int) -> Lead:
        return capture_by_rules(by=by, topic="Pumps", company=f"Acme {number}", country="DE")

    outcomes = at_once(*[lambda n=n: capture(n) for n in range(22)])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert sorted(owners().values()) == [5, 5, 6, 6]
    assert AssignmentTurn.objects.get().count == 22


def test_one_lead_handed_out_by_many_at_once_goes_out_once(four: Team):
    a_rule(team=four)
    lead = LeadFactory(owner=None, country="DE")

    outcomes = at_once(*[lambda: assign_by_rules(lead, by=clerk())] * 10)

    assert {str(outcome.owner) for outcome in outcomes} == {"Ann"}
    assert owners() == {"Ann": 1}


def test_deliveries_processed_at_once_are_shared_out_evenly(four: Team, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    door = a_door(on_known="new")
    maps(door, country="country")
    a_rule(team=four)
    for number in range(12):
        hand_in(door, {"email": f"a{number}@many.example", "country": "DE"})
    by = intake_machine()

    at_once(
        *[lambda d=d: jobs.process_one(d, by=by) for d in Delivery.objects.all() for _twice in "ab"]
    )

    assert owners() == {"Ann": 3, "Bea": 3, "Cleo": 3, "Dan": 3}
    assert Lead.objects.count() == 12


def test_a_rule_deleted_in_the_middle_loses_no_lead(four: Team):
    rule = a_rule(team=four)
    by = intake_machine()

    def capture(number: int) -> Lead:
        return capture_by_rules(by=by, topic="Pumps", company=f"Acme {number}", country="DE")

    outcomes = at_once(
        *[lambda n=n: capture(n) for n in range(8)],
        lambda: delete_assignment_rule(rule, by=clerk()),
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert Lead.objects.count() == Assignment.objects.count() == 8


def test_deleting_a_rule_waits_for_a_turn_without_holding_the_rule(four: Team):
    """Who takes the turn needs the rule next: held by each other, one of them would be thrown out.

    SQLite has one lock for all.
    """
    if connection.vendor != "postgresql":
        pytest.skip("There are no row locks here.")
    rule = a_rule(team=four)

    def delete() -> None:
        try:
            delete_assignment_rule(rule, by=clerk())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            AssignmentTurn.objects.select_for_update().get(rule=rule)
            deleting = pool.submit(delete)
            assert somebody_waits()
            assert AssignmentRule.objects.select_for_update(nowait=True).get() == rule
        deleting.result()

    assert not AssignmentRule.objects.exists()


def test_a_dry_run_of_a_file_keeps_nobody_from_taking_a_turn(four: Team, tmp_path: Path):
    """What it holds it holds to the end of the file. SQLite has one lock for all."""
    if connection.vendor != "postgresql":
        pytest.skip("There are no row locks here.")
    rule = a_rule(team=four)
    file = tmp_path / "leads.csv"
    file.write_text("topic,last_name,country\nPumps,One,DE\nPumps,Two,DE\n")
    mapping = ColumnMapping.of({"defaults": {"owner": "rules"}}, "lead")
    by = intake_machine()
    verdicts = LeadImporter(by=clerk(), mapping=mapping).verdicts(open_table(file), is_dry=True)

    def capture() -> Lead:
        try:
            return capture_by_rules(by=by, topic="Pumps", company="Acme", country="DE")
        finally:
            connection.close()

    assert next(verdicts).verdict == "new"
    with ThreadPoolExecutor(1) as pool:
        lead = pool.submit(capture).result(timeout=10)
    assert [verdict.verdict for verdict in verdicts] == ["new"]

    rule.turn.refresh_from_db()
    assert (str(lead.owner), rule.turn.count) == ("Ann", 1)
    assert Lead.objects.get() == lead


def somebody_waits() -> bool:
    for _attempt in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return True
        time.sleep(0.05)
    return False
