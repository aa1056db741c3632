"""What the mapping makes of a lead: into built-in and custom fields, by the policy of a line."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.operations import create_account, create_contact
from leads.models import FieldMapping, Lead
from leads.operations import Plan, Target, capture_lead, preview, qualify, save_mapping, undo
from records.errors import Unacceptable
from records.operations.shaping import save_field
from tests.custom import define
from tests.snapshots import rows
from users.models import User

pytestmark = pytest.mark.django_db


def a_lead(rep: User, **fields: Any) -> Lead:
    known = {
        "topic": "Engines",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company": "Analytical Engines",
        "email": "ada@engine.example",
    }
    return capture_lead(by=rep, **(known | fields))


def line(admin: User, source: str, column: str, **more: Any) -> FieldMapping:
    return save_mapping(FieldMapping(source=source, column=column, **more), by=admin)


def steps(lead: Lead, by: User) -> str:
    return " / ".join(step.text for step in preview(lead, by=by).steps)


def test_fills_built_in_fields_of_all_that_is_made(rep: User, admin: User) -> None:
    define("lead", "branch", by=admin)
    line(admin, "custom.branch", "account.industry")
    line(admin, "topic", "contact.description")
    line(admin, "description", "opportunity.customer_need")
    lead = a_lead(rep, custom={"branch": "Steam"}, industry="Iron", description="Must count")
    before = rows()

    told = steps(lead, rep)
    done = qualify(lead, by=rep)

    assert "Industry: Steam" in told
    assert done.account is not None
    assert done.contact is not None
    assert (done.account.industry, done.contact.description) == ("Steam", "Engines")
    assert done.opportunities[0].customer_need == "Must count"
    undo(lead, by=rep)
    assert rows() == before


def test_takes_the_own_field_where_the_mapped_one_is_empty(rep: User, admin: User) -> None:
    define("lead", "branch", by=admin)
    line(admin, "custom.branch", "account.industry", default="Other")

    done = qualify(a_lead(rep, industry="Iron"), by=rep)
    other = a_lead(rep, company="Difference", email="b@b.example", last_name="Byron")
    silent = qualify(other, by=rep)

    assert done.account is not None
    assert silent.account is not None
    assert (done.account.industry, silent.account.industry) == ("Iron", "Other")


@pytest.mark.parametrize(
    ("policy", "target", "becomes"),
    [
        ("empty", Target(), "Baroness"),
        ("empty", Target(take=("job_title",)), "Countess"),
        ("always", Target(), "Countess"),
        ("always", Target(keep=("job_title",)), "Baroness"),
        ("ask", Target(), "Baroness"),
        ("ask", Target(take=("job_title",)), "Countess"),
    ],
)
def test_policy_decides_unless_a_person_does(
    rep: User, admin: User, policy: str, target: Target, becomes: str
) -> None:
    line(admin, "job_title", "contact.job_title", policy=policy)
    contact = create_contact(
        by=rep,
        last_name="Lovelace",
        email="ada@engine.example",
        job_title="Baroness",
        account=create_account(by=rep, name="Analytical Engines"),
    )
    lead = a_lead(rep, job_title="Countess")
    plan = Plan(
        contact=Target("use", contact.pk, target.take, target.keep)
        if target != Target()
        else target
    )
    before = rows()

    done = qualify(lead, by=rep, plan=plan)

    assert done.contact == contact
    assert done.contact is not None
    assert done.contact.job_title == becomes
    undo(lead, by=rep)
    assert rows() == before


def test_asks_in_the_dialog(rep: User, admin: User, client: Client) -> None:
    line(admin, "job_title", "contact.job_title", policy="ask")
    create_contact(by=rep, last_name="Lovelace", email="ada@engine.example")
    lead = a_lead(rep, job_title="Countess")
    client.force_login(rep)

    page = client.get(f"/leads/{lead.pk}/qualify/").content.decode()

    assert "choose one" in page
    assert "Job title: choose whether" in steps(lead, rep)


def test_a_default_never_replaces(rep: User, admin: User) -> None:
    line(admin, "job_title", "contact.salutation", policy="always", default="Dr")
    contact = create_contact(
        by=rep, last_name="Lovelace", email="ada@engine.example", salutation="Lady"
    )

    qualify(a_lead(rep), by=rep)

    contact.refresh_from_db()
    assert contact.salutation == "Lady"


def test_a_new_choice_breaks_no_qualification(rep: User, admin: User) -> None:
    field = define("lead", "size", by=admin, type="choice", choices=["Small"])
    define("account", "size", by=admin, type="choice", choices=["Small"])
    field.choices = [*field.choices, {"label": "Huge"}]
    save_field(field, by=admin)
    lead = a_lead(User.objects.get(pk=rep.pk), custom={"size": "huge"})

    told = steps(lead, lead.owner)
    done = qualify(lead, by=lead.owner)

    assert "Size stays on the lead" in told
    assert done.account is not None
    assert done.account.custom == {}


def test_a_default_that_was_retired_breaks_no_qualification(rep: User, admin: User) -> None:
    choices = ["Small", "Large"]
    target = define("account", "size", by=admin, type="choice", choices=choices)
    define("lead", "size", by=admin, type="choice", choices=choices)
    save_mapping(FieldMapping(source="custom.size", target=target, default="Large"), by=admin)
    target.choices[1]["is_active"] = False
    save_field(target, by=admin)

    done = qualify(a_lead(User.objects.get(pk=rep.pk)), by=User.objects.get(pk=rep.pk))

    assert done.account is not None
    assert done.account.custom == {}


def test_tells_what_goes_nowhere(rep: User) -> None:
    account = create_account(by=rep, name="Analytical Engines")
    lead = a_lead(rep, need_description="To count", budget_amount=5)
    plan = Plan(account=Target("use", account.pk), opportunities=())

    told = [step.text for step in preview(lead, by=rep, plan=plan).steps]

    left = "Nothing takes these over, they stay on the lead: Budget, Need, in a sentence"
    assert left in told
    assert left not in steps(lead, rep)


@pytest.mark.once
@pytest.mark.parametrize(
    ("source", "column", "default", "errors"),
    [
        ("employees", "account.industry", "", {"source": "Employees is a whole number and cannot"}),
        ("budget_status", "opportunity.need", "", {"source": "no choice in common"}),
        ("city", "account.name", "", {"destination": "Choose a field of"}),
        ("shoe_size", "account.city", "", {"source": "There is no such field"}),
        ("employees", "account.employees", "many", {"default": "Employees cannot hold “many”"}),
        ("topic", "contact.city", "", {"destination": "City goes there already"}),
    ],
)
def test_refuses_with_the_reason(
    admin: User, source: str, column: str, default: str, errors: dict[str, str]
) -> None:
    line(admin, "city", "contact.city")

    with pytest.raises(Unacceptable) as refusal:
        line(admin, source, column, default=default)

    assert refusal.value.errors.keys() == errors.keys()
    for name, words in errors.items():
        assert words in refusal.value.errors[name][0]


def test_is_shaped_and_tried_in_the_administration(rep: User, admin: User, client: Client) -> None:
    client.force_login(admin)
    sent = {
        "source": "description",
        "destination": "opportunity.customer_need",
        "policy": "empty",
        "default": "",
        "is_active": "on",
    }
    wrong = client.post(
        reverse("admin:leads_fieldmapping_add"), {**sent, "destination": "contact.job_title"}
    )
    assert "cannot go into Job title, a text" in wrong.content.decode()
    client.post(reverse("admin:leads_fieldmapping_add"), sent)
    assert FieldMapping.objects.get().destination == "opportunity.customer_need"
    lead = a_lead(rep, description="Must count")
    before = rows(with_trails=True)

    page = client.get(reverse("admin:leads_fieldmapping_try"), {"lead": str(lead)})

    assert "Customer need: Must count" in page.content.decode()
    assert rows(with_trails=True) == before
    client.force_login(rep)
    assert client.get(reverse("admin:leads_fieldmapping_try")).status_code in {302, 403, 404}
