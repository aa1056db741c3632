"""What looks like the record that is typed: while one types, and without scripts."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Contact
from accounts.operations import create_account, create_contact
from leads.models import Lead
from leads.operations import capture_lead, dismiss_pair
from tests.factories import UserFactory
from tests.posted import posted

HINTS = reverse("duplicates:hints")
TYPED = {"first_name": "Elena", "last_name": "Marchetti", "email": "elena@nord.example"}
HTMX = {"HX-Request": "true", "HX-Target": "hints"}


def a_lead(by, **fields):
    known = {**TYPED, "topic": "Pumps", "company": "Nordwind Energie"}
    return capture_lead(by=by, owner=by, **{**known, **fields})


def the_three(by):
    """A lead, a contact and an account that look like what is typed."""
    account = create_account(by=by, name="Nordwind Energie GmbH", website="https://nord.example")
    contact = create_contact(by=by, **TYPED, account=account)
    return a_lead(by), contact, account


@pytest.fixture
def visitor(client, rep):
    client.force_login(rep)
    return client


def hints(client, kind="lead", number=None, **typed):
    data = {"kind": kind, **typed} | ({"id": number} if number else {})
    return client.get(HINTS, data, headers=HTMX)


def test_tells_how_many_of_each_kind_look_like_a_lead(visitor, rep):
    the_three(rep)

    page = hints(visitor, **TYPED, company="Nordwind Energie")

    assert page.context["hints"]["title"] == "1 lead, 1 contact and 1 account look like this"


def test_gives_each_with_score_reasons_and_a_link_to_a_new_tab(visitor, rep):
    lead = a_lead(rep)

    page = hints(visitor, **TYPED)

    (row,) = page.context["hints"]["rows"]
    text = page.content.decode()
    assert row["url"] == lead.get_absolute_url()
    assert row["score"] >= 80
    assert {"label": "Same email", "state": "agrees"} in row["reasons"]
    assert f'href="{row["url"]}" target="_blank" rel="noopener"' in text
    assert f"{row['score']}% match" in text


@pytest.mark.parametrize(
    ("kind", "found"), [("contact", {"contact", "lead"}), ("account", {"account"})]
)
def test_looks_for_the_kinds_that_can_be_meant(visitor, rep, kind, found):
    the_three(rep)

    page = hints(visitor, kind, **TYPED, name="Nordwind Energie")

    assert {row["kind"] for row in page.context["hints"]["rows"]} == found


def test_says_nothing_of_what_is_nothing_alike(visitor, rep):
    a_lead(rep)

    page = hints(visitor, last_name="Okonkwo", email="chidi@else.example")

    assert page.context["hints"]["rows"] == []
    assert "Nothing looks like this" in page.content.decode()


def test_is_no_hint_to_itself(visitor, rep):
    lead = a_lead(rep)

    assert hints(visitor, number=lead.pk, **TYPED).context["hints"]["rows"] == []


def test_does_not_come_back_with_what_is_said_to_be_another(visitor, rep):
    lead, other = a_lead(rep), a_lead(rep, topic="Valves")
    dismiss_pair(lead, other, by=rep)

    assert hints(visitor, number=lead.pk, **TYPED).context["hints"]["rows"] == []
    assert len(hints(visitor, **TYPED).context["hints"]["rows"]) == 2


def test_says_of_what_one_may_not_see_only_that_it_is_there_and_who_can_help(client, rep, outsider):
    lead, contact, account = the_three(rep)
    client.force_login(outsider)

    page = hints(client, **TYPED, company="Nordwind Energie")

    text = page.content.decode()
    told = page.context["hints"]
    assert told["rows"] == []
    assert told["title"] == ""
    assert len(told["hidden"]) == 3
    assert str(rep) in text
    assert "A lead that you cannot open" in text
    for secret in (
        "Pumps",
        "GmbH",
        "nord.example",
        "match",
        "Same",
        *map(url_of, (lead, contact, account)),
    ):
        assert secret not in text


def url_of(record):
    return record.get_absolute_url()


def test_does_not_tell_one_hidden_record_from_another_by_its_number(client, rep, outsider):
    lead = a_lead(rep)
    client.force_login(outsider)

    hidden, absent = (hints(client, number=n, **TYPED) for n in (lead.pk, lead.pk + 1000))

    assert hidden.status_code == absent.status_code == 404


def test_tells_nothing_to_those_who_may_add_nothing(client, rep):
    a_lead(rep)
    client.force_login(UserFactory(may={"leads.view_lead": "all"}))

    assert hints(client, **TYPED).status_code == 403


def test_leaves_what_stands_there_when_nothing_has_changed(visitor, rep):
    a_lead(rep)
    seen = hints(visitor, **TYPED).context["hints"]["seen"]

    assert hints(visitor, **TYPED, seen=seen, city="Oslo").status_code in {200, 204}
    assert hints(visitor, **TYPED, seen=seen).status_code == 204
    assert hints(visitor, last_name="Okonkwo", seen=seen).status_code == 200


@pytest.mark.parametrize(
    "odd",
    [
        {"email": "a\x00b@nord.example"},
        {"last_name": "\ud800".encode("utf-8", "surrogatepass")},
        {"country": "Nowhere land", "phone": "+" * 400},
        {"company": "x" * 5000, "account": "Nord (#99999999999999999999999)"},
        {"products": "1", "estimated_value": "much", "contact": "7", "version": "x"},
    ],
)
def test_takes_whatever_is_typed(visitor, rep, odd):
    a_lead(rep)

    assert hints(visitor, **{**TYPED, **odd}).status_code == 200
    assert hints(visitor, "contact", **{**TYPED, **odd}).status_code == 200
    assert hints(visitor, "account", **{"name": "Nord", **odd}).status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "1.5"])
def test_a_number_that_is_none_is_not_found(visitor, number):
    assert hints(visitor, number=number, **TYPED).status_code == 404


def test_answers_as_a_page_of_its_own_without_scripts(visitor, rep):
    a_lead(rep)

    page = visitor.get(HINTS, {"kind": "lead", **TYPED})

    assert "<h1" in page.content.decode()
    assert len(page.context["hints"]["rows"]) == 1


def test_takes_the_same_few_statements_whatever_there_is(visitor, rep, statements):
    a_lead(rep)
    hints(visitor, **TYPED)
    with statements() as few:
        hints(visitor, **TYPED, company="Nordwind Energie")
    for number in range(20):
        a_lead(rep, topic=f"Pump {number}", city=f"Place {number}")
        create_contact(
            by=rep, first_name="Elena", last_name="Marchetti", phone=f"+4930555{number:04}"
        )
    with statements() as many:
        page = hints(visitor, **TYPED, company="Nordwind Energie")

    assert len(page.context["hints"]["rows"]) == 6
    assert len(many) == len(few) <= 10


# Forms


@pytest.mark.parametrize("room", ["leads", "accounts", "contacts"])
def test_every_form_of_these_kinds_has_the_hints_beside_it(visitor, room):
    page = visitor.get(reverse(f"{room}:create")).content.decode()

    kind = room.rstrip("s")
    assert f'hx-get="{HINTS}?kind={kind}"' in page
    assert f'formaction="{reverse(f"duplicates:look-{kind}")}"' in page


def test_a_form_that_came_back_looks_at_once(visitor, rep):
    new = visitor.get(reverse("leads:create")).content.decode()
    back = visitor.post(reverse("leads:create"), {"topic": "Pumps"}).content.decode()
    edit = visitor.get(reverse("leads:edit", kwargs={"pk": a_lead(rep).pk})).content.decode()

    assert 'hx-trigger="load, input' not in new
    assert 'hx-trigger="load, input' in back
    assert 'hx-trigger="load, input' in edit


def test_other_forms_have_none(visitor):
    assert HINTS not in visitor.get(reverse("opportunities:create")).content.decode()


def test_looks_without_scripts_and_loses_nothing_that_was_typed(visitor, rep):
    lead = a_lead(rep)

    page = visitor.post(
        reverse("duplicates:look-lead"),
        {**TYPED, "description": "Long words", "estimated_value": "a lot", "need": "critical"},
    )

    text = page.content.decode()
    assert page.status_code == 200
    assert [row["url"] for row in page.context["hints"]["rows"]] == [lead.get_absolute_url()]
    assert "Long words" in text
    assert 'value="a lot"' in text
    assert f'action="{reverse("leads:create")}"' in text
    assert page.context["errors"] == []
    assert "c-field-error" not in text
    assert Lead.objects.count() == 1


def test_looks_while_a_contact_is_changed_and_saves_nothing(visitor, rep):
    contact = create_contact(by=rep, last_name="Byron")
    other = create_contact(by=rep, **TYPED)
    address = reverse("duplicates:look-contact-edit", kwargs={"pk": contact.pk})

    page = visitor.post(address, {**TYPED, "version": contact.version})

    text = page.content.decode()
    assert [row["url"] for row in page.context["hints"]["rows"]] == [other.get_absolute_url()]
    assert f'action="{reverse("contacts:edit", kwargs={"pk": contact.pk})}"' in text
    assert f'name="version" value="{contact.version}"' in text
    assert Contact.objects.get(pk=contact.pk).last_name == "Byron"


def test_what_was_looked_at_can_be_saved_as_it_stands(visitor, rep):
    a_lead(rep)
    sent = posted(visitor.get(reverse("leads:create")).content.decode()).dict()
    page = visitor.post(reverse("duplicates:look-lead"), {**sent, **TYPED, "topic": "Valves"})

    answer = visitor.post(reverse("leads:create"), posted(page.content.decode()).dict())

    assert answer.status_code == 302
    assert Lead.objects.filter(topic="Valves", email="elena@nord.example").exists()


def test_the_address_of_looking_leads_back_to_the_form(visitor):
    assert visitor.get(reverse("duplicates:look-account")).url == reverse("accounts:create")
