"""What changing any record has in common: one transaction, tried again, answered once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError

from accounts.models import Account
from accounts.operations import create_account
from records import audit
from records.errors import Busy, KeyReused, LostRace, Refused
from records.models import AuditEntry, IdempotencyKey, converted
from records.operations import is_retryable, once, operation, run_atomically

real_transactions = pytest.mark.django_db(transaction=True)


def an_error(kind, text="", state=None):
    error = kind(text)
    if state:
        cause = Exception()
        cause.pgcode = state
        error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_worth_it"),
    [
        (an_error(OperationalError, state="40001"), True),
        (an_error(OperationalError, state="40P01"), True),
        (an_error(OperationalError, state="55P03"), True),
        (an_error(IntegrityError, state="23505"), True),
        (an_error(IntegrityError, state="23503"), True),
        (an_error(IntegrityError, state="23514"), False),
        (an_error(OperationalError, state="57P01"), False),
        (an_error(OperationalError, "database is locked"), True),
        (an_error(OperationalError, "no such table"), False),
        (an_error(IntegrityError, "UNIQUE constraint failed: x.y"), True),
        (an_error(IntegrityError, "CHECK constraint failed: x"), False),
        (LostRace(), True),
    ],
)
def test_knows_what_is_worth_another_try(error, is_worth_it):
    assert is_retryable(error) is is_worth_it


@real_transactions
def test_tries_again_until_it_works():
    tries = []

    def work():
        tries.append(1)
        if len(tries) < 3:
            raise LostRace
        return "done"

    assert run_atomically(work) == "done"
    assert len(tries) == 3


@real_transactions
def test_says_busy_after_the_last_try():
    with pytest.raises(Busy):
        run_atomically(lambda: (_ for _ in ()).throw(an_error(OperationalError, "is locked")))


@real_transactions
def test_tells_a_violated_key_as_it_is_after_the_last_try():
    def work():
        raise an_error(IntegrityError, "UNIQUE constraint failed: x.y")

    with pytest.raises(IntegrityError):
        run_atomically(work)


@real_transactions
@pytest.mark.parametrize("error", [Refused("no"), ValueError("no"), an_error(OperationalError)])
def test_does_not_try_again_what_cannot_work(error):
    tries = []

    @operation
    def work():
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        work()
    assert len(tries) == 1


def test_answers_once_per_user_and_key(rep, rep2):
    made = []

    def work():
        made.append(1)
        return 201, {"id": len(made)}

    first = once("k", by=rep, request={"a": 1}, work=work)
    again = once("k", by=rep, request={"a": 1}, work=work)
    other = once("k", by=rep2, request={"a": 1}, work=work)

    assert first == (201, {"id": 1}, False)
    assert again == (201, {"id": 1}, True)
    assert other == (201, {"id": 2}, False)


def test_refuses_a_key_that_was_used_for_something_else(rep):
    once("k", by=rep, request={"a": 1}, work=lambda: (201, {}))

    with pytest.raises(KeyReused):
        once("k", by=rep, request={"a": 2}, work=lambda: (201, {}))


def test_keeps_no_answer_of_what_was_refused(rep):
    def refuse():
        raise Refused("no")

    with pytest.raises(Refused):
        once("k", by=rep, request={}, work=refuse)

    assert not IdempotencyKey.objects.exists()


def test_the_trail_is_only_ever_added_to(rep):
    create_account(by=rep, name="Acme")
    entry = AuditEntry.objects.get()
    entry.label = "Else"

    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_a_line_of_the_trail_holds_plain_values(rep):
    account = create_account(by=rep, name="Acme")

    audit.log(
        account,
        "account.tested",
        by=rep,
        changes={"a": [Decimal("1.20"), date(2026, 1, 2)], "b": account, "c": {"d": {1}}},
    )

    assert AuditEntry.objects.get(event="account.tested").changes == {
        "a": ["1.20", "2026-01-02"],
        "b": {"id": account.pk, "label": "Acme"},
        "c": {"d": "{1}"},
    }


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("10"), Decimal("9.20")),
        (None, None),
        ("ten", None),
        (Decimal("NaN"), None),
        (Decimal("-1"), None),
        (Decimal(10) ** 30, None),
    ],
)
def test_converts_only_what_is_an_amount(amount, expected):
    assert converted(amount, Decimal("0.92")) == expected


def test_finds_every_word_in_any_order(rep):
    create_account(by=rep, name="Acme Steam Engines")
    create_account(by=rep, name="Acme Looms")

    assert [a.name for a in Account.objects.matching("ENGINES acme")] == ["Acme Steam Engines"]
    assert Account.objects.matching("").count() == 2
