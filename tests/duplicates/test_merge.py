"""Making several records one."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, models

from accounts.errors import AccountExists, ContactExists
from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import (
    create_account,
    create_contact,
    find_or_create_account,
    find_or_create_contact,
    merge_accounts,
    merge_contacts,
    unmerge_accounts,
    update_account,
    update_contact,
)
from accounts.operations.merge import CLAIMS
from activities.models import Activity, ActivityLink
from activities.operations import log_note, share
from crm.integrity import findings
from intake.models import Delivery, Reference
from leads.errors import CannotUndo, LeadIsClosed
from leads.models import DisqualifyReason, Lead
from leads.operations import (
    capture_lead,
    disqualify,
    merge_leads,
    qualify,
    undo,
    unmerge_leads,
    update_lead,
)
from leads.operations.merge import STAYS
from opportunities.models import Opportunity, Stakeholder
from opportunities.operations import add_stakeholder, open_opportunity, update_opportunity
from records.errors import (
    CannotMerge,
    IsInBin,
    IsMerged,
    NotPermitted,
    Stale,
    Unacceptable,
)
from records.models import AuditEntry, Merge, MergedRecord
from records.operations.merging import name_of, references_to
from tests.duplicates import world
from tests.duplicates.kinds import KINDS
from tests.duplicates.world import record
from tests.factories import AccountFactory, ContactFactory, LeadFactory, UserFactory
from tests.snapshots import rows


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def left_on(one: Any) -> list[str]:
    """Return what still refers to a record, by its name; the history remembers, and may."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if hasattr(model, "instance_type"):
            continue
        for column in model._meta.concrete_fields:
            if column.related_model is type(one) and name_of(column) not in STAYS:
                found += [
                    f"{model._meta.label} {row.pk}"
                    for row in model._base_manager.filter(**{column.name: one.pk})
                ]
    shown = ActivityLink.objects.filter(
        record_type=ContentType.objects.get_for_model(type(one)), record_id=one.pk
    )
    return [*found, *(f"link {link.pk}" for link in shown)]


# Everything moves, once


def test_moves_all_that_hung_on_the_losers(kind, rep):
    kept, *gone = kind.world(rep)
    assert all(left_on(loser) for loser in gone)

    merge = kind.merge(kept, gone, by=rep)

    assert [left_on(loser) for loser in gone] == [[], []]
    assert all(record(loser).is_in_bin for loser in gone)
    assert (merge.survivor_id, merge.loser_ids) == (kept.pk, [loser.pk for loser in gone])
    assert list(findings()) == []


# What is known of every relation to a kind that can be merged, and what a merge does with it. A new
# relation fails the test below until somebody has decided, and `world` has a row of it.
RELATIONS = {
    "account": {
        "leads.Lead.account": "moves",
        "leads.Qualification.account": "moves",
        "opportunities.Opportunity.account": "moves",
        "accounts.Account.parent": "moves",
        "accounts.Contact.account": "moves",
        "accounts.IdentityClaim.account": "is inherited",
        "accounts.Account_tags.account": "moves, once",
    },
    "contact": {
        "leads.Lead.contact": "moves",
        "leads.Qualification.contact": "moves",
        "opportunities.Opportunity.contact": "moves",
        "opportunities.Stakeholder.contact": "moves, once",
        "accounts.IdentityClaim.contact": "is inherited",
        "accounts.Contact_tags.contact": "moves, once",
    },
    "lead": {
        "intake.Reference.lead": "moves",
        "intake.Delivery.lead": "moves",
        "leads.Lead_products.lead": "moves, once",
        "leads.Lead_tags.lead": "moves, once",
        "leads.Lead.duplicate_of": "moves",
        "leads.Assignment.lead": "stays",
        "leads.Qualification.lead": "stays",
        "leads.AutomaticQualification.lead": "stays",
    },
}


