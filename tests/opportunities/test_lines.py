"""The product lines of an opportunity."""

from decimal import Decimal

import pytest
from django.db import DatabaseError

from opportunities.models import Product
from opportunities.operations import OpportunityIsClosed, set_lines, win
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from tests.factories import OpportunityFactory
from tests.world import stored


@pytest.fixture
def loom(db):
    return Product.objects.create(key="loom", name="Loom", price=Decimal(900), currency="EUR")


def test_makes_the_value_their_total(rep, loom):
    opportunity = OpportunityFactory(owner=rep, value=Decimal(1))

    changed = set_lines(
        opportunity,
        by=rep,
        lines=[
            {"product": loom, "quantity": Decimal(2), "price": Decimal("850.50")},
            {"description": "Setting up", "price": Decimal(300)},
        ],
    )

    assert (changed.value, changed.base_value) == (Decimal("2001.00"), Decimal("2001.00"))
    assert [str(line) for line in opportunity.lines.order_by("position")] == ["Loom", "Setting up"]
    entry = AuditEntry.objects.get(event="opportunity.lines_changed")
    assert entry.changes["lines"][1][0] == "2.00 × Loom at 850.50"


def test_takes_the_list_price_in_the_same_currency(rep, loom):
    in_euros = OpportunityFactory(owner=rep)
    in_dollars = OpportunityFactory(owner=rep, currency="USD")

    assert set_lines(in_euros, by=rep, lines=[{"product": loom}]).value == Decimal(900)
    assert set_lines(in_dollars, by=rep, lines=[{"product": loom}]).value == Decimal(0)


def test_replaces_what_was_there(rep, loom):
    opportunity = OpportunityFactory(owner=rep)
    set_lines(opportunity, by=rep, lines=[{"product": loom}, {"description": "Setting up"}])

    set_lines(opportunity, by=rep, lines=[{"description": "Yarn", "price": Decimal(5)}])

    assert opportunity.lines.get().description == "Yarn"


def test_changes_nothing_when_they_are_there_already(rep, loom):
    opportunity = OpportunityFactory(owner=rep)
    set_lines(opportunity, by=rep, lines=[{"product": loom, "quantity": Decimal("1.5")}])
    before = stored()

    set_lines(opportunity, by=rep, lines=[{"product": loom, "quantity": Decimal("1.5")}])

    assert stored() == before


def test_leaves_the_value_when_there_are_none_any_more(rep, loom):
    opportunity = OpportunityFactory(owner=rep)
    set_lines(opportunity, by=rep, lines=[{"product": loom}])

    emptied = set_lines(opportunity, by=rep, lines=[])

    assert emptied.value == Decimal(900)
    assert not opportunity.lines.exists()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"price": Decimal(5)}, "choose a product or describe it"),
        ({"description": "Yarn", "quantity": Decimal(0)}, "quantity"),
        ({"description": "Yarn", "price": Decimal(-5)}, "price"),
        ({"description": "Yarn", "discount": 5}, "cannot be set"),
    ],
)
def test_says_what_is_wrong_with_a_line(rep, line, sentence):
    opportunity = OpportunityFactory(owner=rep)

    with pytest.raises(Unacceptable, match=sentence):
        set_lines(opportunity, by=rep, lines=[{"description": "Cloth"}, line])


def test_refuses_more_than_anybody_reads(rep):
    with pytest.raises(Unacceptable, match="At most 200"):
        set_lines(OpportunityFactory(owner=rep), by=rep, lines=[{"description": "Yarn"}] * 201)


def test_is_refused_when_it_is_closed_or_changed_meanwhile(rep, loom):
    opportunity = OpportunityFactory(owner=rep)
    set_lines(opportunity, by=rep, lines=[{"product": loom}])

    with pytest.raises(Stale):
        set_lines(opportunity, by=rep, lines=[], version=1)
    win(opportunity, by=rep)
    with pytest.raises(OpportunityIsClosed):
        set_lines(opportunity, by=rep, lines=[])


def test_leaves_nothing_behind_when_it_fails(rep, loom, broken_trail):
    opportunity = OpportunityFactory(owner=rep)
    set_lines(opportunity, by=rep, lines=[{"product": loom}])
    before = stored()

    broken_trail()
    with pytest.raises(DatabaseError):
        set_lines(opportunity, by=rep, lines=[{"description": "Yarn"}])

    assert stored() == before


def test_is_refused_to_those_who_may_not(rep, rep2, outsider, loom):
    opportunity = OpportunityFactory(owner=rep)

    for user in (rep2, outsider):
        with pytest.raises(NotPermitted):
            set_lines(opportunity, by=user, lines=[{"product": loom}])
