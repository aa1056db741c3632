"""A failure after any statement leaves everything as it was, or is got over."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection

from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact
from activities.operations import add_task, log_note
from leads.models import DisqualifyReason, Lead
from leads.operations import (
    Plan,
    Target,
    capture_lead,
    disqualify,
    qualify,
    reopen,
    undo,
)
from tests.snapshots import rows

pytestmark = pytest.mark.django_db(transaction=True)


# A process that dies at one of these is the business of the kills, not of an error in the program.
CONTROL = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}


class Fault(Exception):
    """What nobody expects."""


class Count:
    """Counts statements, and fails after the n-th one, once."""

    def __init__(self, fails_after: int | None = None, error: Exception | None = None):
        self.seen = 0
        self.fails_after = fails_after
        self.error = error or Fault()

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.split(maxsplit=1)[0] in CONTROL:
            return result
        self.seen += 1
        if self.seen == self.fails_after:
            raise self.error
        return result


@contextmanager
def watched(count):
    with connection.execute_wrapper(count):
        yield count


def a_lead(rep):
    lead = capture_lead(
        by=rep,
        topic="Engines",
        first_name="Ada",
        last_name="Lovelace",
        company="Analytical Engines",
        email="ada@engine.example",
        city="London",
        job_title="Countess",
    )
    log_note(lead, by=rep, text="She wants steam")
    add_task(lead, by=rep, subject="Call her")
    return lead


@pytest.fixture
def fresh(rep):
    return a_lead(rep)


@pytest.fixture
def known(rep):
    """A lead of a company and a person that are there, with fields to fill."""
    account = create_account(by=rep, name="Analytical Engines")
    create_contact(by=rep, last_name="Lovelace", email="ada@engine.example", account=account)
    return a_lead(rep)


def take(lead, *, by):
    """Qualify with values of the lead over those of the records, and close its duplicate."""
    account, contact = Account.objects.get(), Contact.objects.get()
    twin = Lead.objects.exclude(pk=lead.pk).get()
    plan = Plan(
        account=Target("use", account.pk, take=("name",)),
        contact=Target("use", contact.pk, take=("email", "first_name"), keep=("city",)),
        duplicates=(twin.pk,),
    )
    return qualify(lead, by=by, plan=plan)


def taken(lead, rep):
    take(lead, by=rep)
    return lead


@pytest.fixture
def chosen(rep):
    """A lead with a duplicate, of a company and a person that are called otherwise."""
    account = create_account(by=rep, name="Engines of Oxford")
    create_contact(by=rep, first_name="Augusta", email="augusta@engine.example", account=account)
    a_lead(rep)
    return a_lead(rep)


def qualified(lead, rep):
    qualify(lead, by=rep)
    return lead


def given_up(lead, rep):
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="lost"))
    return lead


def give_up(lead, *, by):
    disqualify(lead, by=by, reason=DisqualifyReason(pk=first_reason(), key="x"))


def first_reason():
    return DisqualifyReason.objects.order_by("pk").values_list("pk", flat=True)[0]


CASES = {
    "qualify what is new": ("fresh", lambda lead, rep: lead, qualify),
    "qualify what is known": ("known", lambda lead, rep: lead, qualify),
    "qualify field by field": ("chosen", lambda lead, rep: lead, take),
    "undo what was taken": ("chosen", taken, undo),
    "undo what was made": ("fresh", qualified, undo),
    "undo what was filled": ("known", qualified, undo),
    "disqualify": ("fresh", lambda lead, rep: lead, give_up),
    "reopen": ("fresh", given_up, reopen),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_after_any_statement_leaves_every_row_as_it_was(request, rep, case):
    fixture, prepare, operation = CASES[case]
    lead = prepare(request.getfixturevalue(fixture), rep)
    before = rows(with_trails=True)
    rep.scopes  # noqa: B018 - read once per user, not part of the operation

    for number in range(1, 200):
        count = Count(fails_after=number)
        try:
            with watched(count):
                operation(Lead.all_objects.get(pk=lead.pk), by=rep)
        except Fault:
            assert rows(with_trails=True) == before, f"after statement {number}"
        else:
            break

    assert number > 10  # there was something to fail in
    assert rows(with_trails=True) != before


def of_postgres(state):
    cause = Exception()
    cause.pgcode = state
    error = OperationalError(state)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("case", ["qualify what is new", "undo what was made"])
@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database is locked"),
        of_postgres("40001"),
        of_postgres("40P01"),
        of_postgres("55P03"),
        IntegrityError("UNIQUE constraint failed: accounts_identityclaim.kind"),
    ],
    ids=["locked", "serialization", "deadlock", "lock timeout", "unique"],
)
def test_what_the_database_asks_to_repeat_is_got_over(request, rep, case, error):
    fixture, prepare, operation = CASES[case]
    lead = prepare(request.getfixturevalue(fixture), rep)
    before = rows()

    # After one statement in the middle: after each in turn would need as many leads.
    with watched(Count(fails_after=12, error=error)) as count:
        operation(Lead.all_objects.get(pk=lead.pk), by=rep)

    assert count.seen > 30  # half a try, and a whole one
    assert rows() != before
