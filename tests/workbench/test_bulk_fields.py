"""A custom field of many records at once: chosen, shown beforehand, set, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from records.models import AuditEntry
from tests.custom import define, one_of_each
from tests.factories import LeadFactory
from tests.workbench.test_bulk import a_closed_lead, post, shown, told_by
from tests.workbench.test_custom_fields import FACTORIES, ROOMS, STORED, TYPED
from users.models import User
from workbench.bulk import take_back_many
from workbench.models import Job


def test_sets_a_value_of_every_type_and_takes_it_back(
    client: Client, rep: User, admin: User
) -> None:
    one_of_each("lead", by=admin)
    empty, filled = LeadFactory(owner=rep), LeadFactory(owner=rep, custom={"whole": 7})
    client.force_login(rep)

    for key, typed in TYPED.items():
        asked: dict[str, Any] = {"field": f"custom.{key}", "value": typed}
        before = {lead.pk: dict(lead.custom) for lead in (empty, filled)}
        preview = post(client, "/leads/bulk/field/", [empty, filled], preview="1", **asked)
        assert shown(preview) == {"done": 2}, key
        done = post(client, "/leads/bulk/field/", [empty, filled], **asked)
        assert done.status_code == 302
        for lead in (empty, filled):
            lead.refresh_from_db()
            assert lead.custom[key] == STORED[key]
        again = post(client, "/leads/bulk/field/", [empty], preview="1", **asked)
        assert shown(again) == {"skipped": 1}, key
        take_back_many(Job.objects.latest("pk"), by=rep)
        for lead in (empty, filled):
            lead.refresh_from_db()
            assert lead.custom == before[lead.pk], key

    assert AuditEntry.objects.filter(record_id=empty.pk, event="lead.changed").count() == 26


@pytest.mark.parametrize("kind", sorted(FACTORIES))
def test_is_offered_where_there_are_fields(
    kind: str, client: Client, rep: User, admin: User
) -> None:
    client.force_login(rep)
    record = FACTORIES[kind](owner=rep)
    page, url = f"/{ROOMS[kind]}/?view=all", f"/{ROOMS[kind]}/bulk/field/"
    assert url not in client.get(page).content.decode()
    define(kind, "hall", by=admin)

    offered = client.get(page).content.decode()
    form = client.get(f"{url}?id={record.pk}").content.decode()
    chosen = post(client, url, [record], preview="1", field="custom.hall")
    done = post(client, url, [record], field="custom.hall", value="7 B")

    assert url in offered
    assert 'name="value"' not in form
    assert b'name="value"' in chosen.content
    assert done.status_code == 302
    record.refresh_from_db()
    assert record.custom == {"hall": "7 B"}


def test_refuses_what_no_form_takes_and_leaves_what_others_changed(
    client: Client, rep: User, admin: User
) -> None:
    define("lead", "hall", by=admin, is_required=True)
    define("lead", "rooms", by=admin, type="whole")
    old, closed = LeadFactory(owner=rep, custom={"hall": "1"}), a_closed_lead(rep)
    client.force_login(rep)
    url = "/leads/bulk/field/"

    emptied = post(client, url, [old, closed], preview="1", field="custom.hall", value="")
    wrong = post(client, url, [old], field="custom.rooms", value="many")
    unknown = post(client, url, [old], field="custom.gone", value="7")
    post(client, url, [old, closed], field="custom.rooms", value="7")
    job = Job.objects.latest("pk")
    old.refresh_from_db()
    client.post(f"/leads/{old.pk}/edit/", {"version": old.version})
    undone = take_back_many(job, by=rep)

    assert shown(emptied) == {"refused": 2}
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert told_by(job) == [("done", "change"), ("refused", "lead_is_closed")]
    assert told_by(undone) == [("done", "undone")]
    old.refresh_from_db()
    assert old.custom == {"hall": "1"}
