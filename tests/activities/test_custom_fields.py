"""Fields of one's own on the entries of timelines: as far as those of any other record reach."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from activities.models import Activity
from activities.operations import add_task, complete, edit_activity, log_note
from leads.operations.destinations import destinations_for
from records.models import AuditEntry
from records.vocabulary import fields_of
from tests.api.conftest import Caller
from tests.custom import ONE_OF_EACH, define
from tests.custom import VALUES as EVERY
from tests.factories import LeadFactory
from tests.workbench.test_custom_fields import READ, STORED, TYPED, sent, typed
from users.models import User

NOTE = {"kind": "note", "text": "Talked about looms"}
# An entry has a text by itself.
KEYS = [key for key in ONE_OF_EACH if key != "text"]
VALUES = {key: EVERY[key] for key in KEYS}


def one_of_each(*, by: User) -> None:
    for place, key in enumerate(KEYS):
        define("activity", key, position=place, by=by, **{"type": key, **ONE_OF_EACH[key]})


def said(text: str) -> str:
    """Return the entries of a timeline."""
    return " ".join(re.findall(r'<dl class="c-entry__own">.*?</dl>', text, re.DOTALL))


def test_goes_from_the_composer_to_timeline_page_and_form(
    client: Client, rep: User, admin: User
) -> None:
    one_of_each(by=admin)
    lead = LeadFactory(owner=rep)
    client.force_login(rep)
    composer = client.get(f"/leads/{lead.pk}/").content.decode()
    assert composer.count('id="compose-custom.') >= len(KEYS)

    told = typed({key: TYPED[key] for key in KEYS})
    added = client.post(f"/activities/new/?on=lead:{lead.pk}", {**NOTE, **told})
    entry = Activity.objects.get()
    timeline = said(client.get(f"/leads/{lead.pk}/").content.decode())
    page = said(client.get(f"/activities/{entry.pk}/").content.decode())
    form = client.get(f"/activities/{entry.pk}/edit/")
    unchanged = client.post(f"/activities/{entry.pk}/edit/", sent(form))

    assert added.status_code == unchanged.status_code == 302
    assert entry.custom == {key: STORED[key] for key in KEYS}
    for key in KEYS:
        assert READ[key] in timeline, key
        assert READ[key] in page, key
    entry.refresh_from_db()
    assert entry.version == 1, "saving what stands writes nothing"
    client.post(f"/activities/{entry.pk}/edit/", sent(form) | {"custom.whole": "7"})
    entry.refresh_from_db()
    assert entry.custom["whole"] == 7
    assert AuditEntry.objects.get(event="activity.changed").changes == {"custom.whole": [1250, 7]}


def test_narrows_sorts_and_shows_the_list_and_its_file(
    client: Client, rep: User, admin: User
) -> None:
    one_of_each(by=admin)
    lead = LeadFactory(owner=rep)
    two = [add_task(lead, by=rep, subject=name) for name in ("Late", "Soon")]
    edit_activity(two[0], by=rep, custom={**VALUES, "whole": 9})
    edit_activity(two[1], by=rep, custom={"whole": 3, "choice": "large"})
    client.force_login(rep)

    page = client.get("/activities/?status=open&sort=custom.whole&columns=subject,custom.whole")
    one = client.get("/activities/?custom.choice=small")
    where = client.get('/activities/?where=["all",["custom.whole","more_than",5]]')
    out = client.post("/activities/?status=open&columns=subject,custom.whole", {"format": "csv"})

    assert [row.pk for row in page.context["page"]["rows"]] == [two[1].pk, two[0].pk]
    assert re.findall(r'<span title="(\d+)">', page.content.decode()) == ["3", "9"]
    assert [row.pk for row in one.context["page"]["rows"]] == [two[0].pk]
    assert where.status_code == 200
    assert "custom.whole" in fields_of(Activity, rep)
    assert b"Machines" in b"".join(out.streaming_content)  # type: ignore[attr-defined]


def test_is_typed_in_the_api_and_kept_from_entry_to_entry(rep: User, admin: User) -> None:
    one_of_each(by=admin)
    lead = LeadFactory(owner=rep)
    program = Caller(rep)
    entry: dict[str, Any] = {"on": {"kind": "lead", "id": lead.pk}, **NOTE}

    made = program.post("activities/", {**entry, "custom": VALUES})
    wrong = program.post("activities/", {**entry, "custom": {"whole": "many"}})
    found = program.get("activities/?custom.whole__gte=250").json()["results"]
    schema = program.get("/api/schema/?format=json").json()["components"]["schemas"]["Activity"]

    assert made.status_code == 201
    assert made.json()["custom"] == VALUES
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["custom.whole"])
    assert [each["id"] for each in found] == [made.json()["id"]]
    assert schema["properties"]["custom"]["properties"]["whole"]["type"] == "integer"
    task = add_task(lead, by=rep, subject="Call", custom={"whole": 1})
    assert complete(task, by=rep).custom == {"whole": 1}


def test_asks_for_what_is_required_where_there_is_room(
    client: Client, rep: User, admin: User
) -> None:
    define("activity", "channel", by=admin, is_required=True)
    define("activity", "mood", by=admin, default="fair")
    lead = LeadFactory(owner=rep)
    client.force_login(rep)
    url = f"/activities/new/?on=lead:{lead.pk}"

    refused = client.post(url, NOTE)
    taken = client.post(url, {**NOTE, "custom.channel": "phone"})
    following = client.post(
        f"{url}&why=next",
        {"kind": "task", "subject": "Send it"},
        headers={"hx-request": "true", "hx-target": "task-7"},
    )
    answer = Caller(rep).post("activities/", {"on": {"kind": "lead", "id": lead.pk}, **NOTE})

    assert refused.status_code == 422
    assert b"Enter the channel" in refused.content
    assert taken.status_code == 302
    assert Activity.objects.get(kind="note").custom == {"channel": "phone"}
    assert following.status_code == 200, "a row has no room to ask"
    assert Activity.objects.get(kind="task").custom == {"mood": "fair"}
    assert answer.json()["errors"] == {"custom.channel": ["Enter the channel"]}
    assert log_note(lead, by=rep, text="Rules are not stopped").custom == {"mood": "fair"}


def test_is_no_place_that_a_lead_fills(rep: User, admin: User, client: Client) -> None:
    define("activity", "channel", by=admin)
    define("account", "channel", by=admin)

    assert ("account", "custom.channel") in destinations_for(rep)
    assert ("activity", "custom.channel") not in destinations_for(rep)
    client.force_login(admin)
    assert b'value="activity"' not in client.get("/admin/records/formcondition/add/").content
