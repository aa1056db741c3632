"""Opening an opportunity."""

from decimal import Decimal

import pytest
from django.db import DatabaseError

from accounts.operations import delete_account
from opportunities.models import Competitor, Opportunity, Product, Stage
from opportunities.operations import ProcessIsMissing, open_opportunity
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, Currency
from tests.factories import AccountFactory, ContactFactory, UserFactory
from tests.world import stored


def a_product(name, price=None, currency="EUR"):
    return Product.objects.create(key=name.lower(), name=name, price=price, currency=currency)


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


def test_carries_what_the_lead_knew(rep):
    account = AccountFactory(owner=rep)
    contact = ContactFactory(owner=rep, account=account)
    competitor = Competitor.objects.create(key="jacquard", name="Jacquard")

    opportunity = open_opportunity(
        "Looms",
        by=rep,
        owner=rep,
        account=account,
        contact=contact,
        need="must",
        probability=45,
        customer_need="Cloth",
        competitors=[competitor],
    )

    opportunity.refresh_from_db()
    assert (opportunity.account, opportunity.contact) == (account, contact)
    assert (opportunity.need, opportunity.customer_need) == ("must", "Cloth")
    assert opportunity.probability == 45
    assert list(opportunity.competitors.all()) == [competitor]


def test_asks_the_database_seven_times(rep, statements):
    account = AccountFactory(owner=rep)
    open_opportunity("Looms", by=rep, owner=rep)

    with statements() as told:
        open_opportunity("More looms", by=rep, owner=rep, account=account, value=Decimal(7))

    assert len(told) <= 7, "\n".join(told)


def test_starts_at_the_stage_that_is_named(rep):
    opportunity = open_opportunity(
        "Looms", by=rep, owner=rep, stage=Stage.objects.get(key="propose")
    )

    assert opportunity.stage.key == "propose"
    assert opportunity.probability == 60


def test_makes_two_when_asked_twice(rep):
    open_opportunity("Looms", by=rep, owner=rep)
    open_opportunity("Looms", by=rep, owner=rep)

    assert Opportunity.objects.filter(topic="Looms").count() == 2


def test_counts_another_currency_at_its_rate(rep):
    Currency.objects.filter(code="USD").update(rate=Decimal("0.5"))

    asked = open_opportunity("Looms", by=rep, owner=rep, value=Decimal(10), currency="USD")
    known = open_opportunity(
        "Looms", by=rep, owner=rep, value=Decimal(10), currency="USD", rate=Decimal("0.25")
    )

    assert asked.base_value == Decimal(5)
    assert known.base_value == Decimal("2.5")


def test_refuses_a_currency_that_nobody_entered(rep):
    with pytest.raises(Unacceptable) as refusal:
        open_opportunity("Looms", by=rep, owner=rep, value=Decimal(10), currency="XTS")

    assert refusal.value.errors == {
        "currency": ["There is no currency “XTS” here. An administrator can add it."]
    }
    assert not Opportunity.objects.exists()


def test_makes_product_interest_a_line_and_its_total_the_value(rep):
    loom, yarn = a_product("Loom", Decimal(900)), a_product("Yarn", Decimal(30), "USD")

    opportunity = open_opportunity("Looms", by=rep, owner=rep, products=[loom, yarn, loom])

    lines = list(opportunity.lines.order_by("position"))
    assert [(line.product, line.price) for line in lines] == [(loom, 900), (yarn, 0)]
    assert opportunity.value == Decimal(900)


def test_leaves_a_typed_value_alone(rep):
    loom = a_product("Loom", Decimal(900))

    opportunity = open_opportunity("Looms", by=rep, owner=rep, products=[loom], value=Decimal(750))

    assert opportunity.value == Decimal(750)
    assert opportunity.lines.get().price == Decimal(900)


def test_has_no_value_when_nobody_knows_one(rep):
    opportunity = open_opportunity("Looms", by=rep, owner=rep, products=[a_product("Loom")])

    assert opportunity.value is None
    assert opportunity.base_value is None


def test_refuses_terms_that_it_does_not_have(rep):
    with pytest.raises(Unacceptable) as refusal:
        open_opportunity("Looms", by=rep, owner=rep, colour="red", status="won")

    assert set(refusal.value.errors) == {"colour", "status"}


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("topic", {"topic": "  "}),
        ("value", {"value": Decimal(-1)}),
        ("probability", {"probability": 101}),
        ("currency", {"currency": "euro"}),
    ],
)
def test_refuses_what_cannot_be_stored(rep, field, terms):
    terms = {"topic": "Looms"} | terms

    with pytest.raises(Unacceptable) as refusal:
        open_opportunity(terms.pop("topic"), by=rep, owner=rep, **terms)

    assert set(refusal.value.errors) == {field}


def test_refuses_a_stage_that_is_done_on_the_lead(rep):
    with pytest.raises(Unacceptable, match="done on the lead"):
        open_opportunity("Looms", by=rep, owner=rep, stage=Stage.objects.get(key="qualify"))


def test_refuses_an_account_in_the_recycle_bin(rep):
    account = AccountFactory(owner=rep)
    gone = delete_account(account, by=rep)

    with pytest.raises(Unacceptable, match="recycle bin"):
        open_opportunity("Looms", by=rep, owner=rep, account=gone)


def test_refuses_an_owner_who_has_left(rep):
    with pytest.raises(Unacceptable, match="not active"):
        open_opportunity("Looms", by=rep, owner=UserFactory(is_active=False))


def test_says_when_there_is_no_process(rep):
    Stage.objects.filter(is_for_leads=False).delete()

    with pytest.raises(ProcessIsMissing, match="An administrator can add one"):
        open_opportunity("Looms", by=rep, owner=rep)


def test_leaves_nothing_behind_when_it_fails(rep, broken_trail):
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        open_opportunity("Looms", by=rep, owner=rep)

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep):
    onlooker = UserFactory(may={"opportunities.view_opportunity": "all"})
    beginner = UserFactory(may={"opportunities.add_opportunity": "own"})

    with pytest.raises(NotPermitted):
        open_opportunity("Looms", by=onlooker, owner=onlooker)
    with pytest.raises(NotPermitted):
        open_opportunity("Looms", by=beginner, owner=rep)
    assert open_opportunity("Looms", by=beginner, owner=beginner).owner == beginner


def test_may_be_given_away_at_once_by_those_who_may_assign(rep, rep2):
    assert open_opportunity("Looms", by=rep, owner=rep2).owner == rep2
