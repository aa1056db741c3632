"""What came in becomes a lead once, whatever dies on the way and however many come at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from io import StringIO
from threading import Event
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from intake import jobs, operations
from intake.models import Delivery, WebForm, WebFormField
from leads.models import Lead
from records.models import AuditEntry
from tests.factories import LeadFactory
from tests.intake.world import a_door, hand_in, maps
from tests.leads.assigning import a_rule
from tests.world import at_once
from users.models import User
from users.operations import intake_machine

LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
ADA = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@engine.example"}


# On transactions that are what they are outside of a test.
real = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss(defaults: None) -> User:
    return User.objects.create_superuser("boss@crm.example", None)


def waiting() -> list[Delivery]:
    return list(Delivery.objects.waiting().order_by("pk"))


class Killed(BaseException):
    """Ends a process in the middle, like a signal: nobody catches it."""


def test_a_delivery_whose_worker_died_is_taken_up(admin: User, settings: Any):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)
    assert (len(waiting()), Lead.objects.count()) == (1, 0)

    call_command("scheduler", once=True, stdout=StringIO())

    assert (waiting(), Lead.objects.count()) == ([], 1)


def test_a_lead_for_the_owner_of_its_door_says_so(admin: User, rep: User):
    hand_in(a_door(owner=rep), ADA)

    assignment = Lead.objects.get().assignments.get()
    assert assignment.owner == rep
    assert assignment.reason == "Every lead that comes by “Door” goes to Rep."


def test_a_door_whose_owner_left_asks_the_rules(admin: User, rep: User, rep2: User):
    door = a_door(owner=rep)
    rep.is_active = False
    rep.save(update_fields=["is_active"])
    condition = {"all": [{"field": "email", "is": "known"}]}
    a_rule("All others", condition, person=rep2)

    hand_in(door, ADA)

    assert Lead.objects.get().owner == rep2


@real
def test_a_worker_takes_what_was_stored(boss: User, settings: Any):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)

    call_command("db_worker", batch=True, startup_delay=False, interval=0, verbosity=0)

    assert (waiting(), Lead.objects.count()) == ([], 1)


@real
def test_one_that_dies_in_the_middle_leaves_nothing_and_loses_nothing(boss: User, settings: Any):
    """At every statement of the work: what was done is gone, and the next one does it all."""
    settings.TASKS = LATER
    door = a_door()
    by = intake_machine()
    hand_in(door, ADA | {"email": "warm@up.example"})
    jobs.take_up()
    before = Lead.objects.count()
    died = 0

    for last in range(1, 60):
        hand_in(door, ADA | {"email": f"ada{last}@engine.example"})
        (delivery,) = waiting()
        left = last

        def dying(execute: Any, *args: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return execute(*args)

        try:
            with connection.execute_wrapper(dying):
                operations.process(delivery, by=by)
        except Killed:
            died += 1
            assert Lead.objects.count() == before
            assert waiting() == [delivery]
            assert operations.process(delivery, by=by) is not None
        before += 1
        assert (Lead.objects.count(), waiting()) == (before, [])
        if left > 0:
            break

    assert died > 5


def test_what_is_done_is_not_done_again(admin: User, settings: Any):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)
    (delivery,) = waiting()
    by = intake_machine()

    first = operations.process(delivery, by=by)
    second = operations.process(delivery, by=by)

    assert first is not None
    assert second is None
    assert Lead.objects.count() == 1


def test_a_fault_of_ours_is_tried_again_later_and_then_shown(
    admin: User, settings: Any, broken_trail: Any
):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)
    broken_trail()
    moment = timezone.now()

    jobs.take_up()
    (delivery,) = waiting()
    assert not Lead.objects.exists()

    operations.put_off(delivery)
    (delivery,) = waiting()
    assert delivery.next_at > moment + timedelta(minutes=2)
    jobs.take_up()
    for _ in range(operations.processing.MOST_ATTEMPTS):
        operations.put_off(delivery)

    delivery.refresh_from_db()
    assert delivery.state == "failed"
    assert "on our side" in delivery.error


def test_a_fault_in_one_stops_no_other(admin: User, settings: Any):
    settings.TASKS = LATER
    door = a_door()
    hand_in(door, ADA)
    hand_in(door, {"email": "bob@engine.example"})

    def faulty(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "leads_lead"') and ADA["email"] in params:
            raise RuntimeError
        return execute(sql, params, *rest)

    with connection.execute_wrapper(faulty):
        jobs.take_up()

    assert Lead.objects.get().email == "bob@engine.example"
    (delivery,) = waiting()
    assert delivery.attempts == 1


def test_is_forgotten_after_thirty_days_but_for_what_it_proves(admin: User):
    door = a_door()
    hand_in(door, ADA)
    hand_in(door, {"nothing": 1})
    form = operations.save_web_form(WebForm(name="F", slug="f", consent_text="Yes"), by=admin)
    WebFormField.objects.create(form=form, field="email")
    operations.store_submission(form, raw=b"robot", values={}, suspicion="A robot")
    operations.discard(
        operations.store_submission(form, raw=b"x", values={"a": "1"}, suspicion="x")[0], by=admin
    )

    assert operations.prune() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert operations.prune() == 3
        assert operations.prune() == 0

    done, failed = Delivery.objects.order_by("pk")
    assert (done.state, bytes(done.raw), done.lead) == ("processed", b"", Lead.objects.get())
    assert (failed.state, bytes(failed.raw)) == ("failed", b'{"nothing": 1}')
    hand_in(door, ADA)
    assert Lead.objects.count() == 1


# At once


@real
def test_ten_identical_deliveries_at_once_make_one_lead(boss: User, settings: Any):
    door = a_door(on_known="new")
    intake_machine()

    answers = at_once(*[lambda: hand_in(door, ADA).status_code for _ in range(10)])

    assert set(answers) <= {200, 202}
    assert Lead.objects.count() == 1
    assert Delivery.objects.get().repeats == 9


@real
def test_one_delivery_in_many_hands_is_processed_once(boss: User, settings: Any):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)
    (delivery,) = waiting()
    by = intake_machine()

    outcomes = at_once(*[lambda: operations.process(delivery, by=by) for _ in range(8)])

    assert sum(outcome is not None for outcome in outcomes) == 1
    assert Lead.objects.count() == 1


@real
def test_a_replay_that_is_counted_meanwhile_does_not_turn_the_work_away(boss: User, settings: Any):
    settings.TASKS = LATER
    hand_in(a_door(), ADA)
    (delivery,) = waiting()
    by = intake_machine()
    counted = Event()

    def count() -> None:
        with transaction.atomic():
            Delivery.objects.update(repeats=1)
            counted.set()
            Event().wait(0.3)

    def work() -> Any:
        counted.wait(5)
        return operations.process(delivery, by=by)

    assert at_once(count, work)[1] is not None


@real
def test_one_person_asking_much_at_once_is_one_lead(boss: User):
    door = a_door()
    intake_machine()

    at_once(*[lambda n=n: hand_in(door, ADA | {"message": f"Question {n}"}) for n in range(8)])
    jobs.take_up()

    assert Lead.objects.count() == 1
    assert set(Delivery.objects.values_list("state", "lead")) == {
        ("processed", Lead.objects.get().pk)
    }


@real
def test_events_about_one_contact_at_once_make_one_lead(boss: User):
    door = a_door("hubspot")
    intake_machine()
    told = {"firstname": "Ada", "lastname": "Lovelace", "email": ADA["email"], "company": "Engine"}
    events = [
        {
            "eventId": number,
            "subscriptionType": "contact.propertyChange",
            "objectId": 7,
            "occurredAt": 1_564_113_600_000 + number,
            "propertyName": name,
            "propertyValue": value,
        }
        for number, (name, value) in enumerate(told.items())
    ]

    at_once(*[lambda e=e: hand_in(door, [e]) for e in events])
    jobs.take_up()

    lead = Lead.objects.get()
    assert (lead.full_name, lead.email, lead.company) == ("Ada Lovelace", ADA["email"], "Engine")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}


@real
def test_many_deliveries_by_many_hands_make_a_lead_each(boss: User, settings: Any):
    """The short form of `dev.py prove deliveries`: stored and processed by several at a time."""
    settings.TASKS = LATER
    door = a_door()
    maps(door, external_id="id")
    by = intake_machine()

    def bring(client: int) -> None:
        for number in range(10):
            hand_in(door, {"id": f"{client}-{number}", "email": f"a{client}.{number}@b.example"})

    def work() -> int:
        return sum(operations.process(each, by=by) is not None for each in waiting())

    at_once(*[lambda c=c: bring(c) for c in range(4)])
    done = at_once(work, work, work)

    assert sum(done) == Lead.objects.count() == 40
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"processed": 40}
    assert AuditEntry.objects.filter(event="lead.created").count() == 40


@real
def test_a_lead_that_is_closed_meanwhile_does_not_take_the_enquiry(boss: User, settings: Any):
    settings.TASKS = LATER
    lead = LeadFactory(owner=boss, email=ADA["email"])
    hand_in(a_door(), ADA)
    (delivery,) = waiting()
    by = intake_machine()
    client = Client()
    client.force_login(boss)

    at_once(
        lambda: operations.process(delivery, by=by),
        lambda: client.post(f"/leads/{lead.pk}/delete/"),
    )

    delivery.refresh_from_db()
    assert delivery.state == "processed"
    assert delivery.lead is not None
