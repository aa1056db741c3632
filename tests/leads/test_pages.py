"""The pages of leads: they answer, they refuse, they lose nothing that was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations import Plan, Terms, disqualify, qualify, update_lead
from opportunities.models import Opportunity
from tests.factories import AccountFactory, ActivityFactory, LeadFactory, OpportunityFactory
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

Statements = Callable[[], AbstractContextManager[list[str]]]
PART = {"HX-Request": "true"}


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def lead(rep: User) -> Lead:
    return LeadFactory(owner=rep, first_name="Elena", last_name="Marchetti", company="Ferrovia")


def page(name: str, lead: Lead) -> str:
    return reverse(f"leads:{name}", kwargs={"pk": lead.pk})


def sent(answer: Any) -> dict[str, Any]:
    """Return what the form of a page would send if one pressed its button at once."""
    form = answer.context["form"]
    data = {}
    for field in form:
        value = field.value()
        if hasattr(value, "pk"):
            value = value.pk
        if value not in (None, "", False, []):
            data[field.html_name] = value
    return data


# They answer

OPEN_PAGES = ["detail", "edit", "delete", "assign", "progress", "qualify", "disqualify"]


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_page_of_an_open_lead_answers(reps: Client, lead: Lead, name: str) -> None:
    answer = reps.get(page(name, lead))

    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1
    assert "Elena Marchetti" in answer.content.decode()


@pytest.mark.parametrize("name", [*OPEN_PAGES, "reopen", "undo", "receipt"])
def test_page_outside_the_scope_does_not_exist(
    client: Client, outsider: User, lead: Lead, name: str
) -> None:
    client.force_login(outsider)

    answer = client.get(page(name, lead))
    other = client.get(page(name, lead).replace(f"/{lead.pk}/", "/999999/"))

    assert answer.status_code == other.status_code == 404
    assert answer.content == other.content or "Elena" not in answer.content.decode()


@pytest.mark.parametrize("name", ["edit", "qualify", "disqualify", "assign", "progress", "delete"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_page_of_a_lead_that_one_may_only_read_is_forbidden(
    client: Client, rep2: User, lead: Lead, name: str, method: str
) -> None:
    client.force_login(rep2)

    assert client.get(page("detail", lead)).status_code == 200
    assert getattr(client, method)(page(name, lead)).status_code == 403


def test_a_lead_that_one_may_only_read_offers_no_command(
    client: Client, rep2: User, lead: Lead
) -> None:
    client.force_login(rep2)

    text = client.get(page("detail", lead)).content.decode()

    assert page("edit", lead) not in text
    assert page("qualify", lead) not in text
    assert page("delete", lead) not in text


def test_a_missing_answer_leads_to_its_field(reps: Client, lead: Lead) -> None:
    text = reps.get(page("detail", lead)).content.decode()

    assert f"{page('edit', lead)}#id_budget_amount" in text
    assert 'id="id_budget_amount"' in reps.get(page("edit", lead)).content.decode()


@pytest.mark.both
def test_a_possible_duplicate_is_named_only_to_those_who_may_see_it(
    reps: Client, lead: Lead, rep: User, outsider: User
) -> None:
    LeadFactory(owner=outsider, email=lead.email, first_name="Secret", last_name="Twin")

    text = reps.get(page("detail", lead)).content.decode()

    assert "Possible duplicate" in text
    assert "same email" not in text  # it would tell what the other lead holds
    assert "Secret" not in text


# Making and changing


def test_creates_a_lead(reps: Client, rep: User) -> None:
    form = sent(reps.get(reverse("leads:create")))

    answer = reps.post(
        reverse("leads:create"),
        {**form, "topic": "Cold chain", "company": "Ferrovia", "budget_amount": "€30k"},
    )

    made = Lead.objects.get()
    assert answer.status_code == 302
    assert answer.url == made.get_absolute_url()
    assert (made.topic, made.budget_amount, made.owner) == ("Cold chain", 30000, rep)


@pytest.mark.both
def test_creates_one_lead_from_a_button_pressed_twice(reps: Client) -> None:
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "company": "Ferro"}

    first = reps.post(reverse("leads:create"), form)
    second = reps.post(reverse("leads:create"), form)

    assert Lead.objects.count() == 1
    assert first.url == second.url


def test_asks_before_a_form_that_was_sent_makes_another_lead(reps: Client) -> None:
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "company": "Ferro"}
    reps.post(reverse("leads:create"), form)

    again = reps.post(reverse("leads:create"), {**form, "topic": "Something else"})
    meant = reps.post(reverse("leads:create"), sent(again) | {"topic": "Something else"})

    assert again.status_code == 422
    assert meant.status_code == 302
    assert Lead.objects.count() == 2


def test_offers_the_next_form_after_save_and_new(reps: Client) -> None:
    form = sent(reps.get(reverse("leads:create")))

    answer = reps.post(
        reverse("leads:create"), {**form, "topic": "A", "company": "B", "then": "new"}
    )

    assert answer.url == reverse("leads:create")


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("budget_amount", "around 30k", "Enter the budget as a number, like 80,000"),
        ("budget_amount", "9" * 10_000, "Enter the budget as a number"),
        ("budget_amount", "99999999999999", "digits"),
        ("email", "h.reuter@rheinlab", "email"),
        ("topic", "t" * 10_000, "300"),
        ("topic", "a\x00b", "Null characters"),
        ("employees", "many", "whole number"),
        ("currency", "GALLEON", "GALLEON"),
        ("need", "urgently", "urgently"),
        ("country", "Atlantis", "Atlantis"),
        ("source", "999999", "choice"),
        ("account", "Nobody Ltd", "Nothing is called"),
        ("account", "#99999999999999999999", "Nothing is called"),
        ("estimated_close_date", "soon", "as a date"),
        ("submission", "7", ""),
    ],
)
def test_bad_input_comes_back_as_it_was_typed(
    reps: Client, field: str, text: str, sentence: str
) -> None:
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "company": "Ferro"}

    answer = reps.post(reverse("leads:create"), {**form, field: text})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert sentence in str(answer.context["form"].errors)
    assert not Lead.objects.exists()
    assert answer.content.decode().count('value="Ferro"') == 1


def test_a_lead_needs_a_name_or_a_company_or_a_way_to_reach_it(reps: Client) -> None:
    form = sent(reps.get(reverse("leads:create")))

    answer = reps.post(reverse("leads:create"), {**form, "topic": "Cold chain"})

    assert answer.status_code == 422
    assert "Enter a name" in answer.content.decode()


@pytest.mark.both
def test_an_account_is_picked_by_its_name(reps: Client, rep: User) -> None:
    account = AccountFactory(owner=rep, name="Ferrovia Logistica")
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "last_name": "M"}

    reps.post(reverse("leads:create"), {**form, "account": "ferrovia"})

    assert Lead.objects.get().account == account


@pytest.mark.both
def test_several_accounts_of_a_name_are_offered_to_choose_from(reps: Client, rep: User) -> None:
    AccountFactory(owner=rep, name="Ferrovia Nord")
    second = AccountFactory(owner=rep, name="Ferrovia Sud")
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "last_name": "M"}

    asked = reps.post(reverse("leads:create"), {**form, "account": "ferrovia"})
    reps.post(
        reverse("leads:create"),
        {**form, "account": "ferrovia", "account-choice": f"#{second.pk}"},
    )

    assert asked.status_code == 422
    assert f'value="#{second.pk}"' in asked.content.decode()
    assert Lead.objects.get().account == second


def test_an_account_that_one_may_not_see_cannot_be_picked(reps: Client, outsider: User) -> None:
    hidden = AccountFactory(owner=outsider, name="Hidden Works")
    form = {**sent(reps.get(reverse("leads:create"))), "topic": "Cold chain", "last_name": "M"}

    answer = reps.post(reverse("leads:create"), {**form, "account": f"#{hidden.pk}"})

    assert answer.status_code == 422
    assert "Hidden Works" not in answer.content.decode()


def test_saves_what_was_changed(reps: Client, lead: Lead) -> None:
    form = sent(reps.get(page("edit", lead)))

    answer = reps.post(page("edit", lead), {**form, "city": "Milano"})

    lead.refresh_from_db()
    assert answer.status_code == 302
    assert (lead.city, lead.version, lead.company) == ("Milano", 2, "Ferrovia")


@pytest.mark.both
def test_a_stale_edit_shows_both_and_loses_neither(reps: Client, lead: Lead, rep: User) -> None:
    form = sent(reps.get(page("edit", lead)))
    update_lead(lead, by=rep, city="Torino", job_title="Head of Operations")

    answer = reps.post(page("edit", lead), {**form, "city": "Milano", "region": "Lombardia"})

    taken = {line["name"]: line["taken"] for line in answer.context["merge"]}
    text = answer.content.decode()
    assert answer.status_code == 409
    assert taken == {"city": "ask", "region": "mine", "job_title": "theirs"}
    assert "Milano" in text
    assert "Torino" in text
    lead.refresh_from_db()
    assert lead.city == "Torino"

    merged = sent(answer)
    saved = reps.post(page("edit", lead), {**merged, "merge-city": "mine"})

    lead.refresh_from_db()
    assert saved.status_code == 302
    assert (lead.city, lead.region, lead.job_title) == (
        "Milano", "Lombardia", "Head of Operations",
    )  # fmt: skip


def test_a_merge_can_take_theirs(reps: Client, lead: Lead, rep: User) -> None:
    form = sent(reps.get(page("edit", lead)))
    update_lead(lead, by=rep, city="Torino")
    answer = reps.post(page("edit", lead), {**form, "city": "Milano", "region": "Lombardia"})

    reps.post(page("edit", lead), {**sent(answer), "merge-city": "theirs"})

    lead.refresh_from_db()
    assert (lead.city, lead.region) == ("Torino", "Lombardia")


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_a_version_that_is_none_is_refused(reps: Client, lead: Lead, version: str) -> None:
    form = sent(reps.get(page("edit", lead)))

    answer = reps.post(page("edit", lead), {**form, "version": version, "city": "Milano"})

    assert answer.status_code in (409, 422)
    lead.refresh_from_db()
    assert lead.city == ""


def test_a_closed_lead_is_not_edited(reps: Client, lead: Lead, rep: User) -> None:
    form = sent(reps.get(page("edit", lead)))
    qualify(lead, by=rep)

    shown = reps.get(page("edit", lead))
    answer = reps.post(page("edit", lead), {**form, "city": "Milano"})

    assert "read-only" in shown.content.decode()
    assert answer.status_code == 409


def test_deletes_with_a_way_back(reps: Client, lead: Lead) -> None:
    answer = reps.post(page("delete", lead), follow=True)

    assert not Lead.objects.exists()
    assert page("restore", lead) in answer.content.decode()

    reps.post(page("restore", lead))

    assert Lead.objects.get() == lead


def test_assigns(client: Client, manager: User, rep2: User, lead: Lead) -> None:
    client.force_login(manager)

    answer = client.post(page("assign", lead), {"owner": rep2.pk})

    lead.refresh_from_db()
    assert answer.status_code == 302
    assert lead.owner == rep2


def test_says_how_far_the_work_is(reps: Client, lead: Lead) -> None:
    reps.post(page("progress", lead), {"progress": "nurturing"})

    lead.refresh_from_db()
    assert lead.progress == "nurturing"
    assert reps.post(page("progress", lead), {"progress": "asleep"}).status_code == 422


# Qualifying


def test_the_preview_writes_nothing(reps: Client, lead: Lead, statements: Statements) -> None:
    reps.get(page("qualify", lead))

    with statements() as told:
        answer = reps.get(page("qualify", lead))
    with statements() as told_again:
        reps.post(page("qualify", lead), {"update": "1", "opportunity": "none"})

    assert answer.status_code == 200
    written = [s for s in [*told, *told_again] if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []
    assert len(told) <= 20
    assert len(told_again) <= 20


def test_qualifies_with_what_the_page_proposes(reps: Client, lead: Lead) -> None:
    form = sent(reps.get(page("qualify", lead)))

    answer = reps.post(page("qualify", lead), form)

    lead.refresh_from_db()
    assert answer.status_code == 302
    assert lead.status == Lead.Status.QUALIFIED
    assert Opportunity.objects.get().topic == lead.topic
    assert answer.url == Opportunity.objects.get().get_absolute_url()


def test_qualifies_without_a_single_word(reps: Client, lead: Lead) -> None:
    answer = reps.post(page("qualify", lead))

    lead.refresh_from_db()
    assert answer.url == lead.get_absolute_url()
    assert lead.status == Lead.Status.QUALIFIED
    assert Opportunity.objects.count() == 1


@pytest.mark.both
def test_qualifies_once_when_the_button_is_pressed_twice(reps: Client, lead: Lead) -> None:
    first = reps.post(page("qualify", lead), {"open_after": "on"})
    second = reps.post(page("qualify", lead), {"open_after": "on"})

    assert first.url == second.url
    assert Opportunity.objects.count() == Account.objects.count() == 1


def test_proposes_the_account_that_exists_and_why(reps: Client, lead: Lead, rep: User) -> None:
    account = AccountFactory(owner=rep, name="Ferrovia S.p.A.", website=lead.email.split("@")[1])

    answer = reps.get(page("qualify", lead))

    option = answer.context["targets"][0]["options"][0]
    assert (option["pk"], option["checked"]) == (account.pk, True)
    assert "Same name" in answer.content.decode()
    assert "Ferrovia S.p.A." in " ".join(effect["text"] for effect in answer.context["effects"])


def test_creates_another_account_where_it_is_asked_for(reps: Client, lead: Lead, rep: User) -> None:
    AccountFactory(owner=rep, name="Ferrovia")
    form = sent(reps.get(page("qualify", lead)))

    reps.post(page("qualify", lead), {**form, "account": "create"})

    assert Account.objects.filter(name="Ferrovia").count() == 2


def test_links_to_another_account_by_name(reps: Client, lead: Lead, rep: User) -> None:
    other = AccountFactory(owner=rep, name="Parent Holding")
    form = sent(reps.get(page("qualify", lead)))

    reps.post(
        page("qualify", lead), {**form, "account": "other", "other_account": "Parent Holding"}
    )

    lead.refresh_from_db()
    assert lead.account == other


def test_does_not_name_an_account_that_one_may_not_see(
    reps: Client, lead: Lead, outsider: User
) -> None:
    AccountFactory(owner=outsider, name="Ferrovia", city="Secretville")

    text = reps.get(page("qualify", lead)).content.decode()

    assert "that you cannot open" in text
    assert "Secretville" not in text


@pytest.mark.both
def test_opens_several_opportunities(reps: Client, lead: Lead) -> None:
    form = sent(reps.get(page("qualify", lead)))
    more = reps.post(page("qualify", lead), {**form, "add": "1"})

    reps.post(
        page("qualify", lead),
        {**sent(more), "count": "2", "topic_2": "Service plan", "value_2": "12k"},
    )

    assert not Lead.objects.open().exists()
    assert set(Opportunity.objects.values_list("topic", flat=True)) == {lead.topic, "Service plan"}
    assert Opportunity.objects.get(topic="Service plan").value == 12000


def test_an_emptied_value_and_date_stay_empty(reps: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(
        estimated_value=Decimal(5000), estimated_close_date=date(2027, 3, 1)
    )
    form = sent(reps.get(page("qualify", lead)))
    assert (form["value"], form["estimated_close_date"]) == ("5,000", date(2027, 3, 1))

    reps.post(
        page("qualify", lead),
        {
            **form,
            "value": "",
            "estimated_close_date": "",
            "count": "2",
            "topic_2": "Service plan",
            "value_2": "",
            "estimated_close_date_2": "",
        },
    )

    values = Opportunity.objects.values_list("value", "estimated_close_date")
    assert list(values) == [(None, None), (None, None)]


@pytest.mark.both
def test_adds_the_lead_to_an_open_opportunity(reps: Client, lead: Lead, rep: User) -> None:
    account = AccountFactory(owner=rep, name="Ferrovia")
    opportunity = OpportunityFactory(owner=rep, account=account)
    page_ = reps.get(page("qualify", lead))

    reps.post(
        page("qualify", lead),
        {**sent(page_), "opportunity": "existing", "existing": opportunity.pk},
    )

    lead.refresh_from_db()
    assert opportunity in page_.context["existing"]
    assert lead.status == Lead.Status.QUALIFIED
    assert Opportunity.objects.get() == opportunity


def test_opens_no_opportunity_where_none_is_wanted(reps: Client, lead: Lead) -> None:
    reps.post(page("qualify", lead), {"opportunity": "none"})

    lead.refresh_from_db()
    assert lead.status == Lead.Status.QUALIFIED
    assert not Opportunity.objects.exists()


def test_an_unmet_rule_is_explained(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, email="")

    answer = reps.post(page("qualify", lead), {"override_reason": "Because"})

    lead.refresh_from_db()
    assert answer.status_code == 422
    assert "No valid email or phone" in answer.content.decode()
    assert lead.is_open


def test_a_manager_overrides_an_unmet_rule_with_a_reason(
    client: Client, manager: User, rep: User
) -> None:
    client.force_login(manager)
    lead = LeadFactory(owner=rep, email="")

    asked = client.post(page("qualify", lead))
    client.post(page("qualify", lead), {"override_reason": "Met at the fair"})

    lead.refresh_from_db()
    assert "override_reason" in asked.context["form"].errors
    assert lead.status == Lead.Status.QUALIFIED


@pytest.mark.both
def test_a_lead_that_changed_meanwhile_is_looked_at_again(
    reps: Client, lead: Lead, rep: User
) -> None:
    form = sent(reps.get(page("qualify", lead))) | {"value": "77"}
    update_lead(lead, by=rep, city="Torino", topic="Two engines", estimated_value=5)

    stale = reps.post(page("qualify", lead), form)
    fresh = reps.post(page("qualify", lead), sent(stale))

    assert (stale.status_code, fresh.status_code) == (409, 302)
    # What was proposed follows the lead, what was typed stays.
    opportunity = Opportunity.objects.get()
    assert (opportunity.topic, opportunity.value) == ("Two engines", 77)


@pytest.mark.parametrize(
    "data",
    [
        {"account": "use:99999"},
        {"account": "use:" + "9" * 40},
        {"account": "x\x00"},
        {"contact": "use:1; DROP TABLE"},
        {"account": "skip", "contact": "skip"},
        {"account": "other"},
        {"opportunity": "maybe"},
        {"opportunity": "existing", "existing": "7"},
        {"opportunity": "existing", "existing": "9" * 40},
        {"opportunity": "new", "topic": ""},
        {"opportunity": "new", "topic": "A", "value": "lots"},
        {"opportunity": "new", "topic": "A", "stage": "99999"},
        {"opportunity": "new", "topic": "A", "owner": "x"},
        {"lead_version": "abc"},
        {"lead_version": "9" * 40},
    ],
)
def test_a_plan_that_cannot_be_is_refused(reps: Client, lead: Lead, data: dict[str, str]) -> None:
    answer = reps.post(page("qualify", lead), data)
    preview = reps.post(page("qualify", lead), {**data, "update": "1"})

    lead.refresh_from_db()
    assert answer.status_code in (409, 422)
    assert answer.context["errors"]
    assert preview.status_code == 200
    assert lead.is_open


def test_the_right_side_follows_a_choice(reps: Client, lead: Lead) -> None:
    answer = reps.post(
        page("qualify", lead),
        {"update": "1", "opportunity": "none"},
        headers={**PART, "HX-Target": "qualify-judgement"},
    )

    text = answer.content.decode()
    assert "Create no opportunity" in text
    assert 'hx-swap-oob="true"' in text
    assert "<html" not in text


def test_the_receipt_says_what_went_where(reps: Client, lead: Lead, rep: User) -> None:
    AccountFactory(owner=rep, name="Ferrovia", city="")
    update_lead(lead, by=rep, city="Milano")
    qualify(lead, by=rep)

    text = reps.get(page("receipt", lead)).content.decode()

    assert "Linked to existing" in text
    assert "Milano" in text
    assert "under rule version 1" in text
    assert str(rep) in text


def ways(answer: Any) -> dict[str, dict[str, str]]:
    """Return what a receipt says went where: by kind of record, from the lead's field to theirs."""
    return {
        part["kind"]: {way["source"]: way["target"] for way in part["ways"]}
        for part in answer.context["parts"]
    }


