"""Companies: making, changing and binning them, and what they claim."""

import pytest

from accounts.errors import AccountExists, NeedsDecision
from accounts.models import Account, IdentityClaim
from accounts.operations import (
    create_account,
    create_contact,
    delete_account,
    find_or_create_account,
    restore_account,
    update_account,
)
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry


def test_makes_an_account_with_its_claim_and_its_trail(rep):
    account = create_account(by=rep, name="Acme, Inc.", website="https://www.acme.example/")

    assert account.owner == rep
    assert account.claims.get().value == "acme|acme.example"
    assert AuditEntry.objects.get(record_id=account.pk).event == "account.created"
    assert account.history.get().history_user == rep


def test_refuses_a_twin_and_names_it(rep):
    first = create_account(by=rep, name="Acme, Inc.", country="DE")

    with pytest.raises(AccountExists) as refusal:
        create_account(by=rep, name="ACME GmbH", country="DE")

    assert refusal.value.record == first
    assert Account.objects.count() == 1


def test_makes_a_namesake_when_a_person_says_that_it_is_different(rep):
    create_account(by=rep, name="Acme")

    twin = create_account(by=rep, name="ACME", is_different=True)

    assert twin.claims.get().slot == 1


def test_keeps_namesakes_with_other_domains_apart(rep):
    create_account(by=rep, name="Phoenix", website="phoenix.example")

    create_account(by=rep, name="Phoenix", website="phoenix-tools.example")

    assert Account.objects.count() == 2


def test_changes_the_claim_with_the_name(rep):
    account = create_account(by=rep, name="Acme")

    update_account(account, by=rep, name="Apex")

    assert [claim.value for claim in IdentityClaim.objects.all()] == ["apex|"]


def test_changes_the_claims_of_its_people_with_its_name(rep):
    account = create_account(by=rep, name="Acme")
    contact = create_contact(
        by=rep, account=account, first_name="Ann", last_name="Lee", phone="+12125550100"
    )

    update_account(account, by=rep, name="Apex")

    assert contact.claims.get().value == "ann lee|apex|+12125550100"


def test_refuses_to_take_the_name_of_another(rep):
    create_account(by=rep, name="Acme")
    account = create_account(by=rep, name="Apex")

    with pytest.raises(AccountExists):
        update_account(account, by=rep, name="Acme Ltd")

    account.refresh_from_db()
    assert (account.name, account.version) == ("Apex", 1)


def test_changing_nothing_writes_nothing(rep):
    account = create_account(by=rep, name="Acme")

    update_account(account, by=rep, name="Acme")

    account.refresh_from_db()
    assert account.version == 1


def test_refuses_a_stale_change_and_shows_theirs(rep):
    account = create_account(by=rep, name="Acme")
    update_account(account, by=rep, version=1, city="Ulm")

    with pytest.raises(Stale) as refusal:
        update_account(account, by=rep, version=1, city="Bonn")

    assert refusal.value.theirs["city"] == "Ulm"
    assert refusal.value.version == 2


def test_refuses_to_be_below_itself(rep):
    parent = create_account(by=rep, name="Acme")
    child = create_account(by=rep, name="Acme North", parent=parent)

    with pytest.raises(Unacceptable):
        update_account(parent, by=rep, parent=child)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 201),
        ("name", "a\0b"),
        ("name", "\ud800"),
        ("employees", -1),
        ("currency", "euro"),
        ("currency", "ZZZ"),
    ],
)
def test_refuses_what_cannot_be_stored_and_names_the_field(rep, field, value):
    with pytest.raises(Unacceptable) as refusal:
        create_account(by=rep, **{"name": "Acme", field: value})

    assert set(refusal.value.errors) == {field}
    assert not Account.objects.exists()


def test_frees_its_name_in_the_bin_and_takes_it_back(rep):
    account = create_account(by=rep, name="Acme")

    delete_account(account, by=rep)
    assert not IdentityClaim.objects.exists()
    restore_account(account, by=rep)

    assert account.claims.get().value == "acme|"


def test_does_not_come_back_beside_a_twin(rep):
    account = create_account(by=rep, name="Acme")
    delete_account(account, by=rep)
    create_account(by=rep, name="Acme")

    with pytest.raises(AccountExists):
        restore_account(account, by=rep)

    assert Account.objects.count() == 1


def test_is_refused_to_those_who_may_not(rep, outsider):
    account = create_account(by=rep, name="Acme")

    with pytest.raises(NotPermitted):
        update_account(account, by=outsider, name="Mine")
    with pytest.raises(NotPermitted):
        delete_account(account, by=outsider)

    account.refresh_from_db()
    assert (account.name, account.deleted_at) == ("Acme", None)


def test_finds_the_account_that_a_spelling_means(rep):
    account, _ = find_or_create_account("Acme, Inc.", by=rep, country="US")

    found, is_new = find_or_create_account("ACME Corp", by=rep, country="US")

    assert (found, is_new) == (account, False)


def test_joins_the_only_namesake_when_nothing_can_be_compared(rep):
    account, _ = find_or_create_account("Acme", by=rep, website="acme.example")

    found, is_new = find_or_create_account("acme", by=rep)

    assert (found, is_new) == (account, False)


def test_asks_a_person_when_something_contradicts(rep):
    create_account(by=rep, name="Acme", country="US")

    with pytest.raises(NeedsDecision) as refusal:
        find_or_create_account("Acme", by=rep, country="DE")

    assert refusal.value.kind == "account"
    assert Account.objects.count() == 1


def test_asks_a_person_when_several_could_be_meant(rep):
    create_account(by=rep, name="Acme", country="US")
    create_account(by=rep, name="Acme", country="DE")

    with pytest.raises(NeedsDecision):
        find_or_create_account("Acme", by=rep)


def test_never_takes_a_shared_domain_for_the_company(rep):
    names = ["United Oil & Gas Corp.", "United Oil & Gas, UK", "United Oil & Gas, Singapore"]

    for name in names:
        find_or_create_account(name, by=rep, website="uog.com")

    assert Account.objects.count() == 3


def test_tells_nothing_of_a_twin_outside_the_scope(rep, outsider):
    create_account(by=rep, name="Secret Engines", city="Ulm")

    with pytest.raises(AccountExists) as refusal:
        create_account(by=outsider, name="secret engines")

    assert "Secret" not in str(refusal.value)
    assert "Ulm" not in str(refusal.value)
