"""Every page of the administration answers, for whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as site
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import IdentityClaim, IdentityLock
from accounts.operations import merge_accounts
from activities.operations import add_task
from emails.models import EmailTemplate
from emails.operations import save_template
from intake.models import Door, Reference, WebForm
from intake.operations import save_door, save_web_form, store_delivery
from leads.models import Lead, Qualification
from leads.operations import qualify
from opportunities.models import Campaign, Competitor, Product
from records.models import AuditEntry, IdempotencyKey, PossibleDuplicate
from reports.operations import set_targets
from tests.custom import define
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from tests.snapshots import as_text
from tests.world import a_superuser, new_installation
from users.models import User
from users.operations import issue_token
from webhooks.models import Webhook
from webhooks.operations import ping, save_webhook
from workbench.operations.exports import note_export
from workbench.operations.mail import post
from workbench.operations.saved_views import save_view

KINDS = sorted(
    (kind for kind in apps.get_models() if site.site.is_registered(kind)),
    key=lambda kind: kind._meta.label,
)
READ_ONLY = {
    "accounts.IdentityClaim",
    "accounts.IdentityLock",
    "emails.EmailTemplate",
    "intake.Delivery",
    "intake.Reference",
    "leads.Assignment",
    "leads.AutomaticQualification",
    "leads.Qualification",
    "leads.QualificationRuleSet",
    "leads.RuleRun",
    "records.AuditEntry",
    "records.IdempotencyKey",
    "django_tasks_database.DBTaskResult",
    "records.Merge",
    "records.PossibleDuplicate",
    "webhooks.Message",
    "workbench.Mail",
    "workbench.SavedView",
}
NOT_DELETED = READ_ONLY | {
    "leads.LeadLimits",
    "records.Retention",
    "records.FormLayout",
    "reports.Target",
    "users.ApiToken",
}
NOT_ADDED = READ_ONLY | {"activities.Activity", "leads.LeadLimits", "records.Retention"}

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind._meta.label)


def page(kind: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{kind._meta.app_label}_{kind._meta.model_name}_{name}", args=args)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """One of everything, made once for this file, and somebody who may see it all."""
    with django_db_blocker.unblock(), transaction.atomic():
        new_installation()
        yield one_of_everything(a_superuser())
        transaction.set_rollback(True)


def one_of_everything(admin: User) -> User:
    LeadFactory(owner=admin)
    qualify(LeadFactory(owner=admin), by=admin)
    merge_accounts(AccountFactory(owner=admin), [AccountFactory(owner=admin)], by=admin)
    PossibleDuplicate.objects.create(kind="account", low=1, high=2)
    save_view("lead", by=admin, name="Fairs", query="status=open")
    save_template(EmailTemplate(name="Thanks", subject="Thanks", text="Thank you"), by=admin)
    post(to="ada@engine.example", subject="The quote", text="Here it is.")
    account = AccountFactory(owner=admin, name="Babbage Works")
    contact = ContactFactory(owner=admin, account=account)
    OpportunityFactory(owner=admin, account=account, contact=contact, topic="Babbage looms")
    add_task(account, by=admin, subject="Call Babbage")
    for kind in (Campaign, Product, Competitor):
        kind.objects.create(key="one", name="One")
    issue_token(admin, by=admin, name="Export")
    define("lead", "size", type="choice", choices=["Small", "Large"], by=admin)
    save_web_form(WebForm(name="Contact us", slug="contact"), by=admin)
    door = save_door(Door(name="Our shop", slug="shop"), by=admin)
    store_delivery(door, raw=b'{"id": "7", "email": "ada@engine.example"}')
    Reference.objects.create(door=door, name="7")
    set_targets(admin, 2026, by=admin, amounts={1: Decimal(100)})
    ping(save_webhook(Webhook(name="Shop", url="https://shop.example/"), by=admin), by=admin)
    IdempotencyKey.objects.create(user=admin, key="k1", fingerprint="f", status=200, body={})
    return admin


@pytest.fixture
def desk(db: None, world: User, client: Client) -> Client:
    client.force_login(world)
    return client


def test_knows_every_kind_of_thing():
    ours = {
        "emails",
        "intake",
        "leads",
        "opportunities",
        "accounts",
        "activities",
        "records",
        "users",
        "webhooks",
    }
    parts = {  # shown on the pages of what they belong to
        "activities.ActivityLink",
        "activities.File",
        "activities.Invitation",
        "activities.Mention",
        "activities.Reminder",
        "emails.Email",
        "intake.DoorField",
        "intake.DoorKey",
        "intake.WebFormField",
        "leads.AssignmentTurn",
        "leads.Availability",  # managers have pages of their own for these three
        "leads.ScoreScale",
        "leads.ScoringRule",
        "leads.QualifiedOpportunity",
        "opportunities.Line",
        "opportunities.PipelineState",  # what history tells, gathered for the figures
        "opportunities.StageMove",
        "opportunities.Stakeholder",
        "opportunities.Step",
        "opportunities.StepTick",
        "records.MergedRecord",
        "records.Notice",  # of one person, and nobody else's business
        "records.SearchWord",  # an index
        "users.CalendarFeed",  # a secret of one person
        "users.FieldAccess",
        "users.Grant",
    }
    missing = {
        kind._meta.label
        for kind in apps.get_models()
        if kind._meta.app_label in ours
        and not hasattr(kind, "instance_type")
        and not site.site.is_registered(kind)
    }

    assert missing == parts


@every_kind
def test_lists(kind: Any, desk: Client):
    model_admin = site.site.get_model_admin(kind)
    queries = ["", "?q=babbage", "?q=%00"] if model_admin.search_fields else [""]
    columns = range(1, len(model_admin.list_display) + 1)
    queries += [f"?o={'.'.join(f'{sign}{n}' for n in columns)}" for sign in ("", "-")]
    if "BinFilter" in str(model_admin.get_list_filter):
        queries += ["?bin=in", "?bin=all"]

    answers = [desk.get(page(kind, "changelist") + query) for query in queries]

    assert {answer.status_code for answer in answers} <= {200, 302}
    assert answers[0].status_code == 200


@pytest.mark.once
@every_kind
def test_adds_or_says_that_it_does_not(kind: Any, desk: Client):
    answer = desk.get(page(kind, "add"))

    assert answer.status_code == (403 if kind._meta.label in NOT_ADDED else 200)


@pytest.mark.once
@every_kind
def test_shows_one(kind: Any, desk: Client):
    line = kind._base_manager.order_by("pk").last()
    if line is None:
        pytest.skip("there is none of these")

    for name in ("change", "history"):
        answer = desk.get(page(kind, name, line.pk))
        assert answer.status_code == 200, name
    answer = desk.get(page(kind, "delete", line.pk))
    assert answer.status_code == (403 if kind._meta.label in NOT_DELETED else 200)


@pytest.mark.once
@pytest.mark.parametrize("label", sorted(READ_ONLY))
def test_what_is_read_only_cannot_be_changed(label: str, desk: Client):
    kind = apps.get_model(label)
    line = kind._base_manager.first()
    if line is None:
        pytest.skip("there is none of these")
    before = [as_text(row) for row in kind._base_manager.values_list().order_by("pk")]

    answers = [
        desk.post(page(kind, "change", line.pk), {"value": "other", "label": "other"}),
        desk.post(page(kind, "delete", line.pk), {"post": "yes"}),
        desk.post(page(kind, "add"), {}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    after = [as_text(row) for row in kind._base_manager.values_list().order_by("pk")]
    assert after == before


@pytest.mark.once
@every_kind
def test_asks_for_names_to_choose_from(kind: Any, desk: Client):
    if not site.site.get_model_admin(kind).autocomplete_fields:
        pytest.skip("it chooses from no long list")
    for name in site.site.get_model_admin(kind).autocomplete_fields:
        asked = {
            "app_label": kind._meta.app_label,
            "model_name": kind._meta.model_name,
            "field_name": name,
            "term": "a",
        }
        assert desk.get(reverse("admin:autocomplete"), asked).status_code == 200


def test_keeps_to_the_strict_policy(desk: Client):
    for address in (
        reverse("admin:index"),
        page(AuditEntry, "changelist"),
        "/admin/leads/lead/add/",
    ):
        answer = desk.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert b"<style" not in answer.content
        assert b" style=" not in answer.content
        assert b"onclick" not in answer.content


def test_shows_who_exported_what(desk: Client):
    boss = User.objects.filter(is_superuser=True).earliest("pk")
    note_export(Lead, by=boss, rows=12, filters="country=DE")
    line = AuditEntry.objects.get(event="lead.exported")

    listed = desk.get(page(AuditEntry, "changelist"), {"q": "lead.exported"}).content.decode()
    told = desk.get(reverse("admin:records_auditentry_change", args=[line.pk])).content.decode()

    assert "lead.exported" in listed
    assert "country=DE" in told
    assert "12" in told


def test_has_the_name_of_the_product(desk: Client):
    assert b"CRM administration" in desk.get("/admin/").content


def test_lists_are_what_they_claim(desk: Client):
    """What the pages above lean on exists at all."""
    assert Qualification.objects.exists()
    assert IdentityClaim.objects.exists()
    assert IdentityLock.objects.exists()