def test_the_receipt_says_what_made_the_new_records(reps: Client, lead: Lead, rep: User) -> None:
    update_lead(lead, by=rep, estimated_value=Decimal(5000), budget_amount=Decimal(9))
    qualify(lead, by=rep)

    told = ways(reps.get(page("receipt", lead)))

    assert told["account"]["Company"] == "Name"
    assert told["contact"]["Last name"] == "Last name"
    assert told["opportunity"]["Topic"] == "Topic"
    assert told["opportunity"]["Estimated value"] == "Value"


def test_the_receipt_claims_nothing_that_was_typed_for_the_opportunity(
    reps: Client, lead: Lead, rep: User
) -> None:
    update_lead(lead, by=rep, estimated_value=Decimal(5000), estimated_close_date="2027-03-01")
    terms = Terms(topic="Another", value=None, estimated_close_date=date(2027, 3, 1))
    qualify(lead, by=rep, plan=Plan(opportunities=(terms,)))

    told = ways(reps.get(page("receipt", lead)))["opportunity"]

    assert told["Expected close"] == "Expected close"
    assert not {"Topic", "Estimated value"} & told.keys()


def test_there_is_no_receipt_of_what_never_happened(reps: Client, lead: Lead) -> None:
    assert reps.get(page("receipt", lead)).status_code == 404
    assert reps.get(page("receipt", lead) + "?seq=7").status_code == 404


