"""Pinned views in the navigation of every page, without a statement of their own; their counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import OuterRef
from django.test import Client

from tests.factories import ActivityFactory, ContactFactory, LeadFactory, TeamFactory
from users.models import User
from workbench.models import SavedView
from workbench.operations.saved_views import (
    begin_with_view,
    delete_view,
    pin_view,
    save_view,
    update_view,
)
from workbench.querysets import pinned_to

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Statements = Callable[[], AbstractContextManager[list[str]]]


def pinned(client: Client, address: str = "/leads/") -> dict[str, bool]:
    """Return the pinned views in the navigation, and whether each is current."""
    return {pin.label: pin.is_current for pin in client.get(address).context["nav"]["views"]}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def test_what_is_pinned_renamed_deleted_and_no_longer_shared_shows_at_once(
    reps: Client, rep: User, rep2: User, admin: User
) -> None:
    mine = save_view("lead", by=rep, name="Going cold", query="rating=cold")
    theirs = save_view("contact", by=rep2, name="Boards", query="q=board", audience="team")
    assert pinned(reps) == {}
    for view in (mine, theirs):
        reps.post(f"/views/{view.pk}/pin/", {"on": "1"})

    assert pinned(reps) == {"Boards": False, "Going cold": False}
    assert pinned(reps, f"/leads/?view={mine.pk}") == {"Boards": False, "Going cold": True}
    changed = f"/leads/?from={mine.pk}&rating=cold&status=open"
    assert pinned(reps, changed) == {"Boards": False, "Going cold": True}
    assert pinned(reps, f"/contacts/?view={mine.pk}") == {"Boards": False, "Going cold": False}
    page = reps.get("/contacts/").content.decode()
    assert page.count(f'href="/leads/?view={mine.pk}"') == 2  # at the side, and behind "More"

    update_view(mine, by=rep, name="Ice cold <b>")
    begin_with_view(mine, by=rep, is_default=True)
    assert pinned(reps, "/leads/") == {"Boards": False, "Ice cold <b>": True}
    assert "Ice cold &lt;b&gt;" in reps.get("/").content.decode()
    update_view(theirs, by=rep2, audience="private")
    assert pinned(reps) == {"Ice cold <b>": True}
    pin_view(mine, by=rep, is_pinned=False)
    assert pinned(reps) == {}
    pin_view(mine, by=rep, is_pinned=True)
    delete_view(mine, by=rep)
    assert pinned(reps) == {}


def test_are_those_that_one_may_see_whoever_pinned_them_when(
    rep: User, rep2: User, outsider: User, admin: User
) -> None:
    for owner in (rep, rep2, outsider, admin):
        for audience in ("private", "team", "everyone"):
            if audience == "team" and owner.team is None:
                continue
            view = SavedView.objects.create(
                kind="lead", owner=owner, audience=audience, name=f"{owner} {audience}"
            )
            for user in (rep, rep2, outsider, admin):
                view.marks.create(user=user, kind="lead", is_pinned=True)

    def seen() -> dict[int, set[int]]:
        rows = User.objects.annotate(pins=pinned_to(OuterRef("pk"), OuterRef("team")))
        return {user.pk: {line[0] for line in user.pins or ()} for user in rows}

    for moved_to in (None, TeamFactory()):
        by_person = seen()
        for user in (rep, rep2, outsider, admin):
            allowed = set(SavedView.objects.permitted(user).values_list("pk", flat=True))
            assert by_person[user.pk] == allowed, user
        rep2.team = moved_to or TeamFactory()
        rep2.save()


def test_cost_no_statement_and_their_counts_one(
    reps: Client, rep: User, statements: Statements
) -> None:
    reps.get("/accounts/")
    with statements() as before:
        reps.get("/accounts/")
    cold = save_view("lead", by=rep, name="Cold", query="rating=cold")
    people = save_view("contact", by=rep, name="People", query="q=babbage")
    broken = save_view("lead", by=rep, name="Broken", query="where=nothing:is:x")
    for view in (cold, people, broken):
        pin_view(view, by=rep, is_pinned=True)
    with statements() as after:
        page = reps.get("/accounts/")
    assert len(after) == len(before)

    lead = LeadFactory(owner=rep, rating="cold")
    LeadFactory(owner=rep, rating="hot")
    ContactFactory(owner=rep, last_name="Babbage")
    ActivityFactory(on=lead, owner=rep, by=rep, kind="task", due_at=LONG_AGO)
    address = page.context["nav"]["counts_url"]
    with statements() as counting:
        answer = reps.get(address)

    assert "max-age" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]
    told = {line["key"]: line["text"] for line in answer.context["lines"]}
    assert told == {
        "leads": "2",
        "opportunities": "0",
        "late": "1",
        f"view-{cold.pk}": "1",
        f"view-{people.pk}": "1",
    }
    assert len(counting) <= 7, counting


def test_counts_are_of_what_one_may_see(
    reps: Client, rep: User, outsider: User, client: Client
) -> None:
    view = save_view("lead", by=rep, name="All", query="status=open", audience="team")
    LeadFactory(owner=rep)
    other = Client()
    other.force_login(outsider)

    told: Any = other.get(f"/nav/?view={view.pk}&view=x&view={'9' * 30}").context["lines"]

    assert {line["key"]: line["text"] for line in told} == {"leads": "0", "opportunities": "0"}
