"""How an administrator lays out a form, and what the page says while they do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from crm.form_layouts import laid_out
from leads.models import FieldMapping
from leads.operations.carrying import save_mapping
from leads.rules import rules_in_force
from opportunities.models import Stage, Step
from records.models import AuditEntry, FormCondition, FormLayout
from records.operations.conditions import save_condition
from records.operations.shaping import save_field, save_layout
from tests.admin.forms import errors_of
from tests.custom import define
from tests.factories import LeadFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

KINDS = ["lead", "account", "contact", "opportunity"]


def address(kind: str, page: str = "change") -> str:
    layout = FormLayout.objects.get(kind=kind, role=None, is_quick=False)
    return reverse(f"admin:records_formlayout_{page}", args=[layout.pk])


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


class Editor:
    """The rows of a layout as a browser would send them, to type in."""

    def __init__(self, client: Client, kind: str, page: str = "") -> None:
        self.client, self.page = client, page or address(kind)
        form = client.get(self.page).context["adminform"].form
        sections = [*form["sections"].value(), {"title": "", "fields": []}]
        self.sent = {"sections-sections": len(sections)}
        self.rows: dict[str, str] = {}
        self.titles: dict[str, int] = {}
        for number, section in enumerate(sections):
            self.titles[section["title"]] = number
            self.sent[f"sections-{number}-title"] = section["title"]
            self.sent[f"sections-{number}-place"] = (number + 1) * 10
            for place, line in enumerate(section["fields"], start=1):
                row = self.rows[line["name"]] = f"sections-field-{len(self.rows)}"
                self.sent |= {
                    f"{row}-name": line["name"],
                    f"{row}-section": number,
                    f"{row}-place": place * 10,
                }
                self.sent |= {
                    f"{row}-{flag}": "on" for flag, is_on in line.items() if is_on is True
                }
        self.sent["sections-fields"] = len(self.rows)

    def move(self, name: str, place: int, section: str | None = None) -> None:
        self.sent[f"{self.rows[name]}-place"] = place
        if section is not None:
            self.sent[f"{self.rows[name]}-section"] = self.titles[section]

    def call(self, title: str, new: str, place: int | None = None) -> None:
        number = self.titles[title]
        self.sent[f"sections-{number}-title"] = new
        if place is not None:
            self.sent[f"sections-{number}-place"] = place

    def hide(self, *names: str) -> None:
        for name in names:
            self.sent.pop(f"{self.rows[name]}-is_visible", None)

    def require(self, name: str) -> None:
        self.sent[f"{self.rows[name]}-is_required"] = "on"

    def save(self) -> Any:
        return self.client.post(self.page, self.sent)


def stored(kind: str) -> dict[str, list[str]]:
    """Return the titles of a stored layout, each with its fields: (hidden), required*."""
    return {
        section["title"]: [
            f"({line['name']})"
            if not line["is_visible"]
            else line["name"] + "*" * line["is_required"]
            for line in section["fields"]
        ]
        for section in FormLayout.objects.get(kind=kind).sections
    }


def test_each_form_stands_in_the_list(desk: Client) -> None:
    page = desk.get("/admin/records/formlayout/")

    assert [layout.kind for layout in page.context["cl"].result_list] == KINDS
    assert page.content.decode().count("As built in") == 4


@pytest.mark.parametrize("kind", KINDS)
def test_saving_what_stands_leaves_the_form_as_built_in(kind: str, desk: Client) -> None:
    answer = Editor(desk, kind).save()

    assert answer.status_code == 302
    assert FormLayout.objects.get(kind=kind).sections == []
    assert not AuditEntry.objects.filter(event="formlayout.changed").exists()


def test_fields_and_sections_are_put_in_order_named_hidden_and_required(
    desk: Client, admin: User
) -> None:
    define("contact", "badge", section="Address", by=admin)
    editor = Editor(desk, "contact")
    editor.call("Address", "Where", place=5)
    editor.move("custom.badge", 15)
    editor.move("job_title", 1, section="Address")
    editor.hide("salutation")
    editor.require("phone")
    editor.move("consent", 10, section="Address")
    editor.move("do_not_contact", 99, section="Address")

    assert editor.save().status_code == 302

    found = stored("contact")
    assert next(iter(found)) == "Where"
    assert found["Where"] == [
        "job_title", "street", "consent", "custom.badge", "postal_code", "city", "region",
        "country", "do_not_contact",
    ]  # fmt: skip
    assert "Consent" not in found, "a section without fields goes"
    entry = AuditEntry.objects.get(event="formlayout.changed")
    assert entry.actor == admin
    history = desk.get(address("contact", "history")).content.decode()
    assert "Where: job_title, street, consent" in history
    assert "salutation (hidden)" in history
    assert "phone (required)" in history


def test_a_new_section_is_made_by_naming_it(desk: Client) -> None:
    editor = Editor(desk, "lead")
    editor.titles["new"] = editor.sent["sections-sections"] - 1
    editor.call("new", "Machines")
    editor.move("website", 10, section="new")

    editor.save()

    assert stored("lead")["Machines"] == ["website"]
    assert "website" not in stored("lead")["Company"]


def test_a_new_field_falls_into_its_section_of_a_layout_that_stands(
    desk: Client, admin: User
) -> None:
    editor = Editor(desk, "lead")
    editor.hide("website")
    editor.save()
    define("lead", "fleet", section="Company", by=admin)
    define("lead", "beans", section="Coffee", by=admin)

    sections = desk.get(address("lead")).context["adminform"].form["sections"].value()

    names = {section["title"]: [line["name"] for line in section["fields"]] for section in sections}
    assert names["Company"][-1] == "custom.fleet"
    assert names["Coffee"] == ["custom.beans"]


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("lead", "topic", "Topic cannot be hidden: nothing can be saved without it"),
        ("opportunity", "topic", "Topic cannot be hidden: nothing can be saved without it"),
        ("account", "name", "Name cannot be hidden: nothing can be saved without it"),
    ],
)
def test_what_nothing_can_be_saved_without_is_not_hidden(
    kind: str, name: str, words: str, desk: Client
) -> None:
    editor = Editor(desk, kind)
    editor.hide(name)

    assert words in errors_of(editor.save())
    assert FormLayout.objects.get(kind=kind).sections == []


@pytest.mark.parametrize("kind", ["lead", "contact"])
def test_one_way_to_know_who_it_is_stays(kind: str, desk: Client) -> None:
    editor = Editor(desk, kind)
    known = ["last_name", "first_name", "email", "phone", "mobile"]
    editor.hide(*known, *(["company", "account", "contact"] if kind == "lead" else []))

    said = errors_of(editor.save())

    assert "Show at least one of these, or nothing can be saved: Last name, First name" in said
    assert FormLayout.objects.get(kind=kind).sections == []


def test_what_is_typed_stays_when_it_is_refused(desk: Client) -> None:
    editor = Editor(desk, "lead")
    editor.call("Person", "Company")
    editor.hide("website")

    answer = editor.save()

    assert "Two sections have the same title" in errors_of(answer)
    sections = answer.context["adminform"].form["sections"].value()
    assert [section["title"] for section in sections][1:3] == ["Company", "Company"]
    website = [line for part in sections for line in part["fields"] if line["name"] == "website"]
    assert website == [{"name": "website", "is_visible": False, "is_required": False}]


def test_a_required_field_is_not_hidden_and_a_box_is_not_required(
    desk: Client, admin: User
) -> None:
    define("lead", "fleet", is_required=True, by=admin)
    editor = Editor(desk, "lead")
    editor.hide("custom.fleet")
    editor.require("do_not_contact")

    said = errors_of(editor.save())

    assert "Fleet is required: show it, or let the field no longer be required" in said
    assert "is a box to tick, so it cannot be required" in said


def test_nonsense_is_refused_in_words(desk: Client) -> None:
    for name, value, words in (
        ("sections-field-3-name", "password", "There is no field “password”"),
        ("sections-field-3-name", "owner_id", "There is no field “owner_id”"),
        ("sections-field-3-name", "custom.none", "There is no field “custom.none”"),
        ("sections-field-3-name", "topic", "A field stands in two places"),
        ("sections-1-title", "a\u202eb", "Leave out line breaks and control characters"),
        ("sections-1-title", "x" * 81, "Use at most 80 characters"),
    ):
        editor = Editor(desk, "lead")
        editor.sent[name] = value
        assert words in errors_of(editor.save()), name
    for name in (
        "sections-sections",
        "sections-fields",
        "sections-1-place",
        "sections-field-3-place",
    ):
        for value in ("-1", "9" * 30, "x", "", "٣"):
            editor = Editor(desk, "lead")
            editor.sent[name] = value
            assert editor.save().status_code in {200, 302}, (name, value)
            FormLayout.objects.update(sections=[])


@pytest.mark.both
def test_goes_back_to_the_default(desk: Client, admin: User) -> None:
    editor = Editor(desk, "lead")
    editor.hide("website")
    editor.save()
    page = desk.get(address("lead")).content.decode()
    assert "Back to the default" in page

    layout = FormLayout.objects.get(kind="lead")
    again = desk.post(
        "/admin/records/formlayout/",
        {"action": "put_back", "_selected_action": [layout.pk]},
        follow=True,
    )

    assert "The form stands as built in: Lead" in again.content.decode()
    assert FormLayout.objects.get(kind="lead").sections == []
    assert "Back to the default" not in desk.get(address("lead")).content.decode()
    assert AuditEntry.objects.filter(event="formlayout.changed").count() == 2


def test_the_preview_shows_what_is_typed_and_stores_nothing(desk: Client) -> None:
    editor = Editor(desk, "lead")
    editor.call("Person", "Who they are")
    editor.hide("website")
    editor.require("job_title")

    page = desk.post(address("lead", "preview"), editor.sent)

    text = page.content.decode()
    assert page.status_code == 200
    assert "<legend>Who they are" in text
    assert 'name="website"' not in text
    assert page.context["form"].fields["job_title"].required
    assert FormLayout.objects.get(kind="lead").sections == []
    assert "Who they are" not in desk.get("/leads/new/").content.decode()
    assert desk.get(address("lead", "preview")).status_code == 200


@pytest.mark.both
def test_says_which_step_asks_for_what_is_hidden(desk: Client) -> None:
    stage = Stage.objects.get(key="develop")
    Step.objects.create(stage=stage, key="need", label="Need is known", field="customer_need")
    editor = Editor(desk, "opportunity")
    editor.hide("customer_need")

    page = desk.post(address("opportunity"), editor.sent, follow=True)

    assert "The step Need is known of Develop asks for a field that the form hides." in (
        page.content.decode()
    )


def test_says_which_rule_asks_for_what_is_hidden(desk: Client) -> None:
    rule = next(r for r in rules_in_force(by=None).active if r.field == "budget_amount")
    editor = Editor(desk, "lead")
    editor.hide("budget_amount", "website")

    page = desk.post(address("lead"), editor.sent, follow=True)

    told = [str(message) for message in page.context["messages"]]
    assert f"The rule “{rule}” asks for a field that the form hides." in told
    assert sum("asks for a field" in sentence for sentence in told) == 1


def test_a_retired_field_is_not_in_the_way(desk: Client, admin: User) -> None:
    field = define("lead", "fleet", section="Company", by=admin)
    editor = Editor(desk, "lead")
    editor.require("custom.fleet")
    editor.save()
    field.is_active = False
    save_field(field, by=admin)

    assert "custom.fleet" not in Editor(desk, "lead").rows
    assert 'name="custom.fleet"' not in desk.get("/leads/new/").content.decode()


def test_is_for_those_who_may(desk: Client, manager: User) -> None:
    editor = Editor(desk, "lead")
    manager.is_staff = True
    manager.save(update_fields=["is_staff"])
    desk.force_login(manager)
    LeadFactory(owner=manager)

    assert editor.save().status_code == 403
    assert desk.post(address("lead", "preview"), editor.sent).status_code == 403


@pytest.mark.both
def test_an_earlier_version_comes_back(desk: Client, admin: User) -> None:
    layout = FormLayout.objects.get(kind="account")
    for names in (["name", "city"], ["city", "name"]):
        layout.sections = [{"title": "", "fields": [{"name": name} for name in names]}]
        save_layout(layout, by=admin)
    page = address("account", "versions")

    first = desk.get(page).context["versions"][1]
    assert first["told"] == [("Without a heading", "Name, City")]
    desk.post(page, {"number": first["number"]})
    layout.refresh_from_db()
    desk.post(page, {"number": "none of them"})

    [section] = layout.sections
    assert [line["name"] for line in section["fields"]] == ["name", "city"]
    assert len(desk.get(page).context["versions"]) == 3


def test_lists_say_what_a_field_is_called_also_when_it_is_out_of_use(
    desk: Client, admin: User
) -> None:
    field = define("lead", "fleet_size", by=admin, label="Cars and vans")
    layout = FormLayout.objects.get(kind="lead", role=None, is_quick=False)
    layout.sections = laid_out("lead", admin)
    save_layout(layout, by=admin)
    asked = {"all": [{"field": "rating", "is": "is", "value": "hot"}]}
    save_condition(
        FormCondition(kind="lead", field=field.name, effect="show", condition=asked), by=admin
    )
    save_mapping(FieldMapping(source=field.name, column="account.description"), by=admin)
    pages = [
        address("lead", "versions"),
        reverse("admin:records_formcondition_changelist"),
        reverse("admin:leads_fieldmapping_changelist"),
    ]

    told = [desk.get(page).content.decode() for page in pages]
    field.is_active = False
    save_field(field, by=admin)
    told += [desk.get(page).content.decode() for page in pages]

    for page in told:
        seen = strip_tags(page)
        assert "Cars and vans" in seen
        assert field.name not in seen