@pytest.mark.parametrize("name", KINDS)
def test_every_relation_to_a_kind_that_can_be_merged_is_decided_on(name):
    model = KINDS[name].model
    found = {
        name_of(key): (
            "stays"
            if name_of(key) in STAYS
            else "is inherited"
            if name_of(key) in CLAIMS
            else "moves, once"
            if any(key.name in names for names in uniques(key.model))
            else "moves"
        )
        for key in references_to(model)
    }

    assert found == RELATIONS[name]


def uniques(model: type[models.Model]) -> list[Any]:
    constraints = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    return [*model._meta.unique_together, *(c.fields for c in constraints)]


@pytest.mark.parametrize("name", KINDS)
def test_the_world_has_a_row_of_every_relation_that_moves(rep, name):
    _kept, *gone = KINDS[name].world(rep)

    for key in references_to(KINDS[name].model, stays=STAYS):
        rows_there = key.model._base_manager.filter(**{f"{key.name}__in": gone})
        assert rows_there.exists(), name_of(key)


@pytest.mark.parametrize("name", KINDS)
def test_no_relation_that_moves_stands_in_a_condition_of_uniqueness(name):
    for key in references_to(KINDS[name].model, stays=(*STAYS, *CLAIMS)):
        for constraint in key.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.condition:
                assert key.name not in constraint.fields


def test_shows_an_entry_once_that_both_showed(kind, rep):
    kept, *gone = kind.world(rep)
    shown = {entry for one in (kept, *gone) for entry in Activity.objects.on(one)}

    kind.merge(kept, gone, by=rep)

    assert sorted(Activity.objects.on(kept).values_list("pk", flat=True)) == sorted(
        entry.pk for entry in shown
    )


def test_keeps_one_of_two_stakeholders_of_a_deal(rep):
    kept, *gone = world.contacts(rep)

    merge_contacts(kept, gone, by=rep)

    deal, other = Opportunity.objects.get(topic="Looms"), Opportunity.objects.get(topic="Mills")
    assert [each.contact_id for each in deal.stakeholders.all()] == [kept.pk]
    assert Stakeholder.objects.get(opportunity=other).contact_id == kept.pk
    assert deal.contact_id == kept.pk


def test_takes_the_doors_of_a_lead_along(rep):
    kept, *gone = world.leads(rep)

    merge_leads(kept, gone, by=rep)

    assert Reference.objects.get().lead_id == Delivery.objects.get().lead_id == kept.pk
    assert {product.key for product in kept.products.all()} == {"loom", "mill"}
    assert Lead.objects.get(first_name="Twin").duplicate_of_id == kept.pk


def test_makes_a_record_that_moves_a_new_version_with_its_trail(rep):
    kept, *gone = world.accounts(rep)
    deal = Opportunity.objects.get(topic="Looms")

    merge_accounts(kept, gone, by=rep)

    moved = record(deal)
    assert (moved.account_id, moved.version) == (kept.pk, deal.version + 1)
    assert moved.history.latest("history_id").account_id == kept.pk
    entry = AuditEntry.objects.get(event="opportunity.relinked", record_id=deal.pk)
    assert entry.changes["account"][1]["id"] == kept.pk


# Which values stay


def test_fills_what_is_empty_in_the_order_of_the_losers(rep):
    kept, *gone = world.accounts(rep)

    merge_accounts(kept, gone, by=rep)

    kept = record(kept)
    assert (kept.name, kept.city) == ("Analytical Engines", "London")
    assert (kept.website, kept.description) == ("https://machines.example", "Old friends")
    assert kept.external_id == "SF-2"
    assert {tag.name for tag in kept.tags.all()} == {"steam", "brass"}


def test_takes_what_was_chosen(rep):
    kept, gone, third = world.accounts(rep)

    merge_accounts(kept, [gone, third], by=rep, values={"name": gone.pk, "city": third.pk})

    assert (record(kept).name, record(kept).city) == ("Analytical Machines", "")
    assert Merge.objects.get().values == {"name": gone.pk, "city": third.pk}


