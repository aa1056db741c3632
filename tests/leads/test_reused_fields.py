"""What a lead fills in and replaces on an account and a contact that are there already."""

from decimal import Decimal
from importlib import import_module

import pytest

from accounts.errors import ContactExists
from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import create_account, create_contact, update_account, update_contact
from leads.errors import CannotUndo
from leads.models import DisqualifyReason, Lead
from leads.operations import (
    Plan,
    Target,
    capture_lead,
    disqualify,
    leave,
    preview,
    qualify,
    reopen,
    undo,
)
from leads.operations.duplicates import held_with_duplicates
from records.errors import LostRace, NotPermitted, Unacceptable
from records.models import CustomField
from records.operations.shaping import save_field
from tests.factories import UserFactory
from tests.snapshots import rows
from users.models import User


@pytest.fixture
def account(rep):
    return create_account(
        by=rep, name="Analytical Engines", website="engine.example", city="Oxford", phone="111"
    )


@pytest.fixture
def contact(rep, account):
    return create_contact(
        by=rep,
        first_name="Ada",
        last_name="Byron",
        email="ada@engine.example",
        phone="+442079460001",
        account=account,
    )


def a_lead(rep, **fields):
    known = {
        "topic": "Engines",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "job_title": "Countess",
        "company": "Analytical Engines Ltd",
        "website": "https://www.engine.example/",
        "email": "ada@engine.example",
        "phone": "+442079460002",
        "city": "London",
        "industry": "Steam",
    }
    return capture_lead(by=rep, **(known | fields))


def using(record, **choices):
    return Target("use", record.pk, **choices)


def test_fills_what_is_empty_and_keeps_what_is_there(rep, account, contact):
    outcome = qualify(a_lead(rep), by=rep)

    assert (outcome.account, outcome.contact) == (account, contact)
    assert (outcome.account.industry, outcome.account.city) == ("Steam", "Oxford")
    assert (outcome.contact.job_title, outcome.contact.last_name) == ("Countess", "Byron")
    assert outcome.contact.phone == "+442079460001"
    assert outcome.qualification.kept["contact"]["last_name"] == {
        "theirs": "Byron",
        "lead": "Lovelace",
    }
    assert outcome.qualification.kept["account"] == {
        "name": {"theirs": "Analytical Engines", "lead": "Analytical Engines Ltd"},
        "phone": {"theirs": "111", "lead": "+442079460002"},
        "city": {"theirs": "Oxford", "lead": "London"},
    }


def test_takes_the_lead_s_values_where_somebody_chose_so(rep, account, contact):
    plan = Plan(
        account=using(account, take=("city", "name", "phone")),
        contact=using(contact, take=("phone", "last_name")),
    )

    outcome = qualify(a_lead(rep), by=rep, plan=plan)

    found = outcome.account
    assert (found.city, found.name, found.phone) == (
        "London",
        "Analytical Engines Ltd",
        "+442079460002",
    )
    assert (outcome.contact.phone, outcome.contact.last_name) == ("+442079460002", "Lovelace")
    assert outcome.qualification.before["contact"]["phone"] == {
        "old": "+442079460001",
        "new": "+442079460002",
    }
    assert outcome.qualification.kept == {}


def test_leaves_a_gap_where_somebody_chose_so(rep, account, contact):
    plan = Plan(
        account=using(account, keep=("industry",)), contact=using(contact, keep=("job_title",))
    )

    outcome = qualify(a_lead(rep), by=rep, plan=plan)

    assert (outcome.account.industry, outcome.contact.job_title) == ("", "")
    assert outcome.qualification.kept["contact"]["job_title"] == {"theirs": "", "lead": "Countess"}


def test_takes_nothing_that_the_lead_leaves_empty(rep, account, contact):
    plan = Plan(contact=using(contact, take=("mobile", "phone")))

    outcome = qualify(a_lead(rep, phone=""), by=rep, plan=plan)

    assert outcome.contact.phone == "+442079460001"


def test_takes_no_amount_that_is_in_another_currency(rep, account):
    update_account(account, by=rep, annual_revenue=Decimal(100), currency=account.currency)
    lead = a_lead(rep, annual_revenue=Decimal(200))
    Account.objects.update(currency="CHF")

    plan = Plan(account=using(account, take=("annual_revenue",)))
    outcome = qualify(lead, by=rep, plan=plan)

    assert outcome.account.annual_revenue == Decimal(100)


