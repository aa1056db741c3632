"""Tags on the pages: forms, lists, records, many at once, files and programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from leads.jobs import LeadImporter, TagLeads
from leads.models import Lead
from leads.operations import update_lead
from records.models import Tag
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User
from users.operations import issue_token
from workbench.bulk import change_many, take_back_many
from workbench.transfer import csv_lines

HTMX = {"HX-Request": "true"}
ROOMS = {
    "leads": LeadFactory,
    "accounts": AccountFactory,
    "contacts": ContactFactory,
    "opportunities": OpportunityFactory,
}


def names(record: Any) -> list[str]:
    return sorted(tag.name for tag in record.tags.all())


def sent_by(form: Any) -> dict[str, Any]:
    """Return what a browser would send of a form that nobody has touched."""
    return {
        field.html_name: field.value() for field in form if field.value() not in (None, False, [])
    }


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.mark.parametrize("room", ROOMS)
def test_are_typed_in_the_form_shown_on_the_record_and_lead_to_the_list(
    reps: Client, rep: User, room: str
) -> None:
    record = ROOMS[room](owner=rep, by=rep, tags=["Zoo", "hot"])
    other = ROOMS[room](owner=rep, by=rep)
    edit = f"{record.get_absolute_url()}edit/"
    data = sent_by(reps.get(edit).context["form"])
    assert data["tags"] == "hot, Zoo"

    answer = reps.post(edit, {**data, "tags": "hot; VIP ,hot,,"})

    assert answer.status_code == 302, answer.context["form"].errors
    record.refresh_from_db()
    assert names(record) == ["VIP", "hot"]
    page = reps.get(record.get_absolute_url()).content.decode()
    assert f'href="/{room}/?tag=VIP"' in page
    listed = reps.get(f"/{room}/?tag=vip,none+such")
    assert [row.pk for row in listed.context["page"]["rows"]] == [record.pk]
    without = reps.get(f"/{room}/?tag=none")
    assert [row.pk for row in without.context["page"]["rows"]] == [other.pk]


def test_a_form_that_comes_back_has_what_was_typed(reps: Client, rep: User) -> None:
    typed = f"fine, {'x' * 60}"

    answer = reps.post("/leads/new/", {"topic": "Pumps", "last_name": "Lovelace", "tags": typed})

    assert answer.status_code == 422
    assert answer.context["form"].data["tags"] == typed
    assert "50 characters" in answer.content.decode()
    assert not Tag.objects.exists()


@pytest.mark.parametrize("room", ROOMS)
def test_are_a_column_for_whom_asks_and_cost_one_statement_however_many(
    reps: Client, rep: User, statements: Any, room: str
) -> None:
    for number in range(3):
        ROOMS[room](owner=rep, by=rep, tags=["One", "Two", "Three", f"Four {number}"])
    plain, wide = (f"/{room}/?view=all&columns={shown}" for shown in ("owner", "owner,tags"))
    reps.get(plain)

    with statements() as without:
        page = reps.get(plain)
    with statements() as with_tags:
        table = reps.get(wide).content.decode()

    assert "c-cell--tags" not in page.content.decode()
    assert "c-cell--tags" not in reps.get(f"/{room}/?view=all").content.decode()
    assert table.count(">One</span>") == 3
    assert table.count(">+1</span>") == 3
    assert len(with_tags) == len(without) + 1
    file = b"".join(reps.post(wide, {"format": "csv"}).streaming_content).decode()
    assert file.count("Four 0; One; Three; Two") == 1


def test_a_cell_is_changed_and_changed_back(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, by=rep, tags=["One", "Two"])
    address = f"/cell/lead/{lead.pk}/tags/"
    assert 'value="One, Two"' in reps.get(address, headers=HTMX).content.decode()

    sent = reps.post(address, {"tags": "two, Three", "version": lead.version}, headers=HTMX)
    assert names(lead) == ["Three", "Two"]

    reps.post(json.loads(sent["HX-Trigger"])["toast"]["undo"])

    assert names(lead) == ["One", "Two"]


def test_who_saves_what_another_has_changed_is_shown_both(
    reps: Client, rep: User, manager: User
) -> None:
    lead = LeadFactory(owner=rep, by=rep, tags=["One"])
    edit = f"{lead.get_absolute_url()}edit/"
    data = sent_by(reps.get(edit).context["form"])
    update_lead(lead, by=manager, tags=["One", "Theirs"])

    answer = reps.post(edit, {**data, "tags": "One, Mine"})

    assert answer.status_code == 409
    [line] = answer.context["merge"]
    assert (line["name"], line["theirs"], line["mine"]) == ("tags", "One, Theirs", "One, Mine")
    assert names(lead) == ["One", "Theirs"]


def test_are_proposed_as_one_types_from_what_one_may_see(
    reps: Client, rep: User, outsider: User
) -> None:
    LeadFactory(owner=rep, by=rep, tags=["Spring fair", "<b>Fair</b>", "Other"])
    LeadFactory(owner=outsider, by=outsider, tags=["Fairly secret"])

    page = reps.get("/tags/?q=FAIR").content.decode()

    assert page.index("&lt;b&gt;Fair") < page.index("Spring fair")
    assert "secret" not in page
    assert "Other" not in page
    assert reps.get("/tags/?q=%00%F0").status_code == 200


# Many at once


def test_many_are_tagged_after_a_preview_with_a_report_and_all_of_it_is_undone(
    reps: Client, rep: User, rep2: User
) -> None:
    one = LeadFactory(owner=rep, by=rep, tags=["Old"])
    has_it = LeadFactory(owner=rep, by=rep, tags=["hot"])
    theirs = LeadFactory(owner=rep2)
    numbers = ",".join(str(lead.pk) for lead in (one, has_it, theirs))
    page = f"/leads/bulk/tag/?id={one.pk}&id={has_it.pk}&id={theirs.pk}"
    assert reps.get(page).context["counts"]["done"] == 0  # nothing is chosen yet

    shown = reps.post(
        page, {"numbers": numbers, "add": "Hot, New", "remove": "old", "preview": "1"}
    )
    assert shown.context["counts"] == {"done": 2, "skipped": 0, "refused": 1}
    assert "Hot, New" in [v.text for _r, v in shown.context["rows"]][1]
    assert not Tag.objects.filter(name="New").exists()

    job = change_many(
        TagLeads, [one.pk, has_it.pk, theirs.pk], by=rep, add=["Hot", "New"], remove=["old"]
    )

    assert [line.state for line in job.lines.order_by("pk")] == ["done", "done", "refused"]
    assert (names(one), names(has_it)) == (["New", "hot"], ["New", "hot"])
    update_lead(has_it, by=rep, tags=["hot"])
    take_back_many(job, by=rep)
    assert names(one) == ["Old"]
    assert names(has_it) == ["hot"]


def test_what_cannot_be_meant_is_told_beside_its_field(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep)
    page = f"/leads/bulk/tag/?id={lead.pk}"
    for sent, field in (
        ({"add": "", "remove": ""}, "add"),
        ({"add": "Hot", "remove": "HOT"}, "remove"),
        ({"add": "x" * 60}, "add"),
    ):
        answer = reps.post(page, {"numbers": lead.pk, **sent})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]


# Files and programs


def test_a_file_takes_them_out_and_brings_them_in(rep: User, admin: User, tmp_path: Any) -> None:
    lead = LeadFactory(owner=rep, by=rep, tags=["=1+1", "Hot"])
    lines = list(csv_lines(LeadImporter, by=admin))
    assert "'=1+1; Hot" in lines[1]
    file = tmp_path / "leads.csv"
    file.write_text("".join(lines), newline="")

    call_command("import_records", "lead", str(file), by=admin.email)
    assert (names(lead), Lead.objects.get().version) == (["=1+1", "Hot"], lead.version)

    file.write_text("".join(lines).replace("; Hot", "; VIP;hot"), newline="")
    call_command("import_records", "lead", str(file), by=admin.email)

    assert names(lead) == ["=1+1", "Hot", "VIP"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_program_reads_writes_and_asks_for_them(client: Client, rep: User, room: str) -> None:
    record = ROOMS[room](owner=rep, by=rep, tags=["One"])
    ROOMS[room](owner=rep, by=rep)
    secret = issue_token(rep, by=rep, name="tags", scope="write")[1]
    bearer = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/{room}/{record.pk}/"

    def patch(tags: Any) -> Any:
        body = json.dumps({"tags": tags})
        return client.patch(address, body, content_type="application/json", headers=bearer)

    assert client.get(address, headers=bearer).json()["tags"] == ["One"]
    assert patch(["one", "Two"]).json()["tags"] == ["One", "Two"]
    for wrong in ("One", [1], ["a,b"], [""], None):
        answer = patch(wrong)
        assert answer.status_code == 400, wrong
        assert "tags" in next(iter(answer.json()["errors"])), wrong
    listed = client.get(f"/api/v1/{room}/?tag=two", headers=bearer).json()["results"]
    assert [row["id"] for row in listed] == [record.pk]
    known = client.get("/api/v1/tags/", headers=bearer).json()["results"]
    assert [tag["name"] for tag in known] == ["One", "Two"]
