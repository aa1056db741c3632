"""Templates: kept by anybody, shared by rank, and filled with what the writer may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Contact
from accounts.operations import update_contact
from emails.models import EmailTemplate
from emails.operations import change_template, delete_template, save_template
from emails.operations.templates import TemplateIsGone
from emails.placeholders import filled
from emails.queries import people_of, placeholders_for, values_for
from leads.operations import update_lead
from records.errors import NotPermitted, Stale, Unacceptable
from records.layouts import hidden_in
from tests.api.conftest import Caller
from tests.custom import define
from tests.emails.conftest import ADA
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory

pytestmark = pytest.mark.once  # words of letters


def keep(by: Any, **said: Any) -> EmailTemplate:
    about = {"name": "Thanks", "subject": "Thanks", "text": "Thank you", **said}
    return save_template(EmailTemplate(**about), by=by)


def offered(user: Any, kind: str = "lead") -> list[str]:
    return [each.name for each in EmailTemplate.objects.offered(user, kind)]


# Who has them


def test_are_offered_to_those_with_whom_they_are_shared(rep, rep2, outsider, manager):
    keep(rep, name="Mine")
    keep(rep, name="Ours", audience="team")
    keep(manager, name="All", audience="everyone", kinds=["lead"])
    keep(rep, name="Old", audience="team", is_active=False)

    assert offered(rep) == ["All", "Mine", "Ours"]
    assert offered(rep2) == ["All", "Ours"]
    assert offered(outsider) == ["All"]
    assert offered(rep, "account") == ["Mine", "Ours"]


def test_are_changed_by_their_owner_and_those_who_look_after_them(rep, rep2, outsider, manager):
    ours = keep(rep, audience="team")

    with pytest.raises(NotPermitted):
        change_template(ours, by=rep2, name="X")
    with pytest.raises(TemplateIsGone):
        change_template(ours, by=outsider, name="X")
    changed = change_template(ours, by=manager, name="Better", version=1)
    assert (changed.name, changed.version, changed.owner) == ("Better", 2, rep)
    assert change_template(ours, by=manager, name="Better").version == 2
    with pytest.raises(Stale):
        change_template(ours, by=rep, text="Else", version=1)
    with pytest.raises(NotPermitted):
        change_template(ours, by=rep, audience="everyone")
    with pytest.raises(NotPermitted):
        delete_template(ours, by=rep2)
    delete_template(ours, by=rep)
    assert not EmailTemplate.objects.exists()


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"name": ""}, "name", ""),
        ({"text": "{{ nobody }}"}, "text", "“nobody”"),
        ({"subject": "{{ lead.password }}"}, "subject", "“lead.password”"),
        ({"text": "{{ lead.topic.__class__ }}"}, "text", "“{{ lead.topic.__class__ }}”"),
        ({"text": "{{ first_name"}, "text", "“{{ first_name”"),
        ({"text": "{{ 7*7 }}"}, "text", "“{{ 7*7 }}”"),
        ({"text": "{{ owner.password }}"}, "text", "“owner.password”"),
        ({"text": "{{ topic }}", "kinds": ["lead", "account"]}, "text", "“topic”"),
        ({"text": "{{ account.name }}", "kinds": ["contact", "lead"]}, "", ""),
        ({"text": "{{ lead.topic }}", "kinds": ["contact"]}, "text", "“lead.topic”"),
        ({"subject": "One\nTwo"}, "subject", "one line"),
        ({"text": "{% load x %}{{ person.first_name|there }}{{ me.name }}"}, "", ""),
    ],
)
def test_say_by_name_which_placeholder_there_is_none_of(rep, said, field, words):
    if not field:
        assert keep(rep, **said).pk
        return
    with pytest.raises(Unacceptable) as refusal:
        keep(rep, **said)
    assert list(refusal.value.errors) == [field]
    assert words in str(refusal.value)


# What they say


def say(text: str, record: Any, by: Any) -> str:
    return filled(text, values_for(record, by, next(iter(people_of(record, by)), None)))


def test_say_fields_in_words_and_nothing_where_there_is_nothing(rep, admin):
    define("lead", "size", type="choice", choices=["Small", "Large"], by=admin)
    lead = LeadFactory(
        owner=rep, first_name="Ada", company="", rating="hot", estimated_value=8000,
        currency="EUR", country="DE", custom={"size": "large"},
    )  # fmt: skip

    told = say(
        "{{ first_name }}/{{ lead.rating }}/{{ estimated_value }}/{{ country }}/{{ owner }}/"
        "{{ custom.size }}/{{ company|your firm }}/{{ me.email }}/{{ account.name|none }}/"
        "{{ bant.budget|unknown }}/{{ consent }}/{{ created_at }}",
        lead,
        rep,
    )

    parts = told.split("/")
    assert parts[:6] == ["Ada", "Hot", "€8,000", "Germany", "Rep", "Large"]
    assert parts[6:11] == ["your firm", rep.email, "none", "unknown", "no"]
    assert ":" in parts[11]


def test_what_is_filled_in_is_never_filled_in_again(rep):
    lead = LeadFactory(owner=rep, topic="{{ email }}", first_name="{{ owner }}")

    assert say("{{ topic }} {{ person.first_name }}", lead, rep) == "{{ email }} {{ owner }}"


def test_fill_in_nothing_that_the_writer_may_not_see(rep, outsider):
    account = AccountFactory(owner=outsider, name="Secret Works")
    contact = ContactFactory(owner=outsider, account=account, job_title="Secret chief")
    lead = LeadFactory(owner=rep, account=account, contact=contact)
    deal = OpportunityFactory(owner=rep, account=account, contact=contact)

    for record, names in (
        (lead, ["account.name", "contact.job_title", "lead.account.industry"]),
        (deal, ["account.name", "contact.job_title", "person.first_name"]),
    ):
        for name in names:
            assert say(f"{{{{ {name}|nothing }}}}", record, rep) == "nothing", name
    assert say("{{ account.name }}", lead, outsider) == "Secret Works"


def test_say_nothing_of_what_a_layout_hides(rep, monkeypatch):
    contact = ContactFactory(owner=rep, job_title="Chief", mobile="+1 212 555 0123")

    def hidden(kind: str, user: Any) -> frozenset[str]:
        return hidden_in(kind, user) | ({"job_title"} if kind == "contact" else set())

    monkeypatch.setattr("emails.queries.hidden_in", hidden)

    assert say("{{ job_title|-}}{{ person.job_title|-}}{{ mobile }}", contact, rep) == (
        "--+1 212 555 0123"
    )


def test_every_name_that_is_offered_can_be_filled_in(rep, admin):
    define("lead", "size", type="whole", by=admin)
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    records = {
        "lead": LeadFactory(owner=rep, account=account, contact=contact),
        "account": account,
        "contact": Contact.objects.get(pk=contact.pk),
        "opportunity": OpportunityFactory(owner=rep, account=account, contact=contact),
    }
    for kind, record in records.items():
        names = placeholders_for([kind], rep)
        text = "\n".join(f"{{{{ {name} }}}}" for name in names)
        keep(rep, name=kind, kinds=[kind], text=text)
        told = say(text, record, rep)
        assert "{{" not in told
        assert len(told.split("\n")) == len(names)
    everywhere = "\n".join(f"{{{{ {name} }}}}" for name in placeholders_for([], rep))
    assert "{{" not in say(everywhere[:9_000].rpartition("\n")[0], records["lead"], rep)


# Pages


def test_are_written_shown_on_a_record_and_saved(client: Client, rep, outsider):
    client.force_login(rep)
    lead = LeadFactory(owner=rep, first_name="Ada")
    hidden = LeadFactory(owner=outsider, first_name="Eve")
    url = reverse("emails:template-create")
    data = {
        "name": "Hello", "kinds": ["lead"], "audience": "private", "subject": "Hi",
        "text": "Dear {{ first_name|you }} <b>", "is_active": "on",
    }  # fmt: skip

    preview = client.post(url, {**data, "on": f"lead:{lead.pk}", "preview": "1"})
    of_others = client.post(url, {**data, "on": f"lead:{hidden.pk}", "preview": "1"})
    wrong = client.post(url, {**data, "text": "{{ nobody }}", "preview": "1"})
    refused = client.post(url, {**data, "text": "{{ nobody }}"})

    assert "Dear Ada &lt;b&gt;" in preview.content.decode()
    assert preview.context["form"]["text"].value() == data["text"]
    assert "Eve" not in of_others.content.decode()
    assert "“nobody”" in wrong.content.decode()
    assert refused.status_code == 422
    assert not EmailTemplate.objects.exists()
    assert client.post(url, data).status_code == 302
    assert "Hello" in client.get(reverse("emails:list")).content.decode()


def test_two_people_who_change_one_are_shown_both(client: Client, rep, manager):
    client.force_login(rep)
    ours = keep(rep, audience="team", kinds=["lead"])
    url = reverse("emails:template-edit", args=[ours.pk])
    form = client.get(url).context["form"]
    data = {field.html_name: field.value() for field in form if field.value() is not None}
    change_template(ours, by=manager, text="Theirs")

    answer = client.post(url, {**data, "text": "Mine"})

    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode()
    assert "Mine" in answer.content.decode()
    again = {field.html_name: field.value() for field in answer.context["form"]}
    again = {name: value for name, value in again.items() if value is not None}
    assert client.post(url, {**again, "merge-text": "mine"}).status_code == 302
    ours.refresh_from_db()
    assert ours.text == "Mine"


def test_are_there_for_programs(rep, outsider):
    ours = keep(rep, audience="team")

    listed = Caller(rep).get("email-templates/").json()["results"]
    one = Caller(rep).get(f"email-templates/{ours.pk}/").json()

    assert [each["id"] for each in listed] == [ours.pk]
    assert (one["name"], one["text"], one["audience"]) == ("Thanks", "Thank you", "team")
    assert Caller(outsider).get(f"email-templates/{ours.pk}/").status_code == 404
    assert Caller(rep).post("email-templates/", {"name": "x"}).status_code == 405


def test_programs_send_emails_and_read_what_became_of_them(rep, rep2, outsider, lead):
    template = keep(rep, subject="For {{ lead.company }}", text="Dear {{ person.first_name }}")
    caller, url = Caller(rep), f"leads/{lead.pk}/emails/"

    first = caller.post(url, {"template": template.pk, "subject": "Mine"}, Idempotency_Key="a")
    again = caller.post(url, {"template": template.pk, "subject": "Mine"}, Idempotency_Key="a")
    answer = caller.post(url, {"to": ["x@y.example"], "cc": ["c@y.example"], "subject": "Re",
                               "text": "Hello", "answers": first.json()["id"]})  # fmt: skip
    listed = caller.get(url).json()["results"]

    assert (first.status_code, again.json()) == (201, first.json())
    assert (first.json()["subject"], first.json()["text"]) == ("Mine", "Dear Ada")
    assert first.json()["people"] == ADA
    assert first.json()["delivery"]["state"] == "sent"
    assert answer.json()["people"] == "x@y.example, c@y.example"
    assert [each["id"] for each in listed] == [answer.json()["id"], first.json()["id"]]
    for body, name in (
        ({"to": ["x"], "subject": "a", "text": "b"}, "to"),
        ({"to": "x@y.example"}, "to"),
        ({"subject": "a"}, "text"),
        ({"text": "a"}, "subject"),
        ({"template": 99}, "template"),
        ({"answers": 99, "subject": "a", "text": "b"}, "answers"),
        ({"whom": "x"}, "whom"),
    ):
        refused = caller.post(url, body)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])
    update_lead(lead, by=rep, do_not_contact=True)
    alone = caller.post(url, {"to": [ADA], "subject": "a", "text": "b"})
    assert (alone.status_code, alone.json()["code"]) == (409, "is_left_alone")
    assert Caller(outsider).post(url, {}).status_code == 404
    assert Caller(rep, scope="read").post(url, {}).status_code == 403


def test_nobody_is_greeted_whose_address_is_only_part_of_the_one_written_to(rep, lead):
    template = keep(rep, subject="Hello", text="Dear {{ person.first_name|customer }}")

    answer = Caller(rep).post(
        f"leads/{lead.pk}/emails/", {"template": template.pk, "to": [f"x{lead.email}"]}
    )

    assert (answer.status_code, answer.json()["text"]) == (201, "Dear customer")


def test_the_first_of_the_people_is_greeted_and_nobody_who_is_left_alone(rep):
    contact = ContactFactory(owner=rep, first_name="Zoë")
    contact = update_contact(contact, by=rep, do_not_contact=True)

    assert [each.is_left_alone for each in people_of(contact, rep)] == [True]
