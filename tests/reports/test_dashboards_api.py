"""Dashboards that people keep, for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from reports.operations import save_dashboard
from tests.api.conftest import Caller
from users.models import User
from workbench.models import SavedView

MONDAY: dict[str, Any] = {
    "name": "Monday",
    "audience": "team",
    "cards": [{"name": "key-figures"}, {"name": "trend", "width": 6}, {"name": "ready"}],
    "choices": {"period": "this_year"},
}


def test_are_made_changed_and_deleted(rep: User) -> None:
    caller = Caller(rep)

    made = caller.post("dashboards", MONDAY)
    one = made.json()
    changed = caller.patch(
        f"dashboards/{one['id']}",
        {"cards": [{"name": "funnel"}]},
        If_Match=made["ETag"],
    )
    slower = caller.patch(f"dashboards/{one['id']}", {"name": "Late"}, If_Match=made["ETag"])
    gone = caller.delete(f"dashboards/{one['id']}")

    assert made.status_code == 201
    assert one["cards"] == [
        {"name": "key-figures", "width": 12},
        {"name": "trend", "width": 6},
        {"name": "ready", "width": 5},
    ]
    assert one["choices"]["period"] == "this_year"
    assert (one["owner"], one["version"]) == (rep.email, 1)
    assert changed.json()["cards"] == [{"name": "funnel", "width": 7}]
    assert changed.json()["choices"]["period"] == "this_year"
    assert slower.status_code == 412
    assert gone.status_code == 204


def test_are_those_of_the_pages_and_no_others(rep: User, rep2: User, outsider: User) -> None:
    view = save_dashboard(
        by=rep, name="Ours", query="cards=pipeline.7&period=this_year", audience="team"
    )

    ours = Caller(rep2).get("dashboards").json()["results"]
    theirs = Caller(outsider).get("dashboards").json()["results"]
    forbidden = Caller(rep2).patch(f"dashboards/{view.pk}", {"name": "Mine"})

    assert [(one["name"], one["url"]) for one in ours] == [("Ours", f"/reports/?view={view.pk}")]
    assert theirs == []
    assert forbidden.status_code == 403


@pytest.mark.once
@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("cards", []),
        ("cards", "pipeline"),
        ("cards", [{"name": "horoscope"}]),
        ("cards", [{"name": "trend", "width": 1_000}]),
        ("cards", [{"name": "trend", "width": 9}]),
        ("cards", [{"name": "trend"}, {"name": "trend"}]),
        ("cards", [{"name": "trend"}] * 10_000),
        ("choices", {"owner": "99999"}),
        ("choices", {"moon": "full"}),
        ("choices", {"period": "days", "from": "2026-02-30", "to": "2026-03-01"}),
        ("choices", {"period": "days", "from": "2026-03-02", "to": "2026-03-01"}),
        ("name", ""),
        ("audience", "world"),
    ],
)
def test_refuses_what_is_no_dashboard(rep: User, field: str, wrong: Any) -> None:
    answer = Caller(rep).post("dashboards", {**MONDAY, field: wrong})

    assert answer.status_code == 400, answer.content[:300]
    assert answer.json()["detail"]
    assert not SavedView.objects.exists()


def test_keeps_what_a_page_opens(client: Any, rep: User) -> None:
    days = {"period": "days", "from": "2026-01-05", "to": "2026-02-01"}
    made = Caller(rep).post("dashboards", {**MONDAY, "choices": days}).json()
    client.force_login(rep)

    page = client.get(made["url"])
    changed = Caller(rep).patch(f"dashboards/{made['id']}", {"choices": {"period": "this_year"}})

    assert [card["card"].name for card in page.context["cards"]] == ["trend", "ready"]
    assert {name: made["choices"][name] for name in days} == days
    assert {name: page.context["head"].data[name] for name in days} == days
    assert not page.context["saved"]["is_changed"]
    assert QueryDict(SavedView.objects.get().query)["cards"].startswith("key-figures.12")
    assert changed.json()["choices"]["from"] == ""
