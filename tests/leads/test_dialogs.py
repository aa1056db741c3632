"""Qualifying field by field on the page, and the same pages as dialogs over a lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client, RequestFactory

from accounts.errors import NeedsDecision
from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact
from leads.models import Lead
from leads.operations import capture_lead, qualify, undo
from leads.views import LeadQualify
from opportunities.models import Opportunity
from tests.test_budgets import PREVIEW, in_short, statements_of

if TYPE_CHECKING:
    from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
PART = {"HX-Request": "true", "HX-Target": "qualify-judgement"}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def account(rep: User) -> Account:
    return create_account(by=rep, name="Ferrovia Pumps", city="Milan", phone="+39 02 5550 0001")


@pytest.fixture
def contact(rep: User, account: Account) -> Contact:
    return create_contact(
        by=rep,
        first_name="Elena",
        last_name="Rossi",
        email="elena@ferrovia.example",
        account=account,
    )


@pytest.fixture
def lead(rep: User) -> Lead:
    return a_lead(rep)


def a_lead(rep: User, **fields: Any) -> Lead:
    known = {
        "topic": "Eight pumps",
        "first_name": "Elena",
        "last_name": "Marchetti",
        "job_title": "Head of operations",
        "company": "Ferrovia Pumps",
        "city": "Turin",
        "email": "elena@ferrovia.example",
    }
    return capture_lead(by=rep, **(known | fields))


def url(lead: Lead, page: str = "qualify") -> str:
    return f"/leads/{lead.pk}/{page}/"


def sent(reps: Client, lead: Lead, **choices: Any) -> dict[str, Any]:
    """Return what a browser would send from the page as it stands."""
    answer = reps.get(url(lead))
    form = answer.context["form"]
    data = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    for target in answer.context["targets"]:
        data[target["name"]] = "auto"
        data[f"{target['name']}-auto"] = target["auto_pk"]
        for line in target["compared"]:
            data[line["field"]] = line["take"] if line["is_carried"] else line["keep"]
    data["stage"] = form["stage"].field.choices[0][0]
    return data | choices


def test_shows_both_values_of_each_field_that_differs(
    reps: Client, lead: Lead, contact: Contact
) -> None:
    text = reps.get(url(lead)).content.decode()

    assert "3 fields differ" in text
    assert f'name="contact-{contact.pk}-last_name" value="take"' in text
    assert f'name="contact-{contact.pk}-job_title" value="keep"' in text


@pytest.mark.both
def test_without_a_choice_it_stays_with_what_would_be_decided(
    reps: Client, lead: Lead, contact: Contact
) -> None:
    reps.post(url(lead), sent(reps, lead))

    plan = lead.qualifications.get().plan
    assert plan["contact"] == {"action": "auto", "id": None, "take": [], "keep": []}


def test_takes_and_keeps_field_by_field(reps: Client, lead: Lead, contact: Contact) -> None:
    choices = {
        f"contact-{contact.pk}-last_name": "take",
        f"contact-{contact.pk}-job_title": "keep",
    }

    answer = reps.post(url(lead), sent(reps, lead, **choices))

    assert answer.status_code == 302, answer.context["errors"]
    contact.refresh_from_db()
    assert (contact.last_name, contact.job_title, contact.city) == ("Marchetti", "", "Turin")


def test_the_right_side_follows_a_choice_of_a_field(
    reps: Client, lead: Lead, account: Account, contact: Contact
) -> None:
    data = sent(reps, lead, **{f"account-{account.pk}-city": "take"})

    text = reps.post(url(lead), data, headers=PART).content.decode()

    assert "Replace on the account: City: Turin" in text
    assert "<html" not in text
    assert Account.objects.get().city == "Milan"


def test_what_follows_a_choice_takes_few_statements(
    reps: Client, rep: User, lead: Lead, account: Account, contact: Contact
) -> None:
    twin = a_lead(rep, topic="Eight pumps, once more")
    reps.post(url(lead), {"apart": f"account:{create_account(by=rep, name='Other').pk}"})
    data = sent(
        reps, lead, duplicates=[twin.pk], **{f"account-{account.pk}-city": "take", "update": "1"}
    )

    told = statements_of(lambda: reps.post(url(lead), data, headers=PART))

    assert len(told) <= PREVIEW, in_short(told)


def test_a_forged_field_is_refused_on_the_page(reps: Client, lead: Lead, contact: Contact) -> None:
    data = sent(reps, lead, **{f"contact-{contact.pk}-owner": "take"})

    answer = reps.post(url(lead), data)

    assert answer.status_code == 422
    assert "owner" in answer.content.decode()
    assert Lead.objects.get().is_open


@pytest.mark.both
def test_closes_the_duplicate_that_was_ticked(reps: Client, rep: User, lead: Lead) -> None:
    twin = a_lead(rep, topic="Eight pumps, once more")
    assert "Also close the duplicate lead" in reps.get(url(lead)).content.decode()

    reps.post(url(lead), sent(reps, lead, duplicates=[twin.pk]))

    twin.refresh_from_db()
    assert (twin.status, twin.duplicate_of) == ("disqualified", lead)


@pytest.mark.parametrize("page", ["qualify", "disqualify", "assign"])
def test_comes_as_a_dialog_when_htmx_asks_for_one(reps: Client, lead: Lead, page: str) -> None:
    text = reps.get(url(lead, page), headers=DIALOG).content.decode()

    assert text.lstrip().startswith("<dialog")
    assert 'hx-target="#dialog"' in text
    assert "hx-swap-oob" not in text
    assert "<h1" not in text


@pytest.mark.parametrize("page", ["undo", "reopen"])
def test_what_takes_it_back_comes_as_a_dialog_too(
    reps: Client, rep: User, lead: Lead, page: str
) -> None:
    qualify(lead, by=rep)

    text = reps.get(url(lead, page), headers=DIALOG).content.decode()

    assert text.lstrip().startswith("<dialog")


def test_a_dialog_that_is_refused_comes_back_as_a_dialog(reps: Client, lead: Lead) -> None:
    answer = reps.post(url(lead, "disqualify"), {}, headers=DIALOG)

    assert answer.status_code == 422
    text = answer.content.decode()
    assert text.lstrip().startswith("<dialog")
    assert "Choose a reason" in text


def test_a_dialog_that_worked_leads_on(reps: Client, lead: Lead) -> None:
    answer = reps.post(url(lead), sent(reps, lead, open_after=""), headers=DIALOG)

    assert answer.headers["HX-Redirect"] == Opportunity.objects.get().get_absolute_url()


def test_the_dialog_of_a_lead_that_somebody_else_qualified_has_no_form(
    reps: Client, manager: User, lead: Lead
) -> None:
    qualify(lead, by=manager)

    text = reps.get(url(lead), headers=DIALOG).content.decode()

    assert "is qualified already" in text
    assert url(lead, "receipt") in text
    assert "<form" not in text


# The queue, and the ways to the receipt


@pytest.mark.both
def test_what_only_a_person_can_decide_is_a_view_of_the_list(
    reps: Client, rep: User, lead: Lead
) -> None:
    create_account(by=rep, name="Oakmere", country="DE")
    asked = a_lead(
        rep, company="Oakmere", country="FR", last_name="Vandermeer", email="v@oak.example"
    )
    with pytest.raises(NeedsDecision):
        qualify(asked, by=rep)

    answer = reps.get("/leads/?undecided=1")

    text = answer.content.decode()
    assert "Vandermeer" in text
    assert "different country" in text
    assert "Marchetti" not in text
    tabs = {str(tab["label"]): tab["count"] for tab in answer.context["views"]}
    assert tabs["Needs a decision"] == "1"


@pytest.mark.both
def test_every_record_leads_to_the_receipt(reps: Client, rep: User, lead: Lead) -> None:
    made = qualify(lead, by=rep)
    receipt = f"/leads/{lead.pk}/receipt/"
    card = {"HX-Request": "true", "HX-Target": "related-leads"}

    assert receipt in reps.get(lead.get_absolute_url()).content.decode()
    assert receipt in reps.get(made.opportunities[0].get_absolute_url()).content.decode()
    for name, record in (("account", made.account), ("contact", made.contact)):
        part = reps.get(f"/leads/?{name}={record.pk}", headers=card).content.decode()
        assert receipt in part


# Not the same


@pytest.mark.both
def test_what_is_said_not_to_be_the_same_is_remembered_and_taken_back(
    reps: Client, lead: Lead, account: Account
) -> None:
    assert f'value="account:{account.pk}"' in reps.get(url(lead)).content.decode()

    answer = reps.post(url(lead), sent(reps, lead, apart=f"account:{account.pk}"))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Not the same: Ferrovia Pumps" in text
    assert Lead.objects.get().is_open
    assert "Not the same: Ferrovia Pumps" in reps.get(url(lead)).content.decode()
    reps.post(url(lead), {"together": f"account:{account.pk}"})
    assert "Not the same: Ferrovia Pumps" not in reps.get(url(lead)).content.decode()


def test_a_contact_that_is_not_the_same_is_not_used_unasked(
    reps: Client, rep: User, lead: Lead, contact: Contact
) -> None:
    answer = reps.post(url(lead), sent(reps, lead, apart=f"contact:{contact.pk}"))
    assert answer.context["targets"][1]["badge"] == "Create new"
    assert answer.context["targets"][1]["is_create"]

    assert reps.get(url(lead)).context["targets"][1]["badge"] == "Needs a decision"


def test_a_lead_that_is_no_duplicate_is_not_shown_again(
    reps: Client, rep: User, lead: Lead
) -> None:
    twin = a_lead(rep, topic="Eight pumps, once more")
    assert f"lead:{twin.pk}" in reps.get(url(lead)).content.decode()

    reps.post(url(lead), {"apart": f"lead:{twin.pk}"})

    assert "Possible duplicate" not in reps.get(url(lead)).content.decode()


@pytest.mark.parametrize("named", ["account:999999", "user:1", "account:x", "contact:", "1"])
def test_nothing_is_kept_of_what_one_cannot_see(reps: Client, lead: Lead, named: str) -> None:
    assert reps.post(url(lead), {"apart": named}).status_code == 404


def test_a_lead_is_not_told_apart_from_itself(reps: Client, lead: Lead) -> None:
    assert reps.post(url(lead), {"apart": f"lead:{lead.pk}"}).status_code == 404


def test_what_was_taken_back_in_this_moment_is_not_qualified_again(
    rf: RequestFactory, rep: User, lead: Lead
) -> None:
    qualify(lead, by=rep)
    request = rf.post(url(lead))
    request.user, request.htmx = rep, False  # type: ignore[attr-defined]
    page = LeadQualify()
    page.setup(request, pk=lead.pk)
    assert not page.record.is_open  # read before somebody takes it back
    undo(lead, by=rep)

    answer = page.post(request)

    assert answer["Location"] == url(lead)
    assert Lead.objects.get(pk=lead.pk).is_open


def test_who_hands_the_opportunity_on_is_not_led_to_what_they_cannot_open(
    reps: Client, outsider: User, lead: Lead
) -> None:
    choices = {"owner": str(outsider.pk), "open_after": "on"}

    answer = reps.post(url(lead), sent(reps, lead, **choices), follow=True)

    assert Opportunity.objects.get().owner == outsider
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"] == f"/leads/{lead.pk}/"


def test_enter_in_a_field_only_looks_again(reps: Client, lead: Lead) -> None:
    text = reps.get(url(lead)).content.decode()
    form = text[text.index('id="record-form"') :]

    assert form.index('name="update"') < form.index('name="add"')


def test_each_rule_that_refuses_leads_to_its_field(reps: Client, rep: User) -> None:
    lead = a_lead(rep, email="", phone="12")

    answer = reps.post(url(lead), sent(reps, lead))

    assert answer.status_code == 422
    reasons = {error["text"]: error["url"] for error in answer.context["errors"]}
    assert reasons["No valid email or phone"] == f"/leads/{lead.pk}/edit/#id_email"
