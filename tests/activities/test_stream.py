"""The stream of a record as its page shows it, and what htmx brings of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Activity
from activities.operations import add_task, attach, complete, log_call, log_note
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify, update_lead
from tests import samples
from tests.factories import LeadFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

COMPOSER = {"HX-Request": "true", "HX-Target": "composer"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def lead(rep: User) -> Lead:
    lead: Lead = LeadFactory(owner=rep)
    return lead


def shown(client: Client, lead: Lead, query: str = "", part: str = "") -> str:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    return client.get(f"/leads/{lead.pk}/{query}", headers=headers).content.decode()


def test_cuts_long_texts_and_leads_to_the_rest(reps: Client, rep: User, lead: Lead) -> None:
    long = log_note(lead, by=rep, text="One line\n" * 9)
    log_note(lead, by=rep, text="Short")

    page = shown(reps, lead)

    assert page.count("c-note--cut") == page.count("data-unfold=") == 1
    assert re.search(rf'href="{long.get_absolute_url()}" data-unfold', page)


@pytest.mark.both
def test_shows_files_with_their_previews_and_finds_them(
    reps: Client, rep: User, lead: Lead
) -> None:
    note = log_note(lead, by=rep, text="See these")
    picture = attach(lead, by=rep, name="plan.png", content=samples.picture(), activity=note)
    attach(lead, by=rep, name="<b>offer.pdf", content=samples.PDF, activity=note)
    log_call(lead, by=rep, text="Spoke")

    page = shown(reps, lead, "?kind=file")
    found = shown(reps, lead, "?text=plan", "timeline-part")

    assert f'src="{picture.get_absolute_url()}preview/"' in page
    assert "&lt;b&gt;offer.pdf" in page
    assert "Spoke" not in page
    assert "plan.png" in found
    assert "Spoke" not in found
    assert "<html" not in found


def test_offers_what_one_may_do_and_nothing_else(
    client: Client, rep: User, rep2: User, lead: Lead
) -> None:
    mine = log_note(lead, by=rep, text="Mine")
    theirs = log_note(lead, by=rep2, text="Theirs")
    places = [
        f"{each.get_absolute_url()}{what}/"
        for each in (mine, theirs)
        for what in ("edit", "pin", "delete")
    ]

    client.force_login(rep)  # whose lead it is
    page = shown(client, lead)
    assert [place in page for place in places] == [True] * 6
    client.force_login(rep2)
    page = shown(client, lead)
    assert [place in page for place in places] == [False] * 3 + [True] * 3


def test_pins_from_the_menu_and_comes_back(reps: Client, rep: User, lead: Lead) -> None:
    note = log_note(lead, by=rep, text="Keep in mind")
    log_note(lead, by=rep, text="Newer")

    answer = reps.post(f"{note.get_absolute_url()}pin/", {"next": lead.get_absolute_url()})

    assert answer["Location"] == lead.get_absolute_url()
    page = shown(reps, lead)
    assert page.index("Keep in mind") < page.index("Newer")


@pytest.mark.both
def test_folds_many_changes_in_a_row(reps: Client, rep: User, lead: Lead) -> None:
    for number in range(5):
        update_lead(lead, by=rep, topic=f"Engines {number}")

    page = shown(reps, lead)
    changes = shown(reps, lead, "?kind=changes")

    assert '<details class="c-folded">' in page
    assert "6 changes" in page  # and that it was made
    assert page.count("Restore Topic") == 5
    assert "c-folded" not in changes


@pytest.mark.both
def test_goes_on_with_older_entries_where_it_ended(reps: Client, rep: User, lead: Lead) -> None:
    for number in range(35):
        log_note(lead, by=rep, text=f"Note {number:02}.")
    page = shown(reps, lead)
    more = re.search(r'<p id="timeline-more"><a[^>]* href="([^"]+)"', page)
    assert more
    query = more[1].replace("&amp;", "&").partition("#")[0]

    part = shown(reps, lead, query, "timeline-more")
    whole = shown(reps, lead, query)

    assert [("Note 34." in each, "Note 04." in each) for each in (page, part)] == [
        (True, False),
        (False, True),
    ]
    assert 'id="timeline-part"' not in part
    assert part.count("autofocus") == 1
    assert part.index("autofocus") < part.index("Note 04.")
    assert "<h3" not in part  # it is still today
    assert 'id="live"' in part
    assert "<h3" in whole
    assert "Note 04." in whole


def test_composer_takes_an_entry_in_its_place(reps: Client, lead: Lead) -> None:
    data = {"kind": "note", "text": "Written **here**", "submission": ""}

    answer = reps.post(f"/activities/new/?on=lead:{lead.pk}", data, headers=COMPOSER)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.index('id="composer"') < html.index('id="timeline-part" hx-swap-oob="true"')
    assert "Written <strong>here</strong>" in html
    assert re.search(r"<textarea[^>]*autofocus[^>]*></textarea>", html)
    assert "Note added" in answer["HX-Trigger"]
    assert "<html" not in html
    assert "Note added" not in shown(reps, lead)  # said once


def test_composer_says_in_its_place_what_is_wrong(reps: Client, lead: Lead) -> None:
    answer = reps.post(
        f"/activities/new/?on=lead:{lead.pk}", {"kind": "task", "subject": ""}, headers=COMPOSER
    )

    assert answer.status_code == 422
    assert 'href="#compose-subject"' in answer.content.decode()
    assert answer["HX-Retarget"] == "#composer-errors"


# A task that is ticked off where it stands


def tick(client: Client, task: Activity, **data: str) -> Any:
    part = {"HX-Request": "true", "HX-Target": f"task-{task.pk}"}
    return client.post(f"{task.get_absolute_url()}complete/", data, headers=part)


def test_a_task_is_done_in_its_place_and_asks_what_comes_next(
    reps: Client, rep: User, lead: Lead
) -> None:
    task = add_task(lead, by=rep, subject="Call", due_at=timezone.now() - timedelta(days=2))
    assert f'class="c-task c-task--late" id="task-{task.pk}"' in shown(reps, lead)

    done = tick(reps, task)
    html = done.content.decode()
    task.refresh_from_db()
    assert task.status == "done"
    assert "What next?" in html
    assert f"{task.get_absolute_url()}reopen/" in done["HX-Trigger"]

    address = re.search(r'hx-post="([^"]+)"', html)[1].replace("&amp;", "&")  # type: ignore[index]
    part = {"HX-Request": "true", "HX-Target": f"task-{task.pk}"}
    empty = reps.post(address, {"kind": "task", "subject": "", "due_at": "x"}, headers=part)
    assert empty.status_code == 422
    assert "Say in a few words" in empty.content.decode()
    added = reps.post(address, {"kind": "task", "subject": "Send it"}, headers=part)
    new = Activity.objects.on(lead).to_do().get()
    assert f'id="task-{new.pk}"' in added.content.decode()
    assert "Task added" in added["HX-Trigger"]

    reps.post(f"{task.get_absolute_url()}reopen/")  # the way back
    task.refresh_from_db()
    assert task.is_open


def test_a_task_that_somebody_has_done_already_asks_nothing(
    reps: Client, rep: User, lead: Lead
) -> None:
    task = complete(add_task(lead, by=rep, subject="Call"), by=rep)

    answer = tick(reps, task)

    assert answer.status_code == 200
    assert "What next?" not in answer.content.decode()


def test_nothing_is_asked_on_what_is_closed(reps: Client, rep: User, lead: Lead) -> None:
    from opportunities.operations import open_opportunity, win

    deal = open_opportunity("Looms", by=rep, owner=rep)
    win(deal, by=rep)
    task = add_task(deal, by=rep, subject="Send the bill")
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))

    assert "What next?" not in tick(reps, task).content.decode()