def test_keeps_an_amount_with_its_currency(rep):
    kept, gone = (
        create_account(by=rep, name=name, annual_revenue=amount, currency=currency)
        for name, amount, currency in (("One", None, "EUR"), ("Two", "9000.00", "USD"))
    )

    merge_accounts(kept, [gone], by=rep)

    assert (str(record(kept).annual_revenue), record(kept).currency) == ("9000.00", "USD")


def test_refuses_an_amount_without_its_currency(rep):
    kept, gone = (
        create_account(by=rep, name=name, annual_revenue=amount, currency=currency)
        for name, amount, currency in (("One", "5.00", "EUR"), ("Two", "9000.00", "USD"))
    )

    with pytest.raises(Unacceptable) as refusal:
        merge_accounts(kept, [gone], by=rep, values={"currency": gone.pk})
    merge_accounts(kept, [gone], by=rep, values={"currency": gone.pk, "annual_revenue": gone.pk})

    assert list(refusal.value.errors) == ["values.annual_revenue"]
    assert (str(record(kept).annual_revenue), record(kept).currency) == ("9000.00", "USD")


def test_keeps_a_second_address_where_there_is_room(rep):
    kept, gone, third = world.contacts(rep)

    merge_contacts(kept, [gone, third], by=rep)

    kept = record(kept)
    assert (kept.email, kept.second_email) == ("ada@engine.example", "ada@byron.example")
    assert kept.account_id == gone.account_id


def test_asks_nobody_twice_who_does_not_want_to_be_asked(rep):
    kept, gone, third = world.contacts(rep)

    merge_contacts(kept, [gone, third], by=rep)

    # That one of the others agreed says nothing about this one.
    assert record(kept).do_not_contact
    assert not record(kept).consent


@pytest.mark.parametrize("name", ["do_not_contact", "consent", "version", "id", "nothing"])
def test_lets_nobody_choose_what_is_nobodys_choice(rep, name):
    kept, gone, _third = world.contacts(rep)

    with pytest.raises(Unacceptable):
        merge_contacts(kept, [gone], by=rep, values={name: kept.pk})


def test_refuses_a_value_of_a_record_that_is_not_merged(rep):
    kept, gone, third = world.contacts(rep)

    with pytest.raises(Unacceptable) as refusal:
        merge_contacts(kept, [gone], by=rep, values={"phone": third.pk})

    assert list(refusal.value.errors) == ["values.phone"]


def test_gives_the_record_to_another_owner_only_by_who_may_assign(rep):
    clerk = UserFactory(
        may={"accounts.view_account": "all", "accounts.change_account": "all",
             "accounts.delete_account": "all"}
    )  # fmt: skip
    kept, gone = AccountFactory(owner=rep), AccountFactory(owner=clerk)

    with pytest.raises(NotPermitted):
        merge_accounts(kept, [gone], by=clerk, values={"owner": gone.pk})
    merge_accounts(kept, [gone], by=clerk)

    assert record(kept).owner == rep


# Who is the same as whom


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "Analytical Machines GmbH", "website": "https://machines.example"},
        {"name": "ANALYTICAL MACHINES"},
        {"name": "Engine Works", "country": "GB"},
        {"name": "Analytical Engines"},
    ],
)
def test_is_found_by_what_it_was_merged_from(rep, asked):
    kept, *gone = world.accounts(rep)
    merge_accounts(kept, gone, by=rep)

    account, is_new = find_or_create_account(by=rep, owner=rep, **asked)

    assert (account, is_new) == (kept, False)


def test_is_found_by_its_own_name_that_was_not_kept(rep):
    kept, *gone = world.accounts(rep)
    merge_accounts(kept, gone, by=rep, values={"name": gone[0].pk})

    account, is_new = find_or_create_account("Analytical Engines", by=rep, owner=rep)

    assert (account, is_new) == (kept, False)


