"""Dashboards that people arrange and keep: shared, begun with, and refused where they are none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from reports.arrangements import LIBRARY, Arrangement
from reports.operations import change_dashboard, save_dashboard
from reports.views.cards import CARDS
from tests.reports.test_cards import part
from tests.reports.world import an_opportunity
from users.models import User
from workbench.models import SavedView, ViewMark

pytestmark = pytest.mark.once  # a view as any other, and what a page makes of it

ARRANGE = "/reports/dashboards/arrange/"


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def a_dashboard(by: User, query: str = "cards=trend.5+pipeline.7", **more: Any) -> SavedView:
    return save_dashboard(by=by, query=query, **{"name": "Monday", **more})


def cards_of(answer: Any) -> list[str]:
    return re.findall(
        r'<figure class="[^"]*c-span-(\d+)" id="card-([a-z-]+)"', answer.content.decode()
    )


def board(answer: Any) -> dict[str, Any]:
    return {str(each["label"]): each for each in answer.context["boards"]}


# Arranging


def test_the_library_has_every_card() -> None:
    assert LIBRARY.keys() - {"key-figures"} == CARDS.keys() - {"pipeline-as-of"}


def test_is_arranged_step_by_step_in_the_address(reps: Client) -> None:
    begin = f"{ARRANGE}?cards=trend.5+pipeline.7"

    moved = reps.get(f"{begin}&do=later+trend")
    wider = reps.get(f"{moved.url}&do=wider+trend")
    added = reps.get(f"{wider.url}&do=add+open-leads")
    last = reps.get(f"{added.url}&do=remove+pipeline")

    assert last.status_code == 302
    assert QueryDict(last.url.partition("?")[2])["cards"] == "open-leads.12 trend.6"
    page = reps.get(last.url)
    assert [card["name"] for card in page.context["cards"]] == ["open-leads", "trend"]
    assert "pipeline" in {card["name"] for card in page.context["missing"]}
    assert "Nothing is kept until you save" in page.content.decode()


def test_emptied_it_stays_empty_and_is_not_kept_so(reps: Client) -> None:
    emptied = reps.get(reps.get(f"{ARRANGE}?cards=trend.5&do=remove+trend").url)

    assert emptied.context["cards"] == []
    assert cards_of(reps.get(emptied.context["show_url"])) == []
    form = reps.get(emptied.context["saved"]["new_url"]).context["form"]
    answer = reps.post(
        "/reports/dashboards/new/",
        {"name": "Monday", "audience": "private", "query": form["query"].value()},
    )
    assert answer.status_code == 422
    assert "Add a card first" in answer.content.decode()
    again = reps.get(f"{emptied.request['PATH_INFO']}?cards=none&do=add+ready")
    assert QueryDict(again.url.partition("?")[2])["cards"] == "ready.5"


def test_with_scripts_the_step_is_brought_alone_and_said(reps: Client) -> None:
    answer = reps.get(
        f"{ARRANGE}?cards=trend.5+pipeline.7&do=earlier+pipeline", headers=part("arranged")
    )

    html = answer.content.decode()
    assert answer["HX-Push-Url"].startswith(f"{ARRANGE}?cards=pipeline.7+trend.5")
    assert "Pipeline by stage is number 1 of 2, 7 of 12 columns wide" in html
    assert "<html" not in html


def test_begins_with_the_dashboard_that_was_shown(reps: Client) -> None:
    page = reps.get("/reports/?board=leads&period=this_year")

    arranged = reps.get(page.context["arrange_url"])

    assert arranged.context["arrangement"].startswith("open-leads.12 funnel.7 trend.5")
    assert "period=this_year" in arranged.context["show_url"]


def test_shows_what_was_arranged_before_it_is_kept(reps: Client) -> None:
    answer = reps.get("/reports/?cards=ready.12+trend.4")

    assert cards_of(answer) == [("12", "ready"), ("4", "trend")]
    assert 'name="cards" value="ready.12 trend.4"' in answer.content.decode()
    assert SavedView.objects.count() == 0


# Keeping


def test_is_kept_under_a_name_and_opened_again(reps: Client, rep: User) -> None:
    page = reps.get("/reports/?cards=trend.5+pipeline.7&period=this_year&cohort=0")
    form = reps.get(page.context["saved"]["new_url"]).context["form"]

    answer = reps.post(
        "/reports/dashboards/new/",
        {"name": "Monday", "audience": "private", "query": form["query"].value()},
    )

    view = SavedView.objects.get()
    assert (view.kind, view.owner, view.version) == ("dashboard", rep, 1)
    assert QueryDict(view.query).dict() == {
        "cards": "trend.5 pipeline.7", "period": "this_year", "cohort": "0",
    }  # fmt: skip
    shown = reps.get(answer.url)
    assert cards_of(shown) == [("5", "trend"), ("7", "pipeline")]
    assert shown.context["head"].data["period"] == "this_year"
    assert shown.context["head"].data["cohort"] == "0"
    assert board(shown)["Monday"]["is_current"]
    assert not shown.context["saved"]["is_changed"]
    assert AuditEntry.objects.filter(event="view.created").count() == 1


def test_days_that_were_chosen_are_kept(reps: Client) -> None:
    days = {"period": "days", "from": "2019-03-01", "to": "2019-04-30"}
    page = reps.get("/reports/", {"cards": "trend.5", **days})
    form = reps.get(page.context["saved"]["new_url"]).context["form"]

    made = reps.post(
        "/reports/dashboards/new/",
        {"name": "Then", "audience": "private", "query": form["query"].value()},
    )
    shown = reps.get(made.url)
    view = SavedView.objects.get()
    query = shown.context["saved"]["query"]
    reps.post(f"/reports/dashboards/{view.pk}/save/", {"query": query, "version": 1})

    assert QueryDict(view.query).dict() == {"cards": "trend.5", **days}
    assert str(shown.context["period"].first) == "2019-03-01"
    assert not shown.context["saved"]["is_changed"]
    view.refresh_from_db()
    assert (view.version, QueryDict(view.query)["from"]) == (1, "2019-03-01")


def test_the_sales_overview_is_kept_with_its_cards(reps: Client) -> None:
    reps.post("/reports/dashboards/new/", {"name": "Mine", "audience": "private", "query": ""})

    cards = QueryDict(SavedView.objects.get().query)["cards"]
    assert cards.startswith("open-leads.12 key-figures.12 pipeline.7 trend.5")


def test_says_that_it_was_changed_until_it_is_saved_or_left(reps: Client, rep: User) -> None:
    view = a_dashboard(rep, "cards=trend.5&period=this_year")
    changed = reps.get(f"/reports/?view={view.pk}&period=last_year")

    assert changed.context["saved"]["is_changed"]

    answer = reps.post(
        f"/reports/dashboards/{view.pk}/save/",
        {"query": changed.context["saved"]["query"], "version": 1},
    )

    assert answer.url == f"/reports/?view={view.pk}"
    view.refresh_from_db()
    assert (view.version, QueryDict(view.query)["period"]) == (2, "last_year")


def test_the_head_can_take_back_what_the_dashboard_keeps(
    client: Client, manager: User, rep: User
) -> None:
    view = a_dashboard(manager, f"cards=pipeline.7&owner={rep.pk}")
    client.force_login(manager)

    answer = client.get(f"/reports/?view={view.pk}&owner=&period=this_quarter")

    assert answer.context["head"].question.owner == ""
    assert f"view={view.pk}&amp;owner=" in answer.content.decode()


def test_tells_whoever_was_slower(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)
    change_dashboard(view, by=rep, version=1, query="cards=ready.5")

    with pytest.raises(Stale):
        change_dashboard(view, by=rep, version=1, query="cards=trend.5")
    answer = reps.post(
        f"/reports/dashboards/{view.pk}/save/", {"query": "cards=trend.12", "version": 1}
    )
    shown = reps.get(answer.url)

    # What was arranged is still there, and says that it is not kept.
    assert cards_of(shown) == [("12", "trend")]
    assert shown.context["saved"]["is_changed"]
    view.refresh_from_db()
    assert view.query == "cards=ready.5"


# Sharing


def test_is_shared_and_tells_everybody_his_own_figures(
    client: Client, admin: User, rep: User, outsider: User
) -> None:
    an_opportunity(rep, value=100)
    an_opportunity(outsider, value=900)
    view = a_dashboard(admin, "cards=key-figures.12+pipeline.7", audience="everyone")
    of_the_team = a_dashboard(rep, audience="team")
    client.force_login(outsider)

    answer = client.get(f"/reports/?view={view.pk}")
    other = client.get(f"/reports/?view={of_the_team.pk}")

    assert answer.context["deals"].total.value == 900
    assert cards_of(answer) == [("7", "pipeline")]
    assert other.context["is_board_missing"]
    assert "no longer shared with you" in other.content.decode()
    assert client.get(f"/reports/dashboards/{of_the_team.pk}/edit/").status_code == 404


def test_is_shared_with_everyone_only_by_those_who_may(rep: User, admin: User) -> None:
    with pytest.raises(NotPermitted):
        a_dashboard(rep, audience="everyone")

    assert a_dashboard(admin, audience="everyone").audience == "everyone"


def test_keeps_a_choice_that_the_reader_may_not_make_and_counts_nothing(
    client: Client, admin: User, rep: User, outsider: User
) -> None:
    an_opportunity(rep, value=100)
    query = f"cards=key-figures.12&owner={rep.pk}"
    view = a_dashboard(admin, query, audience="everyone")
    client.force_login(outsider)

    answer = client.get(f"/reports/?view={view.pk}")

    assert answer.context["deals"].total.count == 0
    assert "not yours to see" in answer.content.decode()


# Beginning with one, pinning, deleting


def test_the_figures_begin_with_it(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)

    reps.post(f"/reports/dashboards/{view.pk}/begin/", {"on": "1"})

    assert ViewMark.objects.get(user=rep).is_default
    begun = reps.get("/reports/")
    assert cards_of(begun) == [("5", "trend"), ("7", "pipeline")]
    # The one of everybody is still to be had.
    usual = board(begun)["Sales overview"]["url"]
    assert usual == "/reports/?board=overview"
    assert len(cards_of(reps.get(usual))) == 9


def test_is_pinned_to_the_navigation(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)

    reps.post(f"/reports/dashboards/{view.pk}/pin/", {"on": "1"})

    html = reps.get("/day/").content.decode()
    assert f'href="/reports/?view={view.pk}"' in html
    assert reps.get(f"/nav/counts/?view={view.pk}").status_code in {200, 404}


def test_can_be_the_first_page(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)
    rep.start_page = f"view:{view.pk}"
    rep.save()

    assert reps.get("/").url == f"/reports/?view={view.pk}"


def test_is_deleted_after_asking(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)

    assert (
        "Delete the dashboard Monday"
        in reps.get(f"/reports/dashboards/{view.pk}/delete/").content.decode()
    )
    reps.post(f"/reports/dashboards/{view.pk}/delete/")

    assert not SavedView.objects.exists()


# What is none


@pytest.mark.parametrize(
    "cards",
    [
        "",
        "none",
        "none trend.5",
        "horoscope.4",
        "trend.99",
        "trend.5 trend.7",
        "key-figures.4",
        " ".join(f"trend{n}.5" for n in range(10_000)),
        "<script>.5",
        "trend.٥",
    ],
)
def test_refuses_cards_that_there_are_not(rep: User, cards: str) -> None:
    query = QueryDict(mutable=True)
    query["cards"] = cards

    with pytest.raises(Unacceptable) as refused:
        a_dashboard(rep, query.urlencode())

    assert len(str(refused.value)) < 300
    assert not SavedView.objects.exists()


def test_refuses_people_and_periods_that_there_are_not(reps: Client, outsider: User) -> None:
    for query in (
        f"owner={outsider.pk}",
        "team=77",
        "period=tomorrow",
        "board=horoscope",
        "by=moon",
    ):
        answer = reps.post(
            "/reports/dashboards/new/", {"name": "No", "audience": "private", "query": query}
        )
        assert answer.status_code == 422, query
        assert "Choose again" in answer.content.decode()

    assert not SavedView.objects.exists()


def test_an_address_with_nonsense_is_a_page_that_says_so(reps: Client) -> None:
    answer = reps.get(f"{ARRANGE}?cards=horoscope.4+trend.5+trend.6&do=explode+trend")
    assert answer.status_code == 302
    page = reps.get(answer.url)
    shown = reps.get(f"/reports/?view={'9' * 40}&cards=horoscope.4")

    assert [card["name"] for card in page.context["cards"]] == ["trend"]
    assert shown.status_code == 200
    assert shown.context["is_board_missing"]


def test_a_view_of_a_list_is_no_dashboard(reps: Client, rep: User) -> None:
    view = a_dashboard(rep)

    assert reps.get(f"/views/{view.pk}/edit/").status_code == 404
    assert reps.post(f"/views/{view.pk}/save/", {"query": "x=y"}).status_code == 404
    view.refresh_from_db()
    assert view.version == 1


def test_steps_lead_back_to_where_they_began() -> None:
    begin = Arrangement.read("open-leads.12 trend.5 pipeline.7 ready.5")

    for there, back in (("earlier", "later"), ("wider", "narrower")):
        assert begin.after(there, "pipeline").after(back, "pipeline") == begin
