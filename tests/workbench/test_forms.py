"""What a form reads: money as people write it, records by their name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from accounts.operations import delete_account
from leads.forms import LeadForm
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory
from users.models import User
from workbench.forms import LookupField, MoneyField, amount_of, label_of

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        ("en", "80000", "80000"),
        ("en", "30k", "30000"),
        ("en", "30 K", "30000"),
        ("en", "1.5m", "1500000"),
        ("en", "2bn", "2000000000"),
        ("en", "30,000", "30000"),
        ("en", "€30 000", "30000"),
        ("en", f"30{NBSP}000 €", "30000"),
        ("en", f"30{NARROW}000", "30000"),
        ("en", "EUR 30,000.50", "30000.50"),
        ("en", "30'000", "30000"),
        ("en", "30’000.-", None),
        ("en", "$1,234,567.89", "1234567.89"),
        ("en", " 12 ", "12"),
        ("en", "０１２", "12"),
        ("de", "30.000", "30000"),
        ("de", "30.000,50 €", "30000.50"),
        ("de", "1,5m", "1500000"),
        ("fr", f"30{NBSP}000,5", "30000.5"),
        ("en", "30.000", None),
        ("en", "3,00", None),
        ("en", "30,0000", None),
        ("en", "around 30k", None),
        ("en", "30k to 40k", None),
        ("en", "1e5", None),
        ("en", "NaN", None),
        ("en", "Infinity", None),
        ("en", "0x10", None),
        ("en", "--5", None),
        ("en", "1,,000", None),
        ("en", "k", None),
        ("en", "९", None),
    ],
)
def test_reads_money_as_people_write_it(language: str, text: str, amount: str | None) -> None:
    with translation.override(language):
        if amount is None:
            with pytest.raises(ValidationError, match=r"80.000"):
                MoneyField().clean(text)
        else:
            assert MoneyField().clean(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["-5", "9" * 13, "9" * 10_000, "9m" * 3000])
def test_refuses_money_that_cannot_be_kept(text: str) -> None:
    with pytest.raises(ValidationError):
        MoneyField().clean(text)


@given(st.text(max_size=60))
def test_never_fails_on_any_text(text: str) -> None:
    amount = amount_of(text)

    assert amount is None or amount >= 0


@given(st.decimals(min_value=0, max_value=999_999_999_999, places=2))
def test_reads_what_it_shows(amount: Decimal) -> None:
    for language in ("en", "de", "fr"):
        with translation.override(language):
            field = MoneyField()
            assert field.clean(field.prepare_value(amount)) == amount


def test_a_form_never_saves(rep: User) -> None:
    with pytest.raises(TypeError):
        LeadForm(user=rep).save()


def test_a_form_lists_no_records(rep: User) -> None:
    AccountFactory.create_batch(3, owner=rep, name="Difference Works Ltd", is_different=True)

    assert "Difference Works" not in str(LeadForm(user=rep))


def test_finds_a_record_by_name_or_number(rep: User) -> None:
    first = AccountFactory(owner=rep, name="Acme")
    AccountFactory(owner=rep, name="Acme Holding")
    field = LookupField(Account.objects.all())

    assert field.clean("ACME") == first  # the whole name is nearer than a part of another
    assert field.clean(f"Acme (#{first.pk})") == first
    assert field.clean(f"#{first.pk}") == first
    assert field.prepare_value(first.pk) == f"Acme (#{first.pk})"


def test_a_number_in_a_name_is_no_number_of_a_record(rep: User) -> None:
    first = AccountFactory(owner=rep, name="Acme")
    plants = [
        AccountFactory(owner=rep, name=name)
        for name in (f"Plant #{first.pk}", f"Weavers (#{first.pk})")
    ]
    field = LookupField(Account.objects.all())

    assert [field.clean(plant.name) for plant in plants] == plants
    assert [field.clean(label_of(each)) for each in (first, *plants)] == [first, *plants]
    with pytest.raises(ValidationError, match="Nothing is called"):
        field.clean(f"Other (#{first.pk})")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Acm", "Several"),
        ("Nobody", "Nothing"),
        ("---", "Nothing"),
        ("#0", "Nothing"),
        ("a\x00b", "NUL"),
        ("x" * 5000, "Nothing"),
    ],
)
def test_asks_where_a_name_does_not_tell(rep: User, text: str, sentence: str) -> None:
    AccountFactory(owner=rep, name="Acme Nord")
    AccountFactory(owner=rep, name="Acme Sud")

    with pytest.raises(ValidationError, match=sentence):
        LookupField(Account.objects.all()).clean(text)


def test_asks_for_more_of_a_name_that_many_have(rep: User) -> None:
    for n in range(10):
        AccountFactory(owner=rep, name=f"Acme {n}")

    with pytest.raises(ValidationError, match="Type more"):
        LookupField(Account.objects.all()).clean("Acme")


@pytest.mark.parametrize("key", ["9" * 30, str(2**63), "0", "-1", "x", "\x00", "٣", "0" * 30])
def test_refuses_a_number_that_no_line_can_have(rep: User, key: str) -> None:
    form = LeadForm({"topic": "Storage", "company": "Ferrovia", "products": [key]}, user=rep)

    assert "products" in form.errors


def test_what_stands_is_named_from_the_bin_and_can_be_taken_away(admin: User, rep: User) -> None:
    define("lead", "partner", type="record", target="account", by=admin)
    account = AccountFactory(owner=rep, name="Gone Works")
    by = User.objects.get(pk=rep.pk)
    lead = LeadFactory(owner=rep, by=by, custom={"partner": account.pk})
    delete_account(account, by=rep)
    form = LeadForm({}, instance=lead, user=User.objects.get(pk=rep.pk))
    field = form.fields["custom.partner"]

    assert form["custom.partner"].initial == account.pk
    assert field.prepare_value(account.pk) == f"Gone Works (#{account.pk})"
    assert field.clean(f"Gone Works (#{account.pk})") == account.pk
    assert field.clean("") is None


@pytest.mark.parametrize("text", ["-5", "−5", "- 1,000", "-€5"])
def test_says_of_an_amount_below_zero_what_is_wrong(text: str) -> None:
    with pytest.raises(ValidationError, match="not below zero"):
        MoneyField().clean(text)
