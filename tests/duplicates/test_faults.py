"""A failure after any statement of a merge or of its undoing leaves everything as it was."""

from __future__ import annotations

import pytest

from accounts.operations import create_account, create_contact
from activities.operations import add_task, log_note
from opportunities.operations import add_stakeholder, open_opportunity
from tests.duplicates.kinds import KINDS
from tests.duplicates.world import a_lead, record
from tests.leads.test_faults import Count, Fault, watched
from tests.snapshots import rows

pytestmark = pytest.mark.django_db(transaction=True)


def accounts(rep):
    kept, gone = (create_account(by=rep, name=name) for name in ("Acme", "Apex"))
    create_contact(by=rep, last_name="Lovelace", phone="+442079460000", account=gone)
    log_note(gone, by=rep, text="They want steam")
    return kept, gone


def contacts(rep):
    kept, gone = (
        create_contact(by=rep, last_name=name, email=f"{name}@acme.example") for name in "ab"
    )
    deal = open_opportunity("Looms", by=rep, owner=rep, contact=gone)
    for person in (kept, gone):
        add_stakeholder(deal, by=rep, contact=person, role="champion")
    log_note(gone, by=rep, text="She wants steam")
    return kept, gone


def leads(rep):
    kept, gone = a_lead(rep, "Ada"), a_lead(rep, "Mary", job_title="Countess")
    add_task(gone, by=rep, subject="Call her")
    return kept, gone


WORLDS = {"account": accounts, "contact": contacts, "lead": leads}


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_after_any_statement_leaves_every_row_as_it_was(rep, name):
    kind = KINDS[name]
    kept, gone = (record(each) for each in WORLDS[name](rep))
    rep.scopes  # noqa: B018 - read once per user, not part of the operation

    merge = interrupted(lambda: kind.merge(kept, [gone], by=rep))
    interrupted(lambda: kind.unmerge(merge, by=rep))


def interrupted(operation):
    """Let `operation` fail after each of its statements in turn; return what it gives at last."""
    before = rows(with_trails=True)
    for number in range(1, 200):
        try:
            with watched(Count(fails_after=number)):
                outcome = operation()
        except Fault:
            assert rows(with_trails=True) == before, f"after statement {number}"
        else:
            break
    assert number > 10  # there was something to fail in
    assert rows(with_trails=True) != before
    return outcome
