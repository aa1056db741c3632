"""`seed`: many records at once that hold together like those that people made."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from accounts.models import Account, Contact
from crm.integrity import findings
from leads.models import Lead
from opportunities.models import Opportunity


@pytest.mark.parametrize("history", [False, True])
def test_seed_sows_records_that_hold_together(defaults, history):
    call_command(
        "seed",
        leads=300,
        accounts=60,
        contacts=80,
        opportunities=90,
        seed=3,
        history=history,
        stdout=io.StringIO(),
    )

    assert list(findings()) == []
    assert (Account.objects.count(), Contact.objects.count()) == (60, 80)
    assert (Opportunity.objects.count(), Lead.objects.count()) == (90, 300)
    assert 0.6 < Lead.objects.open().count() / 300 < 0.85
    assert Lead.objects.qualified().exists()
    assert Lead.history.count() == (300 if history else 0)


def test_seed_adds_to_what_is_there(defaults):
    for _ in range(2):
        call_command("seed", leads=40, accounts=30, contacts=30, stdout=io.StringIO())

    assert Account.objects.count() == 60
    assert list(findings()) == []
