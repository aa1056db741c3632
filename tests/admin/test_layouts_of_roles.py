"""Forms differ by role, a draft is nobody's before it is published, and new records begin short."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from leads.models import Lead
from records.models import FormLayout
from records.operations.shaping import save_draft, save_layout
from tests.admin.forms import errors_of
from tests.admin.test_layouts import Editor, address
from tests.api.conftest import Caller
from tests.custom import define
from users.models import Role, User

OVER_A_PAGE = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def fields_for(user: User, address: str = "/leads/new/", **headers: str) -> dict[str, Any]:
    client = Client()
    client.force_login(user)
    fields: dict[str, Any] = client.get(address, headers=headers or None).context["form"].fields
    return fields


def new_layout(desk: Client, **terms: Any) -> str:
    """Add a layout as an administrator does; return where its fields are put in order."""
    answer = desk.post(reverse("admin:records_formlayout_add"), terms)
    assert answer.status_code == 302, errors_of(answer)
    return str(answer["Location"])


def test_a_role_has_a_form_of_its_own_at_every_door(desk: Client, rep: User, manager: User):
    first, second = Role.objects.create(name="A first"), Role.objects.create(name="B second")
    rep.roles.add(first, second)
    pages = [new_layout(desk, kind="lead", role=role.pk) for role in (second, first)]
    for page, name in zip(pages, ("fax", "mobile"), strict=True):
        editor = Editor(desk, "lead", page)
        editor.hide("industry", "website" if name == "fax" else "mobile")
        editor.require("job_title")
        assert editor.save().status_code == 302

    # The first of the two by name decides; whoever has neither has the form of everyone.
    assert not {"industry", "mobile"} & fields_for(rep).keys()
    assert "website" in fields_for(rep)
    assert fields_for(rep)["job_title"].required
    assert {"industry", "mobile"} <= fields_for(manager).keys()
    lead = {"topic": "T", "last_name": "Byron"}
    assert list(Caller(rep).post("leads/", lead).json()["errors"]) == ["job_title"]
    assert Caller(manager).post("leads/", lead).status_code == 201

    again = desk.post(reverse("admin:records_formlayout_add"), {"kind": "lead", "role": first.pk})
    assert "There is such a layout already" in errors_of(again)
    desk.post(reverse("admin:users_role_delete", args=[first.pk]), {"post": "yes"})
    assert Role.objects.filter(pk=first.pk).exists(), "a role whose layout stands is in use"
    for page in pages:
        desk.post(page.replace("change", "delete"), {"post": "yes"})
    assert {"industry", "mobile"} <= fields_for(rep).keys()
    desk.post(address("lead", "delete"), {"post": "yes"})
    assert FormLayout.objects.filter(kind="lead").count() == 1


def test_a_draft_is_seen_by_nobody_before_it_is_published(desk: Client, rep: User, admin: User):
    page = address("lead")
    editor = Editor(desk, "lead")
    editor.hide("industry")
    editor.sent["_draft"] = "Save as draft"

    assert editor.save()["Location"] == page
    assert "industry" in fields_for(rep)
    shown = desk.get(page).content.decode()
    assert "This is the draft." in shown
    assert "Discard the draft" in shown
    preview = desk.get(address("lead", "preview"))
    assert "industry" not in preview.context["form"].fields
    assert (
        "with a draft" in desk.get(reverse("admin:records_formlayout_changelist")).content.decode()
    )

    editor = Editor(desk, "lead")  # begins with the draft, and publishes it as it is
    assert editor.save().status_code == 302
    assert "industry" not in fields_for(rep)
    layout = FormLayout.objects.get(kind="lead")
    assert layout.draft is None

    layout.draft = [{"title": "", "fields": [{"name": "topic"}]}]
    save_draft(layout, by=admin)
    sent = {"action": "drop_draft", "_selected_action": layout.pk, "index": "0"}
    desk.post(reverse("admin:records_formlayout_changelist") + "?", sent)
    layout.refresh_from_db()
    assert (layout.draft, "industry" in str(layout.sections)) == (None, True)
    versions = desk.get(address("lead", "versions")).context["versions"]
    assert len(versions) == 1, "drafts are no versions"


def test_a_new_record_begins_with_the_short_form(desk: Client, rep: User, admin: User):
    define("lead", "grounds", by=admin, is_required=True)
    client = Client()
    client.force_login(rep)
    built_in = fields_for(rep, "/leads/new/", **OVER_A_PAGE)
    assert {"topic", "email", "custom.grounds"} <= built_in.keys()
    assert not {"industry", "budget_amount"} & built_in.keys()

    page = new_layout(desk, kind="lead", is_quick="on")
    editor = Editor(desk, "lead", page)
    editor.hide("email", "phone", "owner", "source")
    editor.sent[f"{editor.rows['industry']}-is_visible"] = "on"
    editor.require("industry")
    assert editor.save().status_code == 302
    sections = FormLayout.objects.get(is_quick=True).sections
    assert all(line["is_visible"] for each in sections for line in each["fields"])

    answer = client.get("/leads/new/", headers=OVER_A_PAGE)
    form = answer.context["form"]
    assert {"industry", "custom.grounds"} <= form.fields.keys()
    assert not {"email", "owner"} & form.fields.keys()
    html = answer.content.decode()
    assert '<dialog class="c-dialog' in html
    assert "All fields" in html
    sent = {field.html_name: field.value() for field in form if field.value()}
    sent |= {"topic": "Looms", "last_name": "Ada", "custom.grounds": "x"}
    refused = client.post("/leads/new/", sent, headers=OVER_A_PAGE)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["industry"])
    made = client.post("/leads/new/", sent | {"industry": "Mills"}, headers=OVER_A_PAGE)
    assert made.status_code == 200, made.context["form"].errors
    assert made["HX-Redirect"] == Lead.objects.get().get_absolute_url()
    assert "email" in fields_for(rep), "the whole form stands as it stood"


def test_the_short_form_says_who_is_there_already(desk: Client, rep: User, admin: User):
    client = Client()
    client.force_login(rep)
    sent = {"name": "Engine Ltd", "website": "engine.example", "owner": rep.pk}

    client.post("/accounts/new/", sent, headers=OVER_A_PAGE)
    again = client.post("/accounts/new/", sent, headers=OVER_A_PAGE)

    assert again.status_code == 422
    assert "is there already." in again.content.decode()
    assert "is_different" in again.context["form"].fields
    assert Account.objects.count() == 1


def test_what_can_be_no_layout_is_refused(admin: User):
    role = Role.objects.create(name="Guests")
    layout = FormLayout(kind="lead", role=role)
    layout.draft = [{"title": "", "fields": [{"name": "shoe_size"}]}]

    for save in (save_draft, save_layout):
        layout.sections = layout.draft or [{"title": "", "fields": [{"name": "shoe_size"}]}]
        with pytest.raises(Exception, match="There is no field “shoe_size”"):
            save(layout, by=admin)

    assert not FormLayout.objects.filter(role=role).exists()