def test_finds_the_record_by_what_it_took(rep, account, contact):
    plan = Plan(contact=using(contact, take=("email",)))

    qualify(a_lead(rep, email="countess@engine.example"), by=rep, plan=plan)
    again = qualify(a_lead(rep, email="Countess@engine.example"), by=rep)

    assert again.contact == contact
    values = IdentityClaim.objects.filter(contact=contact).values_list("value", flat=True)
    assert "countess@engine.example" in values
    assert "ada@engine.example" not in values


def test_refuses_to_take_the_email_of_somebody_else(rep, account, contact):
    create_contact(by=rep, last_name="Somerville", email="mary@engine.example")
    lead = a_lead(rep, email="mary@engine.example")
    before = rows()

    with pytest.raises(ContactExists):
        qualify(lead, by=rep, plan=Plan(contact=using(contact, take=("email",))))

    assert rows() == before


@pytest.mark.parametrize(
    "choices",
    [
        {"take": ("shoe_size",)},
        {"take": ("owner",)},
        {"keep": ("do_not_contact",)},
        {"take": ("custom.nothing",)},
        {"take": ("phone",), "keep": ("phone",)},
    ],
)
def test_refuses_choices_of_fields_that_there_are_not(rep, contact, choices):
    lead = a_lead(rep)

    with pytest.raises(Unacceptable) as refusal:
        qualify(lead, by=rep, plan=Plan(contact=using(contact, **choices)))

    assert list(refusal.value.errors) == ["contact"]


def test_refuses_to_take_where_one_may_only_read(account, contact):
    reader = UserFactory(
        may={
            "leads.view_lead": "all",
            "leads.add_lead": "all",
            "leads.qualify_lead": "all",
            "accounts.view_account": "all",
            "accounts.view_contact": "all",
            "opportunities.add_opportunity": "all",
            "opportunities.view_opportunity": "all",
        }
    )
    lead = a_lead(reader)

    with pytest.raises(Unacceptable, match="may not change"):
        qualify(lead, by=reader, plan=Plan(contact=using(contact, take=("phone",))))
    outcome = qualify(lead, by=reader, plan=Plan(contact=using(contact)))

    contact.refresh_from_db()
    assert (outcome.contact, contact.job_title) == (contact, "")


def test_says_beforehand_what_becomes_of_each_field(rep, account, contact):
    plan = Plan(contact=using(contact, take=("phone",), keep=("job_title",)))

    found = preview(a_lead(rep), by=rep, plan=plan)

    outcomes = {line.name: line.outcome for line in found.contact_fields}
    assert outcomes == {
        "last_name": "kept",
        "phone": "taken",
        "job_title": "kept",
        "city": "filled",
    }
    texts = [step.text for step in found.steps]
    assert "Replace on the contact: Phone: +442079460002" in texts
    assert "Ada Byron keeps Last name: Byron" in texts


def test_does_what_it_said_beforehand(rep, account, contact):
    plan = Plan(
        account=using(account, take=("name",), keep=("industry",)),
        contact=using(contact, take=("phone",)),
    )
    lead = a_lead(rep)
    found = preview(lead, by=rep, plan=plan)

    outcome = qualify(lead, by=rep, plan=plan)

    for kind, lines in (("account", found.account_fields), ("contact", found.contact_fields)):
        carried = {line.name for line in lines if line.is_carried}
        assert set(outcome.qualification.before[kind]) == carried
        kept = {line.name for line in lines if not line.is_carried}
        assert set(outcome.qualification.kept[kind]) == kept


def test_gives_back_every_value_that_was_taken(rep, account, contact):
    lead = a_lead(rep)
    before = rows()
    plan = Plan(
        account=using(account, take=("name", "city", "phone")),
        contact=using(contact, take=("last_name", "phone"), keep=("job_title",)),
    )

    qualify(lead, by=rep, plan=plan)
    assert rows() != before
    undo(lead, by=rep)

    assert rows() == before


def test_is_not_undone_over_a_field_that_somebody_changed_since(rep, account, contact):
    lead = a_lead(rep)
    qualify(lead, by=rep, plan=Plan(contact=using(contact, take=("phone",))))
    contact.refresh_from_db()
    update_contact(contact, by=rep, phone="+442079460003")

    with pytest.raises(CannotUndo, match="1 thing"):
        undo(lead, by=rep)


