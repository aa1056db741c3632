"""The bell, its panel, the page of notifications, and the link that ends mails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.operations import assign_lead
from records.models import Notice
from records.operations.notices import mark_read, tell
from tests.factories import LeadFactory
from users.models import User
from users.operations import choose_notices
from workbench.operations.notices import stop_link

pytestmark = pytest.mark.once  # but for what is marked `both`

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lead(rep: User, manager: User) -> Any:
    return LeadFactory(owner=rep, by=rep, topic="Eight pumps", last_name="Marchetti")


@pytest.fixture
def notices(rep: User, manager: User, lead: Any) -> list[Notice]:
    """Three notices of rep's: the newest unread, one read, the oldest unread."""
    now = timezone.now()
    for number, text in enumerate(("Oldest", "Read", "Newest")):
        tell(rep, "mentioned", by=manager, about=lead, text=text)
        notice = Notice.objects.latest("pk")
        Notice.objects.filter(pk=notice.pk).update(at=now - timedelta(hours=3 - number))
    rows = list(Notice.objects.order_by("pk"))
    mark_read(rep, [rows[1].pk])
    return rows


def in_order(page: str, *words: str) -> bool:
    places = [page.index(word) for word in words]
    return places == sorted(places)


@pytest.mark.both
def test_lists_the_unread_first(client: Client, rep: User, notices: list[Notice]) -> None:
    client.force_login(rep)

    page = client.get("/notifications/").content.decode()
    assert in_order(page, "Newest", "Oldest", "Read")
    assert "2 unread notifications" in page

    unread = client.get("/notifications/?what=unread").content.decode()
    assert "Newest" in unread
    assert ">Read<" not in unread
    assert "None of these" in client.get("/notifications/?what=task_due").content.decode()
    assert client.get("/notifications/?what=nonsense&page=-1").status_code == 200


@pytest.mark.both
def test_shows_older_ones_by_pages(client: Client, rep: User, manager: User, lead: Any) -> None:
    client.force_login(rep)
    for _ in range(35):
        tell(rep, "mentioned", by=manager, about=lead)

    assert len(client.get("/notifications/").context["told"]) == 30
    assert len(client.get("/notifications/?what=&page=2").context["told"]) == 5


def test_opening_marks_as_read_and_leads_there(
    client: Client, rep: User, lead: Any, notices: list[Notice]
) -> None:
    client.force_login(rep)

    answer = client.post(f"/notifications/{notices[0].pk}/open/")

    notices[0].refresh_from_db()
    assert answer["Location"] == lead.get_absolute_url()
    assert notices[0].is_read
    assert client.get(f"/notifications/{notices[0].pk}/open/").status_code == 405


def test_of_what_is_hidden_by_now_it_says_only_that_there_was_something(
    client: Client, rep: User, admin: User, outsider: User, lead: Any, notices: list[Notice]
) -> None:
    assign_lead(lead, by=admin, owner=outsider)
    client.force_login(rep)

    for address, headers in (("/notifications/", {}), ("/notifications/panel/", HTMX)):
        page = client.get(address, headers=headers).content.decode()
        assert "something here that you can no longer open" in page
        for secret in ("Marchetti", "Newest", "Manager"):
            assert secret not in page
    answer = client.post(f"/notifications/{notices[0].pk}/open/", follow=True)
    assert answer.redirect_chain == [("/notifications/", 302)]


@pytest.mark.both
def test_the_panel_marks_one_and_all(client: Client, rep: User, notices: list[Notice]) -> None:
    client.force_login(rep)
    assert client.get("/notifications/panel/")["Location"] == "/notifications/"

    one = client.post(f"/notifications/{notices[0].pk}/mark/", headers=HTMX).content.decode()
    assert 'id="bell-state" data-unread="1" hx-swap-oob="true"' in one
    back = client.post(
        f"/notifications/{notices[0].pk}/mark/", {"unread": "1"}, headers=HTMX
    ).content.decode()
    assert 'data-unread="2"' in back

    panel = client.get("/notifications/panel/", headers=HTMX).content.decode()
    until = re.search(r'name="until" value="([^"]+)"', panel)
    assert until
    client.post("/notifications/read/", {"until": until[1]}, headers=HTMX)
    assert not Notice.objects.filter(read_at=None).exists()


