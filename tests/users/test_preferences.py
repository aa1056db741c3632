"""What somebody prefers: language, region, zone, start page, and of what to be told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from records.models import Currency
from tests.factories import LeadFactory, OpportunityFactory, UserFactory
from users.models import User
from users.operations import choose_notices, stop_mails, update_profile
from users.sessions import device_in
from workbench.operations.saved_views import delete_view, save_view

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
REGION = {
    "locale": "de_DE",
    "time_zone": "berlin",
    "first_weekday": "sunday",
    "currency_display": "code",
    "shows_own_currency": "on",
}
NOTICES = {
    "assigned": "both",
    "mentioned": "email",
    "answered": "app",
    "task_due": "none",
    "lead_reopened": "app",
    "job_finished": "app",
    "digest_hour": "8",
}


@pytest.fixture
def ada(client: Client, rep: User) -> User:
    client.force_login(rep)
    return rep


def test_saves_region_and_every_page_follows(client: Client, ada: User) -> None:
    deal = OpportunityFactory(owner=ada, by=ada, value=30000, estimated_close_date=date(2027, 3, 5))

    answer = client.post("/profile/region/", REGION)

    ada.refresh_from_db()
    assert answer.status_code == 302
    assert (ada.locale, ada.time_zone, ada.first_weekday) == ("de_DE", "Europe/Berlin", "sunday")
    page = client.get(deal.get_absolute_url()).content.decode()
    assert "30.000\N{NO-BREAK SPACE}EUR" in page
    assert "5. März 2027" in page or "5. Mrz 2027" in page
    form = client.get(f"{deal.get_absolute_url()}edit/").content.decode()
    assert 'value="30.000"' in form


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"locale": "de_MARS"},
        {"time_zone": "Atlantis"},
        {"time_zone": "x" * 65},
        {"first_weekday": "friday"},
        {"currency_display": "bag"},
    ],
)
def test_names_the_field_that_is_wrong_and_keeps_the_others(
    client: Client, ada: User, wrong: dict[str, str]
) -> None:
    answer = client.post("/profile/region/", REGION | wrong)

    ada.refresh_from_db()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert ada.locale == ""
    if "time_zone" in wrong:
        assert wrong["time_zone"] in answer.content.decode()


def test_offers_a_language_only_where_there_are_several(client: Client, ada: User) -> None:
    assert 'name="language"' not in client.get("/profile/").content.decode()

    with override_settings(LANGUAGES=[("en", "English"), ("de", "Deutsch")]):
        assert 'name="language"' in client.get("/profile/").content.decode()
        client.post("/profile/region/", REGION | {"language": "de", "locale": ""})
        page = client.get("/leads/").content.decode()
        assert '<html lang="de"' in page
        missing = client.get("/nowhere/").content.decode()
        assert '<html lang="de"' in missing
    assert translation.get_language() == settings.LANGUAGE_CODE


def test_an_amount_is_typed_and_shown_in_ones_own_region(client: Client, ada: User) -> None:
    update_profile(ada, by=ada, locale="de_DE")
    lead = LeadFactory(owner=ada, by=ada)
    form = client.get(f"/leads/{lead.pk}/edit/").context["form"]
    data = {f.html_name: f.value() for f in form if f.value() not in (None, False)}

    client.post(f"/leads/{lead.pk}/edit/", data | {"budget_amount": "30.000,50"})
    lead.refresh_from_db()
    assert str(lead.budget_amount) == "30000.50"

    data["version"] = lead.version
    answer = client.post(f"/leads/{lead.pk}/edit/", data | {"budget_amount": "30,000.50"})
    assert answer.status_code == 422
    assert "like 80.000" in answer.content.decode()


def test_other_currencies_in_ones_own_cost_one_statement(client: Client, ada: User) -> None:
    Currency.objects.update_or_create(code="USD", defaults={"rate": "0.92"})
    for _ in range(3):
        OpportunityFactory(owner=ada, by=ada, value=30000, currency="USD")
    client.get("/opportunities/?view=all")
    with CaptureQueriesContext(connection) as plain:
        client.get("/opportunities/?view=all")
    update_profile(ada, by=ada, shows_own_currency=True)

    with CaptureQueriesContext(connection) as both:
        page = client.get("/opportunities/?view=all").content.decode()

    assert "(€27,600)" in page
    assert len(both) == len(plain) + 1


@time_machine.travel(datetime(2026, 11, 27, 23, 30, tzinfo=UTC), tick=False)
def test_the_day_is_that_of_ones_own_zone(client: Client, ada: User) -> None:
    assert "Friday, 27 November 2026" in client.get("/").content.decode()

    update_profile(ada, by=ada, time_zone="Asia/Tokyo")
    assert "Saturday, 28 November 2026" in client.get("/").content.decode()


# The start page


def test_begins_with_what_was_chosen(client: Client, ada: User) -> None:
    view = save_view("lead", by=ada, name="Hot ones", query="rating=hot")

    for page, address in (
        ("dashboard", "/reports/"),
        ("leads", "/leads/?owner=me&status=open"),
        ("pipeline", "/opportunities/board/"),
        (f"view:{view.pk}", f"/leads/?view={view.pk}"),
    ):
        data = {"name": "Ada", "theme": "system", "start_page": page}
        assert client.post("/profile/", data).status_code == 302
        assert client.get("/")["Location"] == address
        assert client.get(address).status_code == 200
    # The day has an address of its own, and what is asked of it is not lost.
    assert client.get("/day/").status_code == 200
    assert client.get("/?person=1").status_code in {200, 404}
    assert 'href="/day/"' in client.get("/leads/").content.decode()

    delete_view(view, by=ada)
    assert "is gone" in client.get("/").content.decode()


def test_begins_with_nobody_elses_view(client: Client, ada: User, rep2: User) -> None:
    theirs = save_view("lead", by=rep2, name="Theirs", query="q=a")

    for page in (f"view:{theirs.pk}", "view:x", "view:", "/leads/", "view:99999999999999999999"):
        data = {"name": "Ada", "theme": "system", "start_page": page}
        assert client.post("/profile/", data).status_code == 422
        with pytest.raises(ValidationError):
            update_profile(ada, by=ada, start_page=page)


# Notices


def test_saves_how_to_be_told(client: Client, ada: User) -> None:
    answer = client.post("/profile/notifications/", NOTICES)

    ada.refresh_from_db()
    assert answer.status_code == 302
    assert (ada.channel_of("assigned"), ada.channel_of("task_due")) == ("both", "none")
    assert ada.digest_hour == 8
    client.post("/profile/notifications/", NOTICES | {"digest_hour": ""})
    ada.refresh_from_db()
    assert ada.digest_hour is None


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong", [{"assigned": "pigeon"}, {"digest_hour": "24"}, {"mentioned": ""}]
)
def test_refuses_a_way_that_there_is_not(client: Client, ada: User, wrong: dict[str, str]) -> None:
    answer = client.post("/profile/notifications/", NOTICES | wrong)

    ada.refresh_from_db()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert ada.notices == {}


@time_machine.travel(NOON, tick=False)
def test_a_digest_that_is_begun_after_its_hour_comes_from_tomorrow_on(ada: User) -> None:
    choose_notices(ada, by=ada, notices={}, digest_hour=8)
    assert ada.digested_on == date(2026, 11, 27)

    later = UserFactory()
    choose_notices(later, by=later, notices={}, digest_hour=17)
    assert later.digested_on is None


def test_stops_mails_and_leaves_the_rest(ada: User) -> None:
    choose_notices(
        ada, by=ada, notices={"assigned": "both", "mentioned": "email"}, digest_hour=None
    )

    stop_mails(ada, ["assigned", "mentioned", "task_due"])

    ada.refresh_from_db()
    assert [ada.channel_of(k) for k in ("assigned", "mentioned", "task_due")] == [
        "app", "none", "app",
    ]  # fmt: skip


def test_nobody_chooses_for_somebody_else(ada: User, rep2: User) -> None:
    with pytest.raises(PermissionDenied):
        choose_notices(ada, by=rep2, notices={}, digest_hour=8)
    with pytest.raises(ValidationError):
        update_profile(ada, by=ada, is_superuser=True)


# Sessions


def sign_in(user: User, agent: str) -> Client:
    client = Client(headers={"User-Agent": agent})
    user.set_password("correct horse battery")
    user.save(update_fields=["password"])
    client.post("/login/", {"login": user.email, "password": "correct horse battery"})
    return client


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604"
)


def test_sees_and_ends_ones_sessions(rep: User, rep2: User) -> None:
    desk, phone, theirs = sign_in(rep, FIREFOX), sign_in(rep, PHONE), sign_in(rep2, FIREFOX)
    desk = sign_in(rep, FIREFOX)  # a new password had ended the first
    phone = Client(headers={"User-Agent": PHONE})
    phone.post("/login/", {"login": rep.email, "password": "correct horse battery"})

    page = desk.get("/profile/").content.decode()
    assert "Safari on iPhone" in page
    assert "this device" in page
    other = UserSession.objects.get(session_key=phone.session.session_key)
    mine = UserSession.objects.get(session_key=desk.session.session_key)
    foreign = UserSession.objects.get(session_key=theirs.session.session_key)

    assert desk.post(f"/profile/sessions/{foreign.pk}/end/").status_code == 404
    assert desk.post(f"/profile/sessions/{mine.pk}/end/").status_code == 404
    assert desk.post(f"/profile/sessions/{other.pk}/end/").status_code == 302
    assert phone.get("/leads/").status_code == 302
    assert theirs.get("/leads/").status_code == 200
    assert "Safari on iPhone" not in desk.get("/profile/").content.decode()


@pytest.mark.parametrize(
    ("agent", "said"),
    [(FIREFOX, "Firefox on Windows"), ("", "An unknown device"), ("curl/8.0", "An unknown device")],
)
def test_says_which_device(agent: str, said: str) -> None:
    assert device_in(agent) == said


def test_a_part_of_a_page_is_told_that_the_session_has_ended(client: Client, ada: User) -> None:
    state = client.get("/session/").json()
    assert state["who"] == str(ada.pk)
    assert 0 < state["seconds"] <= settings.SESSION_COOKIE_AGE

    Session.objects.all().delete()
    assert client.get("/leads/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/leads/").status_code == 302
    assert client.get("/session/").json()["who"] == ""


def test_a_session_is_prolonged_only_when_asked(client: Client, ada: User) -> None:
    def ends() -> Any:
        return Session.objects.get(session_key=client.session.session_key).expire_date

    first = ends()
    client.get("/leads/")
    client.get("/session/")
    assert ends() == first
    assert 'data-session="' in client.get("/leads/").content.decode()

    assert client.post("/session/").json()["seconds"] > 0
    assert ends() > first


def test_rows_are_as_high_as_one_prefers_unless_the_address_says_so(
    client: Client, ada: User
) -> None:
    LeadFactory(owner=ada, by=ada)
    data = {"name": "Ada", "theme": "system", "density": "compact"}
    assert client.post("/profile/", data).status_code == 302

    assert "c-table--compact" in client.get("/leads/").content.decode()
    page = client.get("/leads/?density=standard").content.decode()
    assert "c-table--compact" not in page
    assert "has no meaning" not in page
    assert "c-table--comfortable" in client.get("/leads/?density=comfortable").content.decode()