def test_takes_and_gives_back_custom_fields(rep, admin, account, contact):
    for kind in (CustomField.Kind.LEAD, CustomField.Kind.CONTACT):
        field = CustomField(kind=kind, key="shoe", label="Shoe size", type="text")
        save_field(field, by=admin)
    rep = User.objects.get(pk=rep.pk)  # who asks for a page after this
    update_contact(contact, by=rep, custom={"shoe": "38"})
    lead = a_lead(rep, custom={"shoe": "39"})
    before = rows()

    kept = qualify(lead, by=rep)
    assert kept.contact.custom == {"shoe": "38"}
    assert kept.qualification.kept["contact"]["custom.shoe"] == {"theirs": "38", "lead": "39"}
    undo(lead, by=rep)
    taken = qualify(lead, by=rep, plan=Plan(contact=using(contact, take=("custom.shoe",))))
    assert taken.contact.custom == {"shoe": "39"}
    undo(lead, by=rep)

    assert rows() == before


# The lead's own duplicates


def test_closes_the_duplicates_that_were_named_along_with_it(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")

    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))

    twin.refresh_from_db()
    assert (twin.status, twin.disqualify_reason.key) == ("disqualified", "duplicate")
    assert twin.duplicate_of == lead


def test_opens_them_again_when_it_is_undone(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    before = rows()

    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))
    undo(lead, by=rep)

    assert rows() == before


def test_holds_only_those_that_were_closed_along_with_it_to_undo_it(rep):
    lead, twin, other = a_lead(rep), a_lead(rep, topic="Engines again"), a_lead(rep, topic="Looms")
    reason = DisqualifyReason.objects.get(key="no-need")
    disqualify(other, by=rep, reason=reason, duplicate_of=lead)
    number = qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,))).qualification.pk

    assert held_with_duplicates(lead) == (number, [twin])


def test_looks_again_when_it_was_qualified_anew_while_it_waited_to_undo_it(rep, monkeypatch):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    qualify(lead, by=rep)
    stale = held_with_duplicates(lead)
    undo(lead, by=rep)
    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))
    room = import_module("leads.operations.undo")
    monkeypatch.setattr(room, "held_with_duplicates", lambda _lead: stale)

    with pytest.raises(LostRace):
        undo(lead, by=rep)


def test_leaves_a_duplicate_that_somebody_has_given_up_once_more(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))
    reopen(twin, by=rep)
    no_need = DisqualifyReason.objects.get(key="no-need")
    disqualify(twin, by=rep, reason=no_need, comment="They said so", duplicate_of=lead)

    undo(lead, by=rep)

    twin.refresh_from_db()
    assert (twin.status, twin.disqualify_comment) == ("disqualified", "They said so")


def test_leaves_a_duplicate_that_was_handed_to_somebody_out_of_sight(rep, outsider):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))
    Lead.objects.filter(pk=twin.pk).update(owner=outsider)

    undo(lead, by=rep)

    lead.refresh_from_db()
    twin.refresh_from_db()
    assert (lead.status, twin.status) == ("open", "disqualified")


def test_leaves_a_duplicate_that_was_dealt_with_since(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))
    reopen(twin, by=rep)
    disqualify(twin, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))

    undo(lead, by=rep)

    assert Lead.objects.get(pk=twin.pk).disqualify_reason.key == "no-need"


def test_keeps_them_closed_when_the_records_are_kept(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))

    leave(lead, by=rep)

    assert Lead.objects.get(pk=twin.pk).status == "disqualified"


def test_leaves_out_a_duplicate_that_is_closed_already(rep):
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")
    disqualify(twin, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))

    qualify(lead, by=rep, plan=Plan(duplicates=(twin.pk,)))

    assert Lead.objects.get(pk=twin.pk).disqualify_reason.key == "no-need"


def test_refuses_itself_what_is_not_there_and_too_many_as_duplicates(rep):
    stranger = UserFactory(may={"leads.add_lead": "all", "leads.view_lead": "own"})
    lead = a_lead(rep)
    hidden = a_lead(stranger)
    before = rows()

    for numbers in ((lead.pk,), (hidden.pk,), (10**9,), tuple(range(10**6, 10**6 + 21))):
        with pytest.raises(Unacceptable):
            qualify(lead, by=rep, plan=Plan(duplicates=numbers))

    assert rows() == before


def test_is_refused_to_those_who_may_not_disqualify_the_duplicate(rep):
    qualifier = UserFactory(
        may={
            "leads.view_lead": "all",
            "leads.qualify_lead": "all",
            "accounts.add_account": "all",
            "accounts.add_contact": "all",
            "opportunities.add_opportunity": "all",
        }
    )
    lead, twin = a_lead(rep), a_lead(rep, topic="Engines again")

    with pytest.raises(NotPermitted):
        qualify(lead, by=qualifier, plan=Plan(duplicates=(twin.pk,)))

    assert Lead.objects.open().count() == 2
    assert not Contact.objects.exists()
