"""`seed`: many records at once that hold together like those that people made."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Account, Contact
from activities.models import Activity
from crm.integrity import findings
from leads.models import Lead
from opportunities.models import Opportunity

SOME = {"leads": 300, "accounts": 60, "contacts": 80, "opportunities": 90, "seed": 3}


def seed(**options: object) -> None:
    call_command("seed", **options, stdout=io.StringIO())


def names_of_indexes() -> set[str]:
    models = (Lead, Account, Contact, Opportunity, Activity)
    with connection.cursor() as cursor:
        return {
            name
            for model in models
            for name in connection.introspection.get_constraints(cursor, model._meta.db_table)
        }


@pytest.mark.parametrize("history", [False, True])
def test_seed_sows_records_that_hold_together(defaults, history):
    seed(**SOME, history=history)

    assert list(findings()) == []
    assert (Account.objects.count(), Contact.objects.count()) == (60, 80)
    assert (Opportunity.objects.count(), Lead.objects.count()) == (90, 300)
    assert 0.6 < Lead.objects.open().count() / 300 < 0.85
    assert Lead.objects.qualified().exists()
    assert Lead.history.count() == (300 if history else 0)


def test_seed_adds_to_what_is_there(defaults):
    for _ in range(2):
        seed(leads=40, accounts=30, contacts=30)

    assert Account.objects.count() == 60
    assert list(findings()) == []
    # What comes after gets a number that nobody has.
    assert Lead.objects.create(topic="Pumps", last_name="Lovelace").pk > 80


@pytest.mark.parametrize("patterns", [20, 5_000])
def test_many_records_get_their_indexes_afterwards(
    defaults, monkeypatch: pytest.MonkeyPatch, patterns: int
):
    monkeypatch.setattr("crm.management.commands.seed.MANY", 100)
    monkeypatch.setattr("crm.management.commands._leads_sown.WHOLE", patterns)
    before = names_of_indexes()

    seed(**SOME, activities=700)

    assert list(findings()) == []
    assert names_of_indexes() == before
    assert Lead.objects.count() == Lead.objects.values("email", "topic", "pk").distinct().count()
    on_leads = Activity.objects.filter(links__record_type__model="lead", links__is_origin=True)
    assert on_leads.count() == 700


def test_the_same_seed_sows_the_same_on_each_engine(defaults):
    seed(**SOME)

    told = [
        list(model.objects.order_by("pk").values_list(*names))
        for model, names in (
            (Account, ("name", "website", "phone", "city", "employees")),
            (Contact, ("first_name", "last_name", "email", "account__name")),
            (Opportunity, ("topic", "status", "account__name", "contact__email")),
            (Lead, ("first_name", "last_name", "company", "email", "topic", "status", "rating")),
        )
    ]
    assert hashlib.sha256(repr(told).encode()).hexdigest()[:16] == "18e1192b18c0e336"