def test_goes_on_being_found_when_it_gets_another_name(rep):
    kept, *gone = world.accounts(rep)
    merge_accounts(kept, gone, by=rep)

    update_account(kept, by=rep, name="Engines and more")
    account, is_new = find_or_create_account("Analytical Machines", by=rep, owner=rep)

    assert (account, is_new) == (kept, False)
    assert list(findings()) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"email": "ada@engine.example"},
        {"email": "Ada@Byron.example"},
        {"email": "countess@byron.example"},
        {"first_name": "A.", "last_name": "King", "mobile": "+44 7700 900-123"},
    ],
)
def test_a_person_is_found_by_all_that_was_known_of_her(rep, asked):
    kept, *gone = world.contacts(rep)
    works = Account.objects.get(name="Difference Works")
    merge_contacts(kept, gone, by=rep)

    contact, is_new = find_or_create_contact(by=rep, owner=rep, account=works, **asked)

    assert (contact, is_new) == (kept, False)


def test_the_people_of_a_company_are_found_by_its_other_name(rep):
    kept, *gone = world.accounts(rep)
    person = Contact.objects.get(last_name="Babbage")
    merge_accounts(kept, gone, by=rep)
    lead = capture_lead(
        by=rep,
        topic="Mills",
        first_name="Charles",
        last_name="Babbage",
        phone="+44 20 7946 0002",
        company="Analytical Machines",
    )

    outcome = qualify(lead, by=rep)

    assert (outcome.account, outcome.contact) == (kept, person)


def test_lets_nobody_make_a_twin_of_a_company_that_was_merged(rep):
    kept, gone, _third = world.accounts(rep)
    merge_accounts(kept, [gone], by=rep)

    with pytest.raises(AccountExists):
        create_account(by=rep, name="Analytical Machines", website="machines.example")


def test_lets_nobody_make_a_twin_of_a_person_that_was_merged(rep):
    kept, gone, _third = world.contacts(rep)
    merge_contacts(kept, [gone], by=rep)

    with pytest.raises(ContactExists):
        create_contact(by=rep, last_name="Byron", email="ada@byron.example")


def test_gives_each_its_name_back(rep):
    kept, gone, _third = world.accounts(rep)
    claims = set(IdentityClaim.objects.values_list("account", "contact", "kind", "value", "slot"))

    unmerge_accounts(merge_accounts(kept, [gone], by=rep), by=rep)

    assert claims == set(
        IdentityClaim.objects.values_list("account", "contact", "kind", "value", "slot")
    )
    assert find_or_create_account("Analytical Machines", by=rep, owner=rep)[0] == gone


# What is refused


def test_refuses_to_merge_a_record_with_itself(kind, rep):
    kept, gone, _third = kind.world(rep)

    for losers in ([kept], [gone, gone], [gone, kept]):
        with pytest.raises(CannotMerge):
            kind.merge(kept, losers, by=rep)


def test_refuses_one_and_more_than_five(kind, rep):
    kept, *gone = kind.world(rep)

    with pytest.raises(CannotMerge):
        kind.merge(kept, [], by=rep)
    with pytest.raises(CannotMerge):
        kind.merge(kept, [*gone, *(kind.model(pk=9000 + n) for n in range(3))], by=rep)


def test_refuses_to_merge_across_kinds(kind, rep):
    kept, *_gone = kind.world(rep)
    other = LeadFactory(owner=rep) if kind.model is not Lead else AccountFactory(owner=rep)

    with pytest.raises(CannotMerge):
        kind.merge(kept, [other], by=rep)


def test_refuses_what_is_out_of_scope(kind, rep, outsider):
    kept, *gone = kind.world(rep)

    with pytest.raises(NotPermitted):
        kind.merge(kept, gone, by=outsider)

    assert not Merge.objects.exists()


def test_needs_the_right_to_change_all_and_to_delete_what_goes(rep):
    kept, gone = AccountFactory(owner=rep), AccountFactory(owner=rep)
    rights = {"accounts.view_account": "all", "accounts.change_account": "all"}
    editor = UserFactory(may=rights)
    clerk = UserFactory(may={**rights, "accounts.delete_account": "all"})

    with pytest.raises(NotPermitted):
        merge_accounts(kept, [gone], by=editor)
    merge_accounts(kept, [gone], by=clerk)


