"""Many readers of one letter, and many workers on one: each is there, and goes out, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from activities.models import Activity
from emails.matching import address_of
from emails.operations import receive
from tests.catcher import catching
from tests.emails.letters import raw
from tests.factories import LeadFactory
from tests.world import at_once, new_installation
from users.operations import mailbox_machine
from workbench.models import Mail
from workbench.operations.mail import post
from workbench.operations.sending import send, send_due

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def lead() -> Any:
    new_installation()
    with override_settings(MAIL_IN_ADDRESS="in@crm.example"):
        yield LeadFactory(email="ada@engine.example")


def test_a_letter_that_several_read_at_once_is_one_entry(lead):
    letter, by = raw(to=address_of(lead)), mailbox_machine()

    told = at_once(*[lambda: receive(letter, by=by)] * 4)

    assert sorted(each.verdict for each in told) == ["added", "known", "known", "known"]
    assert Activity.objects.filter(kind="email").count() == 1


def test_a_letter_that_several_workers_take_at_once_goes_out_once(lead):
    with override_settings(TASKS=QUEUE), catching() as server:
        mail = post(to="ada@engine.example", subject="Hi", text="Hello")
        at_once(*[lambda: send.call(mail.pk)] * 3, send_due.call)

        assert len(server.caught) == 1
    assert Mail.objects.get().state == "sent"


def test_a_key_that_is_posted_by_several_at_once_is_one_letter(lead):
    def digest() -> Mail:
        return post(to="ada@engine.example", subject="Hi", text="Hello", key="digest:7")

    with override_settings(TASKS=QUEUE):
        told = at_once(*[digest] * 4)

    assert len({mail.pk for mail in told}) == Mail.objects.count() == 1