@pytest.mark.both
def test_the_page_of_a_qualified_lead_links_to_what_it_became(
    reps: Client, lead: Lead, rep: User
) -> None:
    outcome = qualify(lead, by=rep)

    text = reps.get(page("detail", lead)).content.decode()

    for record in (outcome.account, outcome.contact, outcome.opportunities[0]):
        assert f'href="{record.get_absolute_url()}"' in text
    assert page("receipt", lead) in text
    assert page("undo", lead) in text


@pytest.mark.both
def test_undoes(reps: Client, lead: Lead, rep: User) -> None:
    qualify(lead, by=rep)

    shown = reps.get(page("undo", lead)).content.decode()
    answer = reps.post(page("undo", lead))

    lead.refresh_from_db()
    assert "Remove the account Ferrovia" in shown
    assert answer.status_code == 302
    assert lead.is_open
    assert reps.get(page("receipt", lead)).status_code == 200


@pytest.mark.both
def test_says_why_it_cannot_undo_and_offers_another_way(
    reps: Client, lead: Lead, rep: User
) -> None:
    outcome = qualify(lead, by=rep)
    OpportunityFactory(owner=rep, account=outcome.account, topic="Built on it")

    shown = reps.get(page("undo", lead)).content.decode()
    refused = reps.post(page("undo", lead))
    reopened = reps.post(page("reopen", lead))

    lead.refresh_from_db()
    assert "Built on it" in shown
    assert refused.status_code == 422
    assert "keep the records" in refused.content.decode()
    assert reopened.status_code == 302
    assert lead.is_open
    assert Qualification.objects.get().state == Qualification.State.LEFT