def test_refuses_what_lies_in_the_bin(kind, rep):
    kept, gone, third = kind.world(rep)
    kind.delete(third, by=rep)

    with pytest.raises(IsInBin):
        kind.merge(kept, [third], by=rep)
    with pytest.raises(IsInBin):
        kind.merge(third, [gone], by=rep)


def test_refuses_what_was_merged_meanwhile(kind, rep):
    kept, gone, third = kind.world(rep)
    kind.merge(kept, [gone], by=rep)

    with pytest.raises(IsMerged):
        kind.merge(third, [gone], by=rep)
    with pytest.raises(IsMerged):
        kind.merge(gone, [kept], by=rep)

    assert Merge.objects.count() == 1


def test_refuses_what_was_changed_since_it_was_looked_at(kind, rep):
    kept, gone, _third = kind.world(rep)
    kind.update(gone, by=rep, description="More")

    with pytest.raises(Stale):
        kind.merge(kept, [gone], by=rep, versions={kept.pk: kept.version, gone.pk: gone.version})

    assert not MergedRecord.objects.exists()


def test_refuses_to_put_a_company_below_itself(rep):
    top = AccountFactory(owner=rep)
    middle = AccountFactory(owner=rep, parent=top)
    low = AccountFactory(owner=rep, parent=middle)

    for loser in (top, middle):
        with pytest.raises(CannotMerge):
            merge_accounts(low, [loser], by=rep)
    merge_accounts(top, [low], by=rep)
    merge_accounts(record(top), [record(middle)], by=rep)

    assert record(top).parent_id is None
    assert list(findings()) == []


def test_refuses_a_parent_that_would_be_below(rep):
    kept = AccountFactory(owner=rep)
    gone = AccountFactory(owner=rep, parent=kept)

    with pytest.raises(CannotMerge):
        merge_accounts(kept, [gone], by=rep, values={"parent": gone.pk})


def test_leaves_nothing_behind_when_it_fails(kind, rep, broken_trail):
    kept, *gone = kind.world(rep)
    before = rows(with_trails=True)
    broken_trail()

    with pytest.raises(DatabaseError, match="the trail is full"):
        kind.merge(kept, gone, by=rep)

    assert rows(with_trails=True) == before


# Leads that are closed, and what they became


def test_refuses_to_lose_a_qualified_lead(rep):
    kept, gone = LeadFactory(owner=rep), LeadFactory(owner=rep)
    qualify(gone, by=rep)

    with pytest.raises(CannotMerge, match="qualified"):
        merge_leads(kept, [gone], by=rep)


def test_takes_no_open_lead_into_one_that_was_given_up(rep):
    kept, gone = LeadFactory(owner=rep), LeadFactory(owner=rep)
    disqualify(kept, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))

    with pytest.raises(LeadIsClosed, match="Reopen it first"):
        merge_leads(kept, [gone], by=rep)
    merge_leads(gone, [kept], by=rep)

    assert record(gone).is_open


def test_leaves_the_fields_of_a_qualified_lead_as_they_are(rep):
    kept, gone = LeadFactory(owner=rep), LeadFactory(owner=rep, job_title="Countess")
    qualify(kept, by=rep)

    with pytest.raises(LeadIsClosed):
        merge_leads(kept, [gone], by=rep, values={"job_title": gone.pk})
    merge_leads(kept, [gone], by=rep)

    assert record(kept).job_title == ""
    assert list(findings()) == []


def test_shows_what_was_said_to_all_that_the_lead_became(rep):
    kept, *gone = world.leads(rep)
    outcome = qualify(kept, by=rep)
    before = rows()

    merge = merge_leads(record(kept), gone, by=rep)
    whole = set(Activity.objects.on(kept))
    places = [set(Activity.objects.on(r)) for r in (outcome.account, *outcome.opportunities)]
    unmerge_leads(merge, by=rep)

    assert len(whole) == 4
    assert places == [whole, whole]
    assert rows() == before


