"""Opening an opportunity."""

from decimal import Decimal

import pytest

from opportunities.errors import ProcessIsMissing
from opportunities.models import Opportunity, Product, Stage, StageMove
from opportunities.operations import open_opportunity
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, Currency
from tests.factories import AccountFactory, ContactFactory, UserFactory


def test_starts_at_the_first_stage_behind_the_lead(rep):
    opportunity = open_opportunity("Looms", by=rep, owner=rep, value=Decimal(5000))

    assert opportunity.stage.key == "develop"
    assert opportunity.probability == opportunity.stage.probability
    assert opportunity.forecast_category == opportunity.stage.forecast_category
    assert opportunity.base_value == Decimal(5000)
    move = opportunity.moves.get()
    assert (move.kind, move.from_stage, move.to_stage) == ("opened", None, opportunity.stage)
    assert move.base_value == Decimal(5000)
    entry = AuditEntry.objects.get(event="opportunity.created")
    assert (entry.actor, entry.record_id) == (rep, opportunity.pk)


def test_carries_what_the_lead_knew(rep, django_assert_max_num_queries):
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    _ = rep.scopes

    with django_assert_max_num_queries(6 + 2):  # and a savepoint around it
        opportunity = open_opportunity(
            "Looms",
            by=rep,
            owner=rep,
            account=account,
            contact=contact,
            need="must",
            probability=45,
            customer_need="Cloth",
        )

    opportunity.refresh_from_db()
    assert (opportunity.account, opportunity.contact) == (account, contact)
    assert (opportunity.need, opportunity.customer_need) == ("must", "Cloth")
    assert opportunity.probability == 45
