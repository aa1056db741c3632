"""How an administrator defines fields of their own, and what the page says of bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from leads.models import AssignmentRule
from leads.operations import activate_rules, draft_rules
from leads.operations.rules import save_rule
from opportunities.models import Stage, Step
from records.errors import Unacceptable
from records.models import CustomField, FormCondition
from records.operations.shaping import MOST_CHOICES, line_problem
from tests.admin.forms import errors_of, form_of
from tests.any_condition import NAUGHTY
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory
from users.models import User
from workbench.models import SavedView

LIST = "/admin/records/customfield/"


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def change(field: CustomField) -> str:
    return f"{LIST}{field.pk}/change/"


def add(desk: Client, **values: Any) -> Any:
    sent = form_of(desk, f"{LIST}add/") | {"kind": "lead", "type": "text", "choices-count": 8}
    return desk.post(f"{LIST}add/", sent | values, follow=True)


def test_is_defined_with_a_key_from_its_label_and_choices(desk: Client) -> None:
    more = {"choices-0-label": "Small", "choices-1-label": "Large", "choices-1-place": 1}
    more |= {f"choices-{number}-is_active": "on" for number in range(8)}

    answer = add(desk, label="Size of fleet", type="choice", **more)

    field = CustomField.objects.get()
    assert answer.redirect_chain
    assert (field.key, field.is_active) == ("size_of_fleet", True)
    assert [choice["key"] for choice in field.choices] == ["large", "small"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"label": "Fleet", "key": "fleet"}, "fleet is the key of “Carts”. Choose another key"),
        ({"label": "Old", "key": "old"}, "old was the key of “Retired”, and a key is never used"),
        ({"label": "Carts"}, "Another field is called “Carts” already. Choose another label"),
        ({"label": "Stage", "key": "stage"}, "stage means something else already"),
        ({"label": "Email", "key": "email"}, "email is a field that there is already"),
        ({"label": "Big", "key": "Big key"}, "Use small letters, digits and single underscores"),
        ({"label": "A\u202eb"}, "Leave out line breaks and control characters"),
        ({"label": "Size", "type": "choice"}, "Enter at least one choice that can be chosen"),
        ({"label": "Size", "type": "whole", "default": "many"}, "Enter Size as a whole number"),
    ],
)
def test_bad_input_is_told_in_a_sentence_and_nothing_is_defined(
    values: dict[str, Any], words: str, desk: Client, admin: User
) -> None:
    define("lead", "fleet", label="Carts", by=admin)
    define("lead", "old", label="Retired", is_active=False, by=admin)

    assert words in errors_of(add(desk, **values))
    assert CustomField.objects.count() == 2


def test_a_key_is_not_renamed_and_a_label_is(desk: Client, admin: User) -> None:
    field = define("lead", "fleet", by=admin)
    lead = LeadFactory(custom={"fleet": "9 carts"})

    sent = form_of(desk, change(field)) | {"label": "Carts", "key": "carts", "kind": "account"}
    answer = desk.post(change(field), sent | {"type": "whole"})

    assert answer.status_code == 302
    field.refresh_from_db()
    assert (field.label, field.key, field.kind, field.type) == ("Carts", "fleet", "lead", "text")
    lead.refresh_from_db()
    assert lead.custom == {"fleet": "9 carts"}


def test_a_field_required_from_now_on_tells_how_many_records_lack_it(
    desk: Client, admin: User
) -> None:
    field = define("lead", "fleet", by=admin)
    LeadFactory(custom={"fleet": "9 carts"})
    LeadFactory()
    LeadFactory()
    sent = form_of(desk, change(field)) | {"is_required": "on", "choices-count": 0}

    page = desk.post(change(field), sent, follow=True).content.decode()
    again = desk.post(change(field), sent, follow=True).content.decode()

    told = "2 leads have no Fleet yet. They stay as they are"
    assert told in page
    assert "have no Fleet yet" not in again


def test_a_field_out_of_use_tells_which_steps_asked_for_it(desk: Client, admin: User) -> None:
    field = define("opportunity", "fleet", by=admin)
    stage = Stage.objects.get(key="develop")
    Step.objects.create(stage=stage, key="fleet", label="Fleet is known", field="custom.fleet")

    page = desk.post(
        LIST, {"action": "take_out_of_use", "_selected_action": [field.pk]}, follow=True
    )

    assert "The step Fleet is known of Develop asked for it." in page.content.decode()
    assert not CustomField.objects.get().is_active


def test_a_field_out_of_use_tells_which_rules_asked_for_it(
    desk: Client, admin: User, manager: User
) -> None:
    field = define("lead", "fleet", by=admin)
    draft = draft_rules(by=manager)
    condition = {"all": [{"field": "custom.fleet", "is": "known"}]}
    draft = save_rule(draft, by=manager, condition=condition, label="The fleet is known")
    activate_rules(draft, by=manager)

    page = desk.post(
        LIST, {"action": "take_out_of_use", "_selected_action": [field.pk]}, follow=True
    )

    assert "The rule “The fleet is known” asks for it and cannot be met." in page.content.decode()


def test_hostile_labels_choices_helps_and_defaults_are_texts(desk: Client, admin: User) -> None:
    naughty = [text.strip() for text in json.loads(NAUGHTY.read_text())]
    fit = list({text.casefold(): text for text in naughty if not line_problem(text)}.values())
    unfit = [text for text in naughty if line_problem(text) and not line_problem("x" + text[:9])]
    hostile = [text for text in fit if any(sign in text for sign in "<{=%")]
    for place, label in enumerate(hostile[:12]):
        define("lead", f"own_{place}", label=label, help_text=label, default=label, by=admin)
    chosen = [text for text in fit if text not in hostile[:12]][:MOST_CHOICES]
    define("lead", "chosen", type="choice", choices=chosen, by=admin)

    form = desk.get("/leads/new/")
    page = form.content.decode()
    listed = desk.get(LIST).content.decode()

    assert form.status_code == 200
    assert len(hostile) > 12
    for text in (*hostile[:12], *(text for text in chosen if "<" in text)):
        assert escape(text) in page, text
    for text in hostile[:12]:
        assert "<" not in text or (text not in page and text not in listed), text
    for text in (*unfit[:5], "nul\x00", "half \ud800"):
        with pytest.raises(Unacceptable):
            define("lead", "no", label="No", choices=[text], type="choice", by=admin)
    for name in ("label", "help_text", "default"):
        for text in ("nul\x00", "half \ud800"):
            with pytest.raises(Unacceptable):
                define("lead", "no", by=admin, **{name: text})


def test_says_beforehand_what_asks_about_a_field(admin: User, rep: User, client: Client) -> None:
    size = define("lead", "size", by=admin)
    define("lead", "sizes", by=admin)
    asked = {"all": [{"field": "custom.size", "is": "known"}]}
    FormCondition.objects.create(kind="lead", field="need", effect="show", condition=asked)
    AssignmentRule.objects.create(name="Large ones", condition=asked, person=rep)
    for name, audience, query in (
        ("Shared", "everyone", "columns=name,custom.size"),
        ("Of one", "private", "custom.size__contains=7"),
        ("Another", "everyone", "custom.sizes=7&sort=custom.sizes"),
    ):
        SavedView.objects.create(kind="lead", name=name, audience=audience, query=query, owner=rep)
    client.force_login(admin)
    page = f"/admin/records/customfield/{size.pk}"

    for address in ("delete/", "retype/?type=long_text"):
        told = client.get(f"{page}/{address}").content.decode()
        for sentence in (
            "A condition of the form asks about it",
            "The assignment rule “Large ones” asks about it.",
            "The view “Shared” asks about it",
            "1 view that somebody keeps for themselves asks about it",
        ):
            assert sentence in told, address
        assert "Another" not in told
        assert "Of one" not in told


def test_a_link_takes_a_default_and_keeps_its_type(desk: Client, admin: User) -> None:
    account = AccountFactory(owner=admin, name="Ferrovia")
    typed = form_of(desk, f"{LIST}add/")
    typed |= {"kind": "lead", "label": "Partner", "type": "record", "target": "account"}
    wrong = desk.post(f"{LIST}add/", typed | {"default": "999999"}).content.decode()
    made = desk.post(f"{LIST}add/", typed | {"default": str(account.pk)})
    link = CustomField.objects.get()
    text = define("lead", "note", by=admin)

    page = desk.get(f"{LIST}{link.pk}/change/").content.decode()
    offered = desk.get(f"{LIST}{text.pk}/retype/").context["form"].fields["type"].choices

    assert "Choose for Partner one that you can see (account), by number" in wrong
    assert (made.status_code, link.default) == (302, account.pk)
    assert "Change the type" not in page
    assert "and of programs and imports" in page
    assert desk.get(f"{LIST}{link.pk}/retype/").status_code == 404
    assert {"record", "text"}.isdisjoint(dict(offered))


def test_a_page_to_add_something_begins_with_its_first_field(desk: Client, admin: User) -> None:
    field = define("lead", "note", by=admin)

    adding, changing = (
        desk.get(f"{LIST}{page}").content.decode() for page in ("add/", f"{field.pk}/change/")
    )

    assert (adding.count('name="_save"'), changing.count('name="_save"')) == (1, 2)
