"""Fields of one's own in the forms and on the pages of records, and the layouts they stand in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from leads.models import Lead
from leads.operations import qualify, update_lead
from opportunities.operations import win
from records.models import CustomField, FormLayout
from records.operations.shaping import save_field
from tests.custom import VALUES, define, one_of_each
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from users.models import User
from workbench.custom import number_of

FACTORIES: dict[str, Any] = {
    "lead": LeadFactory,
    "account": AccountFactory,
    "contact": ContactFactory,
    "opportunity": OpportunityFactory,
}
ROOMS = {"lead": "leads", "account": "accounts", "contact": "contacts"}
ROOMS["opportunity"] = "opportunities"
# What a browser sends for one value of each type, and how a person reads it on the page.
TYPED = {
    "text": "B-7 <b>&",
    "long_text": "Two lines\r\nof text",
    "whole": "1,250",
    "decimal": "12.50",
    "date": "2026-11-30",
    "yes_no": "no",
    "choice": "small",
    "choices": ["north", "east"],
    "money": "1,250.5 eur",
    "date_time": "2026-11-30T14:30",
    "tender_page": "https://tender.example/lot?n=7&x=<b>",
    "buyer_email": " buyer@tender.example",
    "switchboard": "+49 30 123456",
}
READ = {
    "text": "B-7 &lt;b&gt;&amp;",
    "long_text": "Two lines",
    "whole": "1,250",
    "decimal": "12.5",
    "date": "30 Nov 2026",
    "yes_no": "No",
    "choice": "Small",
    "choices": "North, East",
    "money": "€1,250.50",
    "date_time": "30 Nov 2026, 14:30",
    "tender_page": '<a href="https://tender.example/lot?n=7&amp;x=&lt;b&gt;"',
    "buyer_email": '<a href="mailto:buyer@tender.example"',
    "switchboard": '<a href="tel:+4930123456"',
}
STORED = VALUES | {"whole": 1250}


def sent(answer: Any) -> dict[str, Any]:
    """Return what the form of a page would send if one pressed its button at once."""
    data = {}
    for field in answer.context["form"]:
        value = field.value()
        value = getattr(value, "pk", value)
        if value not in (None, "", False, []):
            data[field.html_name] = value
    return data


def typed(more: dict[str, Any] = TYPED) -> dict[str, Any]:
    return {f"custom.{key}": value for key, value in more.items()}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.mark.parametrize("kind", sorted(FACTORIES))
def test_goes_through_form_and_page_of_every_kind(
    kind: str, client: Client, admin: User, rep: User
) -> None:
    one_of_each(kind, by=admin)
    client.force_login(rep)
    record = FACTORIES[kind](owner=rep)
    room = f"/{ROOMS[kind]}/"
    named = {"topic": "Looms", "last_name": "Jacquard", "name": "Jacquard & Fils"}

    form = client.get(f"{room}new/")
    made = client.post(f"{room}new/", sent(form) | named | typed())
    edit = client.get(f"{room}{record.pk}/edit/")
    saved = client.post(f"{room}{record.pk}/edit/", sent(edit) | typed())
    page = client.get(f"{room}{record.pk}/")
    again = client.get(f"{room}{record.pk}/edit/")
    unchanged = client.post(f"{room}{record.pk}/edit/", sent(again))

    assert made.status_code == saved.status_code == unchanged.status_code == 302
    record.refresh_from_db()
    new = type(record).objects.latest("pk")
    assert new.pk != record.pk
    assert (record.custom, new.custom) == (STORED, STORED)
    assert record.version == 2, "saving what stands writes nothing"
    text = page.content.decode()
    for key, words in READ.items():
        row = re.search(rf'id="field-custom\.{key}">.*?</div>', text, re.DOTALL)
        assert row, key
        assert words in row[0], key
        assert f"/edit/#id_custom.{key}" in row[0]
    assert '<h2 class="c-group__head">More</h2>' in text


def test_stands_in_its_section_and_order(reps: Client, admin: User, rep: User) -> None:
    define("lead", "code", section="company", position=2, by=admin)
    define("lead", "size", section="Company", position=1, help_text="In people", by=admin)
    define("lead", "own", section="Our own", by=admin)
    lead = LeadFactory(owner=rep)

    form = reps.get("/leads/new/").content.decode()
    page = reps.get(f"/leads/{lead.pk}/").content.decode()

    places = [form.index(f'id="id_{name}"') for name in ("country", "custom.size", "custom.code")]
    assert places == sorted(places)
    assert places[-1] < form.index("<legend>Interest") < form.index("<legend>Our own")
    assert "In people" in form
    places = [page.index(f'"field-{name}"') for name in ("country", "custom.size", "custom.code")]
    assert places == sorted(places)
    assert places[-1] < page.index("Interest</h2>") < page.index("Our own</h2>")
    # An empty one invites to fill it in, like any other field.
    assert re.search(rf'href="/leads/{lead.pk}/edit/#id_custom.own"[^>]*>Add own</a>', page)


def test_what_is_wrong_is_said_in_the_words_of_the_field(
    reps: Client, admin: User, rep: User
) -> None:
    one_of_each("lead", by=admin)
    wrong = {
        "whole": "12.5",
        "decimal": "around 30",
        "date": "soon",
        "yes_no": "perhaps",
        "choice": "huge",
        "choices": ["west"],
        "text": "x" * 256,
        "money": "12 dollars",
        "date_time": "2026-11-30T25:00",
        "tender_page": "javascript:alert(1)",
        "buyer_email": "nobody",
        "switchboard": "call me",
    }

    form = reps.get("/leads/new/")
    answer = reps.post("/leads/new/", sent(form) | {"topic": "T", "last_name": "L"} | typed(wrong))

    assert answer.status_code == 422
    errors = {name: list(told) for name, told in answer.context["form"].errors.items()}
    assert errors == {
        "custom.whole": ["Enter Machines as a whole number, like 250"],
        "custom.decimal": ["Enter Discount as a number, like 12.5"],
        "custom.date": ["Enter Contract end as a date"],
        "custom.yes_no": ["Choose one of the list for Is partner"],
        "custom.choice": ["Choose one of the list for Size"],
        "custom.choices": ["Choose one of the list for Regions"],
        "custom.text": ["Budget code can have at most 255 characters; these are 256"],
        "custom.money": ["Enter Fee as an amount, like 1250.50 EUR"],
        "custom.date_time": ["Enter Demo at as a date with a time, like 2026-11-30 14:30"],
        "custom.tender_page": ["Enter Tender page as a web address, like https://example.com"],
        "custom.buyer_email": ["Enter Buyer email as an email address, like ada@example.com"],
        "custom.switchboard": ["Enter Switchboard as a phone number, like +49 30 123456"],
    }
    assert 'href="#id_custom.whole"' in answer.content.decode()
    assert "around 30" in answer.content.decode()
    assert not Lead.objects.exists()


def test_a_new_required_field_is_asked_for_when_an_old_record_is_edited(
    reps: Client, admin: User, rep: User
) -> None:
    lead = LeadFactory(owner=rep)
    define("lead", "budget_code", is_required=True, by=admin)
    define("lead", "size", default="Unknown", is_required=True, by=admin)

    new = reps.get("/leads/new/")
    edit = reps.get(f"/leads/{lead.pk}/edit/")
    refused = reps.post(f"/leads/{lead.pk}/edit/", sent(edit) | {"job_title": "Weaver"})
    told = {"custom.budget_code": "B7", "custom.size": "Large"}
    saved = reps.post(f"/leads/{lead.pk}/edit/", sent(edit) | told)

    assert new.context["form"]["custom.size"].value() == "Unknown"
    assert edit.context["form"]["custom.size"].value() is None, "what stands, not the default"
    assert refused.status_code == 422
    assert refused.context["form"].errors == {
        "custom.budget_code": ["Enter the budget code"],
        "custom.size": ["Enter the size"],
    }
    assert saved.status_code == 302
    lead.refresh_from_db()
    assert lead.custom == {"budget_code": "B7", "size": "Large"}
    # Who changes it without the form is not stopped.
    LeadFactory(owner=rep)


def test_a_stale_edit_shows_both_and_loses_nothing(reps: Client, admin: User, rep: User) -> None:
    one_of_each("lead", by=admin)
    lead = LeadFactory(owner=rep, custom={"choice": "small", "choices": ["north"], "whole": 1})
    form = sent(reps.get(f"/leads/{lead.pk}/edit/"))
    update_lead(
        lead,
        by=User.objects.get(pk=admin.pk),
        custom={"choice": "large", "choices": ["south"], "date": "2026-11-30", "text": "Theirs"},
    )

    mine = typed({"choice": "small", "choices": ["east", "north"], "whole": "2", "yes_no": "yes"})
    stale = reps.post(f"/leads/{lead.pk}/edit/", form | mine)

    assert stale.status_code == 409
    lines = {
        line["name"].removeprefix("custom."): (line["taken"], line["mine"], line["theirs"])
        for line in stale.context["merge"]
    }
    assert lines == {
        "choice": ("theirs", "Small", "Large"),
        "choices": ("ask", "North, East", "South"),
        "whole": ("mine", "2", "1"),
        "yes_no": ("mine", "Yes", "empty"),
        "date": ("theirs", "empty", "30 Nov 2026"),
        "text": ("theirs", "empty", "Theirs"),
    }
    again = sent(stale) | {"merge-custom.choices": "mine"}
    assert reps.post(f"/leads/{lead.pk}/edit/", again).status_code == 302
    lead.refresh_from_db()
    assert lead.custom == {
        "choice": "large",
        "choices": ["north", "east"],
        "whole": 2,
        "yes_no": True,
        "date": "2026-11-30",
        "text": "Theirs",
    }


def test_closed_records_show_them_to_read(reps: Client, admin: User, rep: User) -> None:
    for kind in ("lead", "opportunity"):
        define(kind, "budget_code", by=admin)
    lead = LeadFactory(owner=rep, custom={"budget_code": "B-77"})
    qualify(lead, by=rep)
    deal = win(OpportunityFactory(owner=rep, custom={"budget_code": "B-77"}), by=rep)

    for address in (f"/leads/{lead.pk}/", f"/opportunities/{deal.pk}/"):
        page = reps.get(address).content.decode()
        assert "B-77" in page
        assert "#id_custom.budget_code" not in page


def test_a_retired_field_is_hidden_everywhere(reps: Client, admin: User, rep: User) -> None:
    field = define("lead", "budget_code", by=admin)
    lead = LeadFactory(owner=rep, custom={"budget_code": "B-77"})
    field.is_active = False
    save_field(field, by=admin)

    for address in ("/leads/new/", f"/leads/{lead.pk}/edit/", f"/leads/{lead.pk}/"):
        page = reps.get(address).content.decode()
        assert "Budget code" not in page
        assert "B-77" not in page
    form = sent(reps.get(f"/leads/{lead.pk}/edit/"))
    reps.post(f"/leads/{lead.pk}/edit/", form | {"topic": "Other", "custom.budget_code": "X"})
    lead.refresh_from_db()
    assert (lead.topic, lead.custom) == ("Other", {"budget_code": "B-77"})


def test_a_retired_choice_is_kept_and_not_offered(reps: Client, admin: User, rep: User) -> None:
    field = define("lead", "size", type="choice", choices=["Small", "Large"], by=admin)
    lead, other = LeadFactory(owner=rep, custom={"size": "small"}), LeadFactory(owner=rep)
    field.choices[0]["is_active"] = False
    save_field(field, by=admin)

    edit = reps.get(f"/leads/{lead.pk}/edit/")
    assert "Small (out of use)" in edit.content.decode()
    assert "Small" not in reps.get(f"/leads/{other.pk}/edit/").content.decode()
    assert reps.post(f"/leads/{lead.pk}/edit/", sent(edit) | {"topic": "T"}).status_code == 302
    form = sent(reps.get(f"/leads/{other.pk}/edit/"))
    answer = reps.post(f"/leads/{other.pk}/edit/", form | {"custom.size": "small"})
    assert answer.status_code == 422


def test_values_of_a_wrong_type_break_no_page(reps: Client, admin: User, rep: User) -> None:
    one_of_each("lead", by=admin)
    lead = LeadFactory(owner=rep)
    rubbish: Any
    for rubbish in ({"a": [1]}, [{"b": 2}], "text", 7, True, "", [], 1e300):
        Lead.objects.filter(pk=lead.pk).update(custom=dict.fromkeys([*TYPED, "unknown"], rubbish))
        for address in (f"/leads/{lead.pk}/", f"/leads/{lead.pk}/edit/"):
            assert reps.get(address).status_code == 200, rubbish
        form = sent(reps.get(f"/leads/{lead.pk}/edit/"))
        answer = reps.post(f"/leads/{lead.pk}/edit/", form | {"topic": f"About {rubbish}"[:40]})
        assert answer.status_code == 302, rubbish
    Lead.objects.filter(pk=lead.pk).update(custom=["no", "object"])
    assert reps.get(f"/leads/{lead.pk}/").status_code == 200
    assert reps.get(f"/leads/{lead.pk}/edit/").status_code == 200


def test_hostile_labels_help_and_choices_are_only_text(
    reps: Client, admin: User, rep: User
) -> None:
    evil = '"><script>alert(1)</script>{{ 7|add:7 }}%(x)s %s'
    define(
        "lead", "evil", label=evil, help_text=evil, section=evil, is_required=True,
        type="choice", choices=[evil, "Other"], by=admin,
    )  # fmt: skip
    lead = LeadFactory(owner=rep, custom={"evil": "other"})

    form = reps.get("/leads/new/")
    refused = reps.post("/leads/new/", {"custom.evil": "%s %(y)d <b>"})
    pages = [form, refused, reps.get(f"/leads/{lead.pk}/"), reps.get(f"/leads/{lead.pk}/edit/")]

    assert [page.status_code for page in pages] == [200, 422, 200, 200]
    for page in pages:
        assert "<script>alert(1)" not in page.content.decode()
        assert "{{ 7|add:7 }}" in page.content.decode()


def test_numbers_are_read_as_people_write_them() -> None:
    for text in ("1,250", "1 250", "1'250", "1250", "+1250", "1250.0"):
        assert number_of(text) == 1250, text
    for text in ("", "-", "1,25", "1.2.3", "1e5", "NaN", "0x1", "1-2", "--1", "9" * 99, "٣"):
        assert number_of(text) is None, text
    assert number_of("−7.5") == number_of("-7.5") is not None


def test_definitions_of_others_do_not_matter(reps: Client, admin: User) -> None:
    define("account", "size", label="Size of the house", by=admin)

    assert "Size of the house" not in reps.get("/leads/new/").content.decode()
    assert CustomField.objects.count() == 1
    assert not FormLayout.objects.exclude(sections=[]).exists()