def test_undo_of_a_qualification_waits_for_the_merge_to_be_undone(rep):
    lead = world.a_lead(rep)
    outcome = qualify(lead, by=rep)
    other = AccountFactory(owner=rep)
    merge = merge_accounts(other, [outcome.account], by=rep)

    with pytest.raises(CannotUndo) as refusal:
        undo(lead, by=rep)
    unmerge_accounts(merge, by=rep)
    undo(lead, by=rep)

    assert [each.place for each in refusal.value.blockers] == [merge]
    assert "Undo the merge first" in refusal.value.reasons[0]
    assert record(lead).is_open
    assert not Opportunity.objects.exists()


def test_undo_of_a_qualification_waits_also_for_who_was_merged_into_its_contact(rep):
    lead = world.a_lead(rep)
    outcome = qualify(lead, by=rep)
    merge_contacts(outcome.contact, [ContactFactory(owner=rep)], by=rep)

    with pytest.raises(CannotUndo, match="1 thing"):
        undo(lead, by=rep)


def test_an_undo_does_not_mind_what_was_merged_before(rep):
    kept, *gone = world.accounts(rep)
    merge_accounts(kept, gone, by=rep)
    lead = world.a_lead(rep, "Ada", company="Analytical Machines", website="machines.example")
    before = rows()

    qualify(lead, by=rep)
    undo(lead, by=rep)

    assert rows() == before


# What it costs


@pytest.mark.once
@pytest.mark.parametrize("way", ["merge", "undo"])
def test_takes_no_more_statements_for_more_that_hangs_on_it(rep, statements, way):
    def asked(number: int) -> int:
        kept, gone = (create_account(by=rep, name=f"{word} {number}") for word in ("Acme", "Apex"))
        for each in range(number):
            person = create_contact(
                by=rep, last_name=f"Babbage {number} {each}", phone="+442079460002", account=gone
            )
            open_opportunity("Looms", by=rep, owner=rep, account=gone, contact=person)
            log_note(person, by=rep, text="Spoke")
            log_note(gone, by=rep, text="Both")
            share(gone, targets=[kept], via="test")
        merge = None
        if way == "undo":
            merge = merge_accounts(kept, [gone], by=rep)
        with statements() as told:
            if merge is None:
                merge_accounts(kept, [gone], by=rep)
            else:
                unmerge_accounts(merge, by=rep)
        return len(told)

    few, many = asked(2), asked(12)

    assert 20 < many <= few


# What was chosen just before it went

CHOOSING = {
    "contact": lambda by, a, c, x: create_contact(by=by, last_name="New", account=a),
    "contact's account": lambda by, a, c, x: update_contact(x["contact"], by=by, account=a),
    "account": lambda by, a, c, x: create_account(by=by, name="North", parent=a),
    "account's parent": lambda by, a, c, x: update_account(x["account"], by=by, parent=a),
    "lead": lambda by, a, c, x: world.a_lead(by, "Mary", account=a),
    "lead's contact": lambda by, a, c, x: update_lead(x["lead"], by=by, contact=c),
    "deal": lambda by, a, c, x: open_opportunity("Mills", by=by, owner=by, account=a),
    "deal's contact": lambda by, a, c, x: update_opportunity(x["deal"], by=by, contact=c),
    "stakeholder": lambda by, a, c, x: add_stakeholder(
        x["deal"], by=by, contact=c, role="champion"
    ),
}


@pytest.mark.parametrize("name", CHOOSING)
def test_nothing_new_hangs_on_what_was_merged_since_it_was_chosen(rep, name):
    account, gone = (create_account(by=rep, name=name) for name in ("Acme", "Apex"))
    contact, person = (create_contact(by=rep, last_name=name) for name in ("Ada", "Grace"))
    standing = {
        "account": create_account(by=rep, name="Else"),
        "contact": create_contact(by=rep, last_name="Else"),
        "lead": world.a_lead(rep),
        "deal": open_opportunity("Looms", by=rep, owner=rep, account=account),
    }
    merge_accounts(account, [gone], by=rep)
    merge_contacts(contact, [person], by=rep)

    with pytest.raises(IsMerged):
        CHOOSING[name](rep, gone, person, standing)

    assert list(findings()) == []
