"""Leads come back by themselves on the day that was said."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from activities.models import Activity
from leads.models import DisqualifyReason, Lead
from leads.operations import capture_lead, delete_lead, disqualify, reopen_due
from users.operations import machine


@pytest.fixture
def next_week():
    return timezone.localdate() + timedelta(days=7)


@pytest.fixture
def lead(rep, next_week):
    lead = capture_lead(by=rep, topic="Engines", company="Acme")
    reason = DisqualifyReason.objects.get(key="wrong-timing")
    return disqualify(lead, by=rep, reason=reason, revisit_on=next_week)


def test_comes_back_on_its_day_and_tells_its_owner(lead, rep, next_week):
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        call_command("scheduler", "--once")

    lead.refresh_from_db()
    assert lead.is_open
    assert lead.changed_by == machine()
    task = Activity.objects.get()
    assert (task.owner, task.status) == (rep, "open")
    assert lead.next_step == task.subject


def test_does_not_come_back_before(lead, defaults):
    assert reopen_due(by=machine()) == []

    assert Lead.objects.get().status == "disqualified"


def test_comes_back_once(lead, rep):
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert len(reopen_due(by=machine())) == 1
        assert reopen_due(by=machine()) == []

    assert Activity.objects.count() == 1


def test_stays_in_the_bin(lead, rep):
    delete_lead(lead, by=rep)

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert reopen_due(by=machine()) == []


def test_nobody_signs_in_as_the_machine(defaults, client):
    assert not machine().has_usable_password()
    assert machine().is_machine
    assert not machine().is_superuser