# Disqualifying


def test_disqualifies(reps: Client, lead: Lead, rep: User) -> None:
    ActivityFactory(on=lead, owner=rep, kind="task", subject="Call back")
    reason = DisqualifyReason.objects.get(key="wrong-timing")

    shown = reps.get(page("disqualify", lead)).content.decode()
    answer = reps.post(
        page("disqualify", lead),
        {
            "reason": reason.pk,
            "comment": "Budget moved",
            "revisit_on": (timezone.localdate() + timedelta(days=90)).isoformat(),
        },
    )

    lead.refresh_from_db()
    assert "1 open task will be cancelled" in shown
    assert answer.status_code == 302
    assert (lead.status, lead.disqualify_comment) == ("disqualified", "Budget moved")
    detail = reps.get(page("detail", lead)).content.decode()
    assert "Budget moved" in detail
    assert page("reopen", lead) in detail

    reps.post(page("reopen", lead))

    lead.refresh_from_db()
    assert lead.is_open


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "reason"),
        ({"reason": "99999"}, "reason"),
        ({"revisit_on": "2001-01-01"}, "revisit_on"),
        ({"revisit_on": "one day"}, "revisit_on"),
        ({"duplicate_of": "Nobody"}, "duplicate_of"),
        ({"comment": "x" * 10_001}, "comment"),
    ],
)
def test_a_bad_disqualification_is_refused_at_its_field(
    reps: Client, lead: Lead, data: dict[str, str], field: str
) -> None:
    reason = DisqualifyReason.objects.get(key="no-budget")
    form = {"reason": reason.pk, **data} if data else {}

    answer = reps.post(page("disqualify", lead), form)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors


@pytest.mark.both
def test_names_the_lead_that_it_is_a_duplicate_of(reps: Client, lead: Lead, rep: User) -> None:
    other = LeadFactory(owner=rep, last_name="Original")
    reason = DisqualifyReason.objects.get(key="duplicate")

    reps.post(
        page("disqualify", lead),
        {"reason": reason.pk, "comment": "Twin", "duplicate_of": f"{other} (#{other.pk})"},
    )

    lead.refresh_from_db()
    assert lead.duplicate_of == other
    assert other.get_absolute_url() in reps.get(page("detail", lead)).content.decode()


@pytest.mark.both
def test_a_lead_that_gave_up_twice_gives_one_answer(reps: Client, lead: Lead, rep: User) -> None:
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="no-budget"))

    assert reps.get(page("disqualify", lead)).status_code == 200
    assert reps.post(page("disqualify", lead), {}).status_code == 409


def test_a_lead_that_changed_meanwhile_is_not_given_up_unseen(
    reps: Client, lead: Lead, rep: User
) -> None:
    reason = DisqualifyReason.objects.get(key="no-budget")
    form = sent(reps.get(page("disqualify", lead))) | {"reason": reason.pk}
    update_lead(lead, by=rep, description="They have found the money")

    stale = reps.post(page("disqualify", lead), form)
    lead.refresh_from_db()
    assert (stale.status_code, lead.is_open) == (409, True)

    fresh = reps.post(page("disqualify", lead), sent(stale) | {"reason": reason.pk})
    lead.refresh_from_db()
    assert (fresh.status_code, lead.is_open) == (302, False)


