"""What was written on a lead is seen on what it becomes, once each, and comes home on undo."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.operations import create_account, create_contact
from activities.models import Activity, ActivityLink, File
from activities.operations import add_task, attach, log_call, log_meeting, log_note
from activities.timeline import timeline_of
from leads.models import Lead
from leads.operations import Plan, Target, Terms, capture_lead, qualify, undo
from opportunities.operations import open_opportunity
from tests.thorough import examples

pytestmark = pytest.mark.django_db

KINDS = {
    "note": lambda record, by: log_note(record, by=by, text="A note"),
    "call": lambda record, by: log_call(record, by=by, text="A call"),
    "meeting": lambda record, by: log_meeting(record, by=by, subject="A meeting"),
    "task": lambda record, by: add_task(record, by=by, subject="A task"),
    "file": lambda record, by: attach(record, by=by, name="a.txt", content=b"A").activity,
}
entries = st.lists(st.sampled_from(sorted(KINDS)), max_size=3)
FEW = settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Back(Exception):
    """Takes an example back, so that the next one begins with nothing."""


def shown(record) -> list[int]:
    """Return the entries that a record shows, as often as it shows them."""
    entries = sorted(Activity.objects.on(record).values_list("pk", flat=True))
    files = File.objects.filter(activity__in=entries).values_list("pk", flat=True)
    told = timeline_of(record, kind="file", limit=99).entries
    assert sorted(file.id for entry in told for file in entry.files) == sorted(files)
    return entries


@FEW
@given(
    on_lead=entries,
    on_account=entries,
    on_contact=entries,
    on_deal=entries,
    since=entries,
    reuses=st.sets(st.sampled_from(["account", "contact", "opportunity"])),
    rounds=st.integers(1, 2),
)
def test_every_entry_is_shown_once_everywhere_and_nowhere_else_after_undo(
    rep, on_lead, on_account, on_contact, on_deal, since, reuses, rounds
):
    def write(record, kinds):
        return sorted(KINDS[kind](record, rep).pk for kind in kinds)

    def example():
        lead = capture_lead(
            by=rep,
            topic="Engines",
            first_name="Ada",
            last_name="Lovelace",
            company="Analytical Engines",
            email="ada@engine.example",
        )
        records, plan = [], {}
        if reuses:
            account = create_account(by=rep, name="Analytical Engines")
            write(account, on_account)
            records.append(account)
            plan["account"] = Target("use", account.pk)
        if "contact" in reuses:
            contact = create_contact(by=rep, last_name="Byron", account=account)
            write(contact, on_contact)
            records.append(contact)
            plan["contact"] = Target("use", contact.pk)
        if "opportunity" in reuses:
            deal = open_opportunity("More engines", by=rep, owner=rep, account=account)
            write(deal, on_deal)
            records.append(deal)
            plan["opportunities"] = (Terms(opportunity=deal),)
        ours = write(lead, on_lead)
        # An entry on a person is shown at their company, too.
        standing = {record: shown(record) for record in records}
        links, count = ActivityLink.objects.count(), Activity.objects.count()

        for _round in range(rounds):
            outcome = qualify(lead, by=rep, plan=Plan(**plan))
            became = (outcome.account, outcome.contact, *outcome.opportunities)
            for record in became:
                assert shown(record) == sorted([*ours, *standing.get(record, [])])
            assert shown(lead) == ours
            assert Activity.objects.count() == count  # shared, never copied
            made = [record for record in became if record not in standing]
            added = write(made[0], since) if made else []
            undo(lead, by=rep)
            ours, links, count = sorted([*ours, *added]), links + len(added), count + len(added)
            assert shown(Lead.objects.get(pk=lead.pk)) == ours
            assert {record: shown(record) for record in records} == standing
            assert (ActivityLink.objects.count(), Activity.objects.count()) == (links, count)
        raise Back

    with pytest.raises(Back), transaction.atomic():
        example()
