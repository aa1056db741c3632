"""People: making, changing and binning them, and what they claim."""

import pytest

from accounts.errors import ContactExists, NeedsDecision
from accounts.models import Contact, IdentityClaim
from accounts.operations import (
    create_account,
    create_contact,
    delete_contact,
    find_or_create_contact,
    restore_contact,
    update_contact,
)
from records.errors import NotPermitted, Unacceptable


def test_claims_personal_addresses_and_name_with_company_and_phone(rep):
    account = create_account(by=rep, name="Acme")

    contact = create_contact(
        by=rep,
        account=account,
        first_name="Ann",
        last_name="Lee",
        email="Ann@Acme.example",
        second_email="ann.lee@home.example",
        phone="(212) 555-0100",
    )

    assert set(contact.claims.values_list("kind", "value")) == {
        ("email", "ann@acme.example"),
        ("email", "ann.lee@home.example"),
        ("person", "ann lee|acme|+12125550100"),
    }


def test_claims_nothing_for_a_shared_mailbox(rep):
    create_contact(by=rep, last_name="Lee", email="info@acme.example")

    create_contact(by=rep, last_name="Ray", email="info@acme.example")

    assert not IdentityClaim.objects.exists()


def test_refuses_a_twin_and_names_it(rep):
    first = create_contact(by=rep, last_name="Lee", email="ann@acme.example")

    with pytest.raises(ContactExists) as refusal:
        create_contact(by=rep, last_name="Leigh", email=" ANN@acme.example")

    assert refusal.value.record == first


def test_makes_a_namesake_when_a_person_says_that_they_are_different(rep):
    create_contact(by=rep, last_name="Lee", email="family@acme.example")

    create_contact(by=rep, last_name="Ray", email="family@acme.example", is_different=True)

    assert sorted(IdentityClaim.objects.values_list("slot", flat=True)) == [0, 1]


def test_claims_anew_after_a_change(rep):
    contact = create_contact(by=rep, last_name="Lee", email="ann@acme.example")

    update_contact(contact, by=rep, email="ann@apex.example")

    assert contact.claims.get().value == "ann@apex.example"


def test_refuses_to_take_the_address_of_another(rep):
    create_contact(by=rep, last_name="Lee", email="ann@acme.example")
    contact = create_contact(by=rep, last_name="Ray", email="ray@acme.example")

    with pytest.raises(ContactExists):
        update_contact(contact, by=rep, email="ann@acme.example")


def test_needs_some_name(rep):
    with pytest.raises(Unacceptable) as refusal:
        create_contact(by=rep, job_title="Buyer")

    assert set(refusal.value.errors) == {"last_name"}


def test_keeps_some_name(rep):
    contact = create_contact(by=rep, last_name="Lee")

    with pytest.raises(Unacceptable):
        update_contact(contact, by=rep, last_name="")


def test_finds_a_person_by_personal_address(rep):
    contact = create_contact(by=rep, last_name="Lee", email="ann@acme.example")

    found, is_new = find_or_create_contact(by=rep, last_name="Leigh", email="Ann@ACME.example")

    assert (found, is_new) == (contact, False)


def test_finds_a_person_by_second_address(rep):
    contact = create_contact(
        by=rep, last_name="Lee", email="ann@acme.example", second_email="ann@home.example"
    )

    found, _ = find_or_create_contact(by=rep, last_name="Lee", email="ann@home.example")

    assert found == contact


def test_finds_a_person_by_name_company_and_phone_together(rep):
    account = create_account(by=rep, name="Burlington Textiles")
    contact = create_contact(
        by=rep, account=account, first_name="Jack", last_name="Rogers", phone="(336) 222-7000"
    )

    found, _ = find_or_create_contact(
        by=rep,
        account=account,
        first_name="Jack",
        last_name="Rogers",
        email="jrogers@btca.example",
        phone="336-222-7000",
    )

    assert found == contact


@pytest.mark.parametrize(
    "person",
    [
        {"last_name": "Lee", "phone": "(212) 842-5500"},
        {"last_name": "Song", "email": "info@acme.example"},
        {"first_name": "Ann", "last_name": "Song"},
    ],
)
def test_never_decides_by_a_phone_a_shared_mailbox_or_a_name_alone(rep, person):
    create_contact(
        by=rep,
        first_name="Ann",
        last_name="Song",
        phone="(212) 842-5500",
        email="info@acme.example",
    )

    _contact, is_new = find_or_create_contact(by=rep, **person)

    assert is_new


def test_asks_a_person_when_several_have_the_address(rep):
    create_contact(by=rep, last_name="Lee", email="family@acme.example")
    create_contact(by=rep, last_name="Ray", email="family@acme.example", is_different=True)

    with pytest.raises(NeedsDecision):
        find_or_create_contact(by=rep, last_name="Lee", email="family@acme.example")


def test_frees_the_address_in_the_bin_and_takes_it_back(rep):
    contact = create_contact(by=rep, last_name="Lee", email="ann@acme.example")

    delete_contact(contact, by=rep)
    assert not IdentityClaim.objects.exists()
    restore_contact(contact, by=rep)

    assert contact.claims.count() == 1


def test_does_not_come_back_beside_a_twin(rep):
    contact = create_contact(by=rep, last_name="Lee", email="ann@acme.example")
    delete_contact(contact, by=rep)
    create_contact(by=rep, last_name="Lee", email="ann@acme.example")

    with pytest.raises(ContactExists):
        restore_contact(contact, by=rep)


def test_is_refused_to_those_who_may_not(rep, outsider):
    contact = create_contact(by=rep, last_name="Lee")

    with pytest.raises(NotPermitted):
        update_contact(contact, by=outsider, last_name="Mine")

    assert Contact.objects.get().last_name == "Lee"


def test_is_not_given_the_email_of_another_person_who_is_known_by_more_than_that(rep):
    account = create_account(by=rep, name="Acme")
    ann = create_contact(
        by=rep, account=account, first_name="Ann", last_name="Lee", phone="+12125550100"
    )
    create_contact(by=rep, last_name="Ray", email="ray@acme.example")

    with pytest.raises(ContactExists, match="Ray is a contact already"):
        update_contact(ann, by=rep, email="ray@acme.example")