# What they cost


def test_the_record_page_costs_the_same_with_a_long_story(
    reps: Client, lead: Lead, rep: User, statements: Statements
) -> None:
    qualified = LeadFactory(owner=rep)
    qualify(qualified, by=rep)
    reps.get(page("detail", lead))
    with statements() as few:
        reps.get(page("detail", lead))
    for _ in range(40):
        ActivityFactory(on=lead, owner=rep, kind="note")
    ActivityFactory(on=lead, owner=rep, kind="task")
    reps.get(page("detail", lead))

    with statements() as many:
        reps.get(page("detail", lead))
    with statements() as closed:
        reps.get(page("detail", qualified))

    assert len(few) == len(many)
    assert len(many) <= 15, "\n".join(many)
    assert len(closed) <= 15, "\n".join(closed)


@pytest.mark.parametrize(
    "query",
    [
        "kind=x", "kind=changes", "text=%00", "text=" + "x" * 10_000, "before=x", "before=%00",
        "before=0001-01-01T00:00:00%2B14:00~1~1", "before=9999-12-31T23:59:59-12:00~1~1",
        "before=2026-01-01T00:00:00%2B00:00~1~" + "9" * 60, "compose=x", "compose=call",
        "compose=meeting", "compose=task", "compose=email",
    ],
)  # fmt: skip
def test_the_record_page_answers_whatever_is_asked(reps: Client, lead: Lead, query: str) -> None:
    assert reps.get(f"{page('detail', lead)}?{query}").status_code == 200


def test_the_timeline_comes_alone_to_htmx(reps: Client, lead: Lead) -> None:
    answer = reps.get(
        page("detail", lead) + "?kind=note", headers={**PART, "HX-Target": "timeline-part"}
    )

    assert "<html" not in answer.content.decode()
    assert re.match(r"\s*<div id=\"timeline-part\"", answer.content.decode())
