"""A list that somebody keeps: a name, an audience, and the address of the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from tests.factories import LeadFactory
from users.models import User
from workbench.models import SavedView, ViewMark
from workbench.operations.saved_views import (
    MOST_VIEWS,
    begin_with_view,
    delete_view,
    pin_view,
    save_view,
    update_view,
)
from workbench.views.kept import MOST_LOADED


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def tabs(answer: Any) -> dict[str, Any]:
    return {str(tab["label"]): tab for tab in answer.context["views"]}


def names(answer: Any) -> set[str]:
    return {lead.last_name for lead in answer.context["page"]["rows"]}


def a_view(by: User, name: str = "Hot ones", query: str = "rating=hot", **more: Any) -> SavedView:
    return save_view("lead", by=by, name=name, query=query, **more)


# Keeping


def test_is_a_tab_of_its_list_with_a_count(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep, rating="hot")
    LeadFactory(owner=rep, rating="cold")
    view = a_view(rep)

    tab = tabs(reps.get("/leads/?view=all"))["Hot ones"]

    assert (tab["url"], tab["count"], tab["is_current"]) == (f"?view={view.pk}", "1", False)
    assert "Hot ones" not in tabs(reps.get("/contacts/"))


def test_is_opened_by_its_number(reps: Client, rep: User) -> None:
    LeadFactory(owner=rep, rating="hot", last_name="Hot")
    LeadFactory(owner=rep, rating="cold")
    view = a_view(rep)

    answer = reps.get(f"/leads/?view={view.pk}")

    assert names(answer) == {"Hot"}
    assert tabs(answer)["Hot ones"]["is_current"]
    assert not tabs(answer)["Hot ones"]["is_changed"]


def test_keeps_what_the_list_shows_and_not_the_place_in_it(reps: Client, rep: User) -> None:
    address = "/views/new/lead/?query=rating%3Dhot%26page%3D3%26after%3Dx%26sort%3D-value%26q%3D"
    form = reps.get(address).context["form"]

    answer = reps.post(
        address, {"name": "Hot ones", "audience": "private", "query": form["query"].value()}
    )

    view = SavedView.objects.get()
    assert (view.query, view.owner, view.kind) == ("rating=hot&sort=-value", rep, "lead")
    assert answer.url == f"/leads/?view={view.pk}"


def test_says_that_it_was_changed_until_it_is_saved_or_left(reps: Client, rep: User) -> None:
    view = a_view(rep)
    changed = reps.get(f"/leads/?from={view.pk}&rating=hot&status=open")
    saved = changed.context["saved"]

    assert tabs(changed)["Hot ones"]["is_changed"]
    assert saved["reset_url"] == f"?view={view.pk}"

    answer = reps.post(
        f"/views/{view.pk}/save/", {"query": saved["query"], "version": view.version}
    )

    assert answer.url == f"/leads/?view={view.pk}"
    assert not tabs(reps.get(answer.url))["Hot ones"]["is_changed"]
    view.refresh_from_db()
    assert (view.query, view.version) == ("rating=hot&status=open", 2)


def test_stays_the_view_when_its_last_filter_is_taken_away(reps: Client, rep: User) -> None:
    view = a_view(rep)

    [chip] = reps.get(f"/leads/?view={view.pk}").context["chips"]
    tab = tabs(reps.get(f"/leads/{chip['url']}"))["Hot ones"]

    assert tab["is_current"]
    assert tab["is_changed"]


def test_order_of_the_address_is_no_change(reps: Client, rep: User) -> None:
    view = a_view(rep, query="rating=hot&status=open&sort=name")

    answer = reps.get(f"/leads/?sort=name&status=open&page=1&q=&rating=hot&from={view.pk}")

    assert not tabs(answer)["Hot ones"]["is_changed"]


def test_has_a_name_of_its_own(rep: User, rep2: User) -> None:
    first = a_view(rep)
    a_view(rep2)

    with pytest.raises(Unacceptable) as refused:
        a_view(rep, query="status=qualified")

    assert a_view(rep) == first, "a second click on the button"
    assert refused.value.field == "name"
    assert SavedView.objects.count() == 2


def test_there_is_an_end_to_them(rep: User) -> None:
    for number in range(MOST_VIEWS):
        a_view(rep, name=f"View {number}")

    with pytest.raises(Unacceptable):
        a_view(rep)


def test_refuses_what_somebody_else_has_changed(rep: User) -> None:
    view = a_view(rep)
    update_view(view, by=rep, version=1, query="rating=cold")

    with pytest.raises(Stale) as refused:
        update_view(view, by=rep, version=1, query="rating=warm")

    assert refused.value.read == {"query": "rating=hot"}
    view.refresh_from_db()
    assert view.query == "rating=cold"


def test_loses_nothing_that_was_changed_when_it_cannot_be_saved(reps: Client, rep: User) -> None:
    view = a_view(rep)
    update_view(view, by=rep, query="rating=cold")

    answer = reps.post(f"/views/{view.pk}/save/", {"query": "rating=warm", "version": 1})

    assert answer.url == f"/leads/?rating=warm&from={view.pk}"


def test_shows_both_who_rename_it_at_once(reps: Client, rep: User) -> None:
    view = a_view(rep)
    update_view(view, by=rep, name="Warm ones")

    answer = reps.post(
        f"/views/{view.pk}/edit/", {"name": "Cold ones", "audience": "private", "version": 1}
    )

    assert answer.status_code == 409
    assert "Warm ones" in answer.content.decode()
    assert "Cold ones" in answer.content.decode()


def test_leaves_a_trail(rep: User) -> None:
    view = a_view(rep)
    update_view(view, by=rep, name="Warm ones")
    update_view(view, by=rep, name="Warm ones")
    delete_view(view, by=rep)

    events = AuditEntry.objects.filter(event__startswith="view.").order_by("pk")
    assert [entry.event for entry in events] == ["view.created", "view.changed", "view.deleted"]
    assert events[1].changes == {"name": ["Hot ones", "Warm ones"]}


# Sharing


def test_is_private_until_it_is_shared(reps: Client, rep: User, rep2: User) -> None:
    view = a_view(rep2)
    assert "Hot ones" not in str(reps.get("/leads/").context["more_views"])
    assert reps.get(f"/leads/?view={view.pk}").context["is_view_missing"]

    update_view(view, by=rep2, audience="team")

    [more] = reps.get("/leads/").context["more_views"]
    assert (more["label"], more["owner"]) == ("Hot ones", rep2)


def test_is_shared_with_the_team_and_nobody_else(client: Client, rep: User, outsider: User) -> None:
    view = a_view(rep, audience="team")
    client.force_login(outsider)

    answer = client.get(f"/leads/?view={view.pk}")

    assert answer.context["is_view_missing"]
    assert "Hot ones" not in answer.content.decode()


def test_only_some_may_share_with_everyone(rep: User, manager: User, outsider: User) -> None:
    with pytest.raises(NotPermitted):
        a_view(rep, audience="everyone")

    view = a_view(manager, audience="everyone")

    assert view in SavedView.objects.permitted(outsider)


def test_shows_each_reader_what_he_may_see(client: Client, manager: User, outsider: User) -> None:
    LeadFactory(owner=manager, last_name="Theirs")
    LeadFactory(owner=outsider, last_name="Mine")
    view = a_view(manager, query="status=open", audience="everyone")
    manager.is_active = False
    manager.save()
    client.force_login(outsider)

    answer = client.get(f"/leads/?view={view.pk}")

    assert names(answer) == {"Mine"}
    assert tabs(answer)["Hot ones"]["count"] == "1"


def test_of_somebody_who_lost_access_shows_what_its_reader_may_see(
    client: Client, rep: User, rep2: User, outsider: User
) -> None:
    LeadFactory(owner=rep, last_name="Ours")
    LeadFactory(owner=outsider, last_name="Theirs")
    view = a_view(rep2, query="status=open", audience="team")
    rep2.roles.clear()
    rep2 = User.objects.get(pk=rep2.pk)  # what a person may is read once

    client.force_login(rep)
    assert names(client.get(f"/leads/?view={view.pk}")) == {"Ours"}
    client.force_login(rep2)
    assert names(client.get(f"/leads/?view={view.pk}")) == set()
    client.force_login(outsider)
    assert "Hot ones" not in tabs(client.get("/leads/?view=all"))


def test_who_reads_it_may_neither_change_nor_delete_it(rep: User, rep2: User) -> None:
    view = a_view(rep, audience="team")

    for change in (
        lambda: update_view(view, by=rep2, name="Mine"),
        lambda: delete_view(view, by=rep2),
    ):
        with pytest.raises(NotPermitted):
            change()

    view.refresh_from_db()
    assert view.name == "Hot ones"


def test_who_reads_it_is_offered_to_save_a_view_of_his_own(reps: Client, rep2: User) -> None:
    view = a_view(rep2, audience="team")

    page = reps.get(f"/leads/?from={view.pk}&rating=cold").content.decode()

    assert "Save as new view" in page
    assert f"/views/{view.pk}/save/" not in page


# Pinning, and beginning with it


def test_is_pinned_to_the_tabs_of_one_person(reps: Client, rep: User, rep2: User) -> None:
    view = a_view(rep2, audience="team")

    reps.post(f"/views/{view.pk}/pin/", {"on": "1"})
    assert "Hot ones" in tabs(reps.get("/leads/"))
    assert not ViewMark.objects.filter(user=rep2).exists()

    reps.post(f"/views/{view.pk}/pin/", {"on": "0"})
    assert "Hot ones" not in tabs(reps.get("/leads/"))


def test_is_what_the_list_begins_with(reps: Client, rep: User) -> None:
    first, second = a_view(rep), a_view(rep, name="Cold ones", query="rating=cold")
    LeadFactory(owner=rep, rating="cold", last_name="Cold")

    begin_with_view(first, by=rep, is_default=True)
    begin_with_view(second, by=rep, is_default=True)

    answer = reps.get("/leads/")
    assert names(answer) == {"Cold"}
    assert tabs(answer)["Cold ones"]["is_current"]

    begin_with_view(second, by=rep, is_default=False)
    assert tabs(reps.get("/leads/"))["My open leads"]["is_current"]


def test_marks_go_when_it_is_deleted(reps: Client, rep: User) -> None:
    view = a_view(rep)
    pin_view(view, by=rep, is_pinned=True)

    answer = reps.post(f"/views/{view.pk}/delete/")

    assert answer.url == "/leads/"
    assert not ViewMark.objects.exists()
    assert reps.get(f"/leads/?view={view.pk}").context["is_view_missing"]


# What has become of it


@pytest.mark.parametrize(
    "query",
    ["status=gone", "custom.gone=1", "nothing=1", "sort=gone", "columns=gone,gone", "owner=999999"],
)
def test_what_no_longer_makes_sense_breaks_nothing(reps: Client, rep: User, query: str) -> None:
    view = a_view(rep, query=query)

    assert reps.get("/leads/").status_code == 200
    assert reps.get(f"/leads/?view={view.pk}").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "x", "%00", "1" * 5000])
def test_a_number_of_no_view_is_told_or_passed_over(reps: Client, number: str) -> None:
    for name in ("view", "from"):
        assert reps.get(f"/leads/?{name}={number}").status_code == 200


def test_the_export_takes_it_by_name(rep: User, tmp_path: Any) -> None:
    LeadFactory(owner=rep, rating="hot", last_name="Hot", topic="Engines")
    LeadFactory(owner=rep, rating="cold", last_name="Cold")
    a_view(rep, query="rating=hot&sort=-value&columns=name,company&per=50")
    out = tmp_path / "hot.csv"

    call_command("export_records", "lead", "--by", rep.email, "--view", "Hot ones", "--out", out)

    assert "Hot" in out.read_text()
    assert "Cold" not in out.read_text()


def test_is_opened_however_many_there_are(reps: Client, rep: User, admin: User) -> None:
    many = [
        SavedView(kind="lead", name=f"{n:03}", query="rating=hot", audience="everyone", owner=admin)
        for n in range(MOST_LOADED + 1)
    ]
    last = SavedView.objects.bulk_create(many)[-1]
    last = SavedView.objects.get(name=last.name)

    answer = reps.get(f"/leads/?view={last.pk}")
    assert not answer.context["is_view_missing"]
    assert tabs(answer)[last.name]["is_current"]
    assert reps.get(f"/leads/?view={'9' * 40}").context["is_view_missing"]

    begin_with_view(last, by=rep, is_default=True)
    assert tabs(reps.get("/leads/"))[last.name]["is_current"]
