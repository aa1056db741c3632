"""Telling by email: a little later and together, or once a day, to those who want it so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client, override_settings

from leads.operations import assign_lead
from records.models import Notice
from records.operations.notices import mark_read, tell
from tests.factories import LeadFactory
from tests.world import at_once
from users.models import User
from users.operations import choose_notices
from workbench.models import Mail
from workbench.operations.digests import send_digests, send_waiting

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL_BY_MAIL = dict.fromkeys(("assigned", "mentioned", "task_due"), "both")


@pytest.fixture
def lead(rep: User) -> Any:
    with time_machine.travel(NOON - timedelta(days=1)):
        choose_notices(rep, by=rep, notices=ALL_BY_MAIL, digest_hour=None)
        return LeadFactory(owner=rep, by=rep, first_name="Elena", last_name="Marchetti")


def told(rep: User, manager: User, lead: Any, at: datetime, text: str = "") -> None:
    with time_machine.travel(at, tick=False):
        tell(rep, "mentioned", by=manager, about=lead, text=text)


def test_is_held_back_for_two_minutes_and_told_together(
    rep: User, manager: User, lead: Any
) -> None:
    told(rep, manager, lead, NOON, "Ask <b>her</b> & him")
    assert send_waiting(NOON + MINUTE) == 0
    told(rep, manager, lead, NOON + MINUTE, "And again")
    assert send_waiting(NOON + 2 * MINUTE) == 0

    assert send_waiting(NOON + 3 * MINUTE) == 1
    assert send_waiting(NOON + 30 * MINUTE) == 0

    mail = Mail.objects.get()
    assert mail.subject == f"You were mentioned on {lead}, and 1 more"
    assert "Ask <b>her</b> & him" in mail.text
    assert "Ask &lt;b&gt;her&lt;/b&gt; &amp; him" in mail.html
    assert "27 Nov 2026, 12:01" in mail.text
    assert f"http://127.0.0.1:8000{lead.get_absolute_url()}" in mail.text
    assert rep.email in str(mail.to)


def test_who_is_told_all_the_time_waits_no_longer_than_ten_minutes(
    rep: User, manager: User, lead: Any
) -> None:
    for minute in range(11):
        told(rep, manager, lead, NOON + minute * MINUTE)
        if minute < 10:
            assert send_waiting(NOON + minute * MINUTE) == 0

    assert send_waiting(NOON + 10 * MINUTE) == 1


def test_what_was_read_or_is_hidden_by_now_is_not_mailed(
    rep: User, manager: User, admin: User, outsider: User, lead: Any
) -> None:
    told(rep, manager, lead, NOON)
    mark_read(rep, [Notice.objects.get().pk])
    assert send_waiting(NOON + 3 * MINUTE) == 0

    told(rep, manager, lead, NOON + 4 * MINUTE)
    assign_lead(lead, by=admin, owner=outsider)
    assert send_waiting(NOON + 7 * MINUTE) == 0
    assert not Mail.objects.exists()
    assert not Notice.objects.filter(mail="waiting").exists()


def test_is_written_in_the_words_of_its_reader(rep: User, manager: User, lead: Any) -> None:
    User.objects.filter(pk=rep.pk).update(locale="de_DE", time_zone="Asia/Tokyo")
    told(rep, manager, lead, NOON)

    send_waiting(NOON + 3 * MINUTE)

    assert "27. Nov. 2026, 21:00" in Mail.objects.get().text


@override_settings(SITE_URL="https://crm.example/")
def test_the_link_in_a_mail_ends_its_kind(
    client: Client, rep: User, manager: User, lead: Any
) -> None:
    told(rep, manager, lead, NOON)
    send_waiting(NOON + 3 * MINUTE)

    mail = Mail.objects.get()
    link = mail.headers["List-Unsubscribe"].strip("<>")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("https://crm.example/notifications/stop/")
    assert link in mail.text
    client.post(link.removeprefix("https://crm.example"), {"List-Unsubscribe": "One-Click"})
    rep.refresh_from_db()
    assert [rep.channel_of(k) for k in ("mentioned", "assigned")] == ["app", "both"]


def test_an_address_that_no_mail_goes_to_stops_nothing(rep: User, manager: User, lead: Any) -> None:
    User.objects.filter(pk=rep.pk).update(email="no address")
    told(rep, manager, lead, NOON)

    assert send_waiting(NOON + 3 * MINUTE) == 0
    assert not Notice.objects.filter(mail="waiting").exists()


# Once a day


@pytest.fixture
def daily(rep: User, lead: Any) -> User:
    """Rep, who wants one mail at eight in the morning, in Tokyo: at 23:00 UTC."""
    User.objects.filter(pk=rep.pk).update(time_zone="Asia/Tokyo", digest_hour=8)
    rep.refresh_from_db()
    return rep


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_comes_once_a_day_at_its_hour(daily: User, manager: User, lead: Any) -> None:
    told(daily, manager, lead, at(25, 10))
    told(daily, manager, lead, at(25, 11))

    assert send_waiting(at(25, 12)) == 0
    assert send_digests(at(25, 14)) == 1  # 23:00 there: its hour has passed, it never had one
    told(daily, manager, lead, at(25, 15))
    assert send_digests(at(25, 22, 59)) == 0  # 07:59 of the 26th
    assert send_digests(at(25, 23)) == 1
    told(daily, manager, lead, at(25, 23, 30))
    assert send_digests(at(26, 14)) == 0
    assert send_digests(at(26, 23)) == 1

    subjects = list(Mail.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == [
        "Your day: 2 notifications", "Your day: 1 notification", "Your day: 1 notification",
    ]  # fmt: skip


def test_nothing_comes_of_a_day_on_which_nothing_was(daily: User, manager: User, lead: Any) -> None:
    assert send_digests(at(25, 23)) == 0
    told(daily, manager, lead, at(26, 1))
    assert send_digests(at(26, 2)) == 0

    assert not Mail.objects.exists()
    daily.refresh_from_db()
    assert str(daily.digested_on) == "2026-11-26"


def test_comes_late_and_once_after_a_night_in_which_nothing_ran(
    daily: User, manager: User, lead: Any
) -> None:
    told(daily, manager, lead, at(24, 10))
    told(daily, manager, lead, at(25, 10))

    assert send_digests(at(26, 5)) == 1
    assert send_digests(at(26, 6)) == 0
    assert "2 notifications" in Mail.objects.get().subject


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_send_one(daily: User, manager: User, lead: Any) -> None:
    told(daily, manager, lead, at(25, 10))
    other = User.objects.get(pk=manager.pk)
    choose_notices(other, by=other, notices=ALL_BY_MAIL, digest_hour=None)
    told(other, daily, lead, at(25, 10))

    sent = at_once(
        *[lambda: (send_digests(at(25, 23)), send_waiting(at(25, 23)))] * 2,
    )

    assert sorted(map(sum, sent)) in ([0, 2], [1, 1])
    assert Mail.objects.count() == 2


def test_the_scheduler_does_it(rep: User, manager: User, lead: Any) -> None:
    told(rep, manager, lead, NOON)

    with time_machine.travel(NOON + 3 * MINUTE):
        call_command("scheduler", "--once", stdout=(out := StringIO()))

    assert re.search(r"Told 1 people by email", out.getvalue())