@pytest.mark.both
def test_what_comes_in_meanwhile_stays_unread(
    client: Client, rep: User, manager: User, lead: Any, notices: list[Notice]
) -> None:
    client.force_login(rep)
    until = timezone.now().isoformat()
    tell(rep, "mentioned", by=manager, about=lead, text="Just now")

    client.post("/notifications/read/", {"until": until})

    assert [n.text for n in Notice.objects.filter(read_at=None)] == ["Just now"]
    for odd in ("tomorrow", "2026-13-45T99:99:99Z", "x" * 99):
        assert client.post("/notifications/read/", {"until": odd}).status_code == 302


def test_the_bell_costs_a_page_no_statement(
    client: Client, rep: User, manager: User, lead: Any
) -> None:
    client.force_login(rep)
    client.get("/leads/")
    with CaptureQueriesContext(connection) as before:
        client.get("/leads/")
    for _ in range(20):
        tell(rep, "mentioned", by=manager, about=lead)

    with CaptureQueriesContext(connection) as after:
        page = client.get("/leads/").content.decode()
    with CaptureQueriesContext(connection) as asked:
        bell = client.get("/notifications/bell/", headers=HTMX).content.decode()
    with CaptureQueriesContext(connection) as listed:
        client.get("/notifications/")

    assert len(after) == len(before)
    assert "20 unread notifications" in page
    assert 'data-unread="20"' in bell
    assert len(asked) == 2  # the session, and who it is
    assert len(listed) <= 8


def test_what_is_only_mailed_is_not_in_the_app(
    client: Client, rep: User, manager: User, lead: Any
) -> None:
    choose_notices(rep, by=rep, notices={"mentioned": "email"}, digest_hour=None)
    tell(rep, "mentioned", by=manager, about=lead, text="By mail")
    client.force_login(rep)

    assert "By mail" not in client.get("/notifications/").content.decode()
    assert 'data-unread="0"' in client.get("/leads/").content.decode()


# The link in a mail


@pytest.mark.both
def test_one_click_ends_the_mails_of_a_kind(client: Client, rep: User) -> None:
    choose_notices(rep, by=rep, notices={"assigned": "both", "mentioned": "both"}, digest_hour=None)
    path = stop_link(rep, ["assigned"]).partition("/notifications/")[2]
    strict = Client(enforce_csrf_checks=True)

    asked = strict.get(f"/notifications/{path}").content.decode()
    assert "Something is assigned to me" in asked
    rep.refresh_from_db()
    assert rep.channel_of("assigned") == "both"

    told = strict.post(f"/notifications/{path}", {"List-Unsubscribe": "One-Click"})
    assert told.status_code == 200
    rep.refresh_from_db()
    assert (rep.channel_of("assigned"), rep.channel_of("mentioned")) == ("app", "both")
    # Once more changes nothing.
    assert strict.post(f"/notifications/{path}").status_code == 200


def test_a_link_that_was_changed_ends_nothing(client: Client, rep: User, rep2: User) -> None:
    choose_notices(rep, by=rep, notices={"assigned": "both"}, digest_hour=None)
    path = stop_link(rep, ["assigned"]).partition("/notifications/")[2]

    for wrong in (path.replace("stop/", "stop/x"), "stop/made-up/", path[:-3] + "A/"):
        assert client.post(f"/notifications/{wrong}").status_code == 404
    rep.refresh_from_db()
    assert rep.channel_of("assigned") == "both"

    rep.is_active = False
    rep.save(update_fields=["is_active"])
    assert client.post(f"/notifications/{path}").status_code == 200
