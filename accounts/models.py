"""Companies, the people in them, and the claims that make twins impossible."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_countries import countries
from django_countries.fields import Country
from django_countries.fields import CountryField as AnyCountryField

from accounts.querysets import AccountQuerySet, ContactQuerySet
from records import keys, similarity
from records.models import Merge, MoneyField, TimelineRecord, currency_code, default_currency
from records.querysets import AliveManager
from records.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class CountryField(AnyCountryField):
    """A country by its code. A known one is looked up: going through all costs a save 1 ms."""

    def validate(self, value: Any, model_instance: Any) -> None:
        """Accept a code that is known; about everything else the field itself has the word."""
        if str(value) not in countries.countries:
            super().validate(value, model_instance)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django_countries.fields.CountryField", args, kwargs


def place_in(row: Any) -> similarity.Place:
    """Return the address on a record, or on a row of those columns of one, as it is compared."""
    return similarity.place_of(
        street=row.street,
        city=row.city,
        region=row.region,
        postal_code=row.postal_code,
        country=str(row.country),
    )


class Address(models.Model):
    """Where a company or a person is."""

    street = models.CharField(_("street"), max_length=250, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = CountryField(_("country"), blank=True)

    class Meta:
        abstract = True

    def as_place(self) -> similarity.Place:
        """Return the address as it is compared."""
        return place_in(self)

    @property
    def place(self) -> str:
        """City and country in words."""
        return ", ".join(part for part in (self.city, Country(str(self.country)).name) if part)


class Company(models.Model):
    """What is known of a firm, on the account and on the lead alike."""

    website = models.CharField(_("website"), max_length=200, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = MoneyField(_("annual revenue"), max_digits=18)
    currency = models.CharField(
        _("currency"), max_length=3, default=default_currency, validators=[currency_code]
    )

    class Meta:
        abstract = True


def block_column() -> Any:
    """Return a column for a key of `records.similarity.blocks`."""
    return models.CharField(max_length=40, editable=False, default="")


def block_indexes(model: type[models.Model], kind: str) -> list[models.Index]:
    """Return an index for each column of `model` that has such a key, in the order of records."""
    return [
        models.Index(fields=[column.name, "id"], name=f"{kind}_{column.name}_idx")
        for column in model._meta.local_fields
    ]


def days_in(custom: Any) -> dict[str, str]:
    """Return those of the custom values that are days, as they are stored."""
    values = custom.items() if isinstance(custom, dict) else ()
    return {k: v for k, v in values if isinstance(v, str) and _DAY.fullmatch(v)}


class PersonBlocks(models.Model):
    """The keys by which somebody is found who may be the same person."""

    block_name = block_column()
    block_home = block_column()
    block_home_2 = block_column()
    block_street = block_column()
    block_mail = block_column()
    block_phone = block_column()

    class Meta:
        abstract = True


class FirmBlocks(models.Model):
    """The keys by which a company is found that may be the same one."""

    block_word = block_column()
    block_word_2 = block_column()
    block_start = block_column()
    block_end = block_column()
    block_street = block_column()
    block_phone = block_column()

    class Meta:
        abstract = True


class Account(TimelineRecord, Company, Address, FirmBlocks):
    """A company that we sell to, or might."""

    name = models.CharField(_("name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidiaries",
        verbose_name=_("parent account"),
    )
    name_key = models.CharField(max_length=200, editable=False, db_index=True)
    domain = models.CharField(max_length=255, editable=False, db_index=True)
    phone_key = models.CharField(max_length=40, editable=False)

    # What conditions can ask.
    withholdable = ("employees", "annual_revenue")

    vocabulary = Vocabulary(
        """
        name website industry employees annual_revenue currency phone street city region
        postal_code country tags description parent.name parent.industry parent.country next_step
        next_step_at touched_at created_at changed_at owner owner.team
        """
    )

    objects = AliveManager.from_queryset(AccountQuerySet)()
    all_objects = models.Manager.from_queryset(AccountQuerySet)()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("assign_account", gettext_noop("Can assign an account"))]
        indexes = [
            # With what is asked of every row beside, so that counting opens none.
            models.Index(
                fields=["-created_at", "-id", "owner", "deleted_at"], name="account_created_idx"
            ),
            models.Index(fields=["name", "id", "owner", "deleted_at"], name="account_name_idx"),
            # All else that the list is sorted by: those that somebody may see are put in order
            # from here, and no row is opened for it.
            models.Index(
                fields=[
                    "deleted_at",
                    "owner",
                    "industry",
                    "city",
                    "country",
                    "region",
                    "domain",
                    "next_step_at",
                    "touched_at",
                    "created_at",
                    "id",
                ],
                name="account_list_idx",
            ),
            models.Index(fields=["owner", "-created_at", "-id"], name="account_owner_idx"),
            *block_indexes(FirmBlocks, "account"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="accounts_an_external_id_names_one_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url_namespace(self) -> str:
        return "accounts"

    def derive(self) -> None:
        self.name_key = keys.company_key(self.name)[:200]
        self.domain = keys.domain_key(self.website)
        self.phone_key = keys.phone_key(self.phone, settings.DEFAULT_COUNTRY)
        for column, key in similarity.blocks_of_firm(self.as_firm()).items():
            setattr(self, column, key)
        super().derive()

    def as_firm(self) -> similarity.Firm:
        """Return the company as it is compared. Its derived columns have to be filled."""
        return similarity.firm_of(
            self.name,
            domain=self.domain,
            phones=[self.phone_key or self.phone],
            place=self.as_place(),
        )

    def search_parts(self) -> Sequence[str]:
        return [self.name, self.website, self.phone, self.phone_key, self.city]


class Contact(TimelineRecord, Address, PersonBlocks):
    """A person, usually at an account."""

    salutation = models.CharField(_("salutation"), max_length=20, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    job_title = models.CharField(_("job title"), max_length=150, blank=True)
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("account"),
    )
    email = models.EmailField(_("email"), max_length=254, blank=True)
    second_email = models.EmailField(_("second email"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    mobile = models.CharField(_("mobile"), max_length=50, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    consent = models.BooleanField(_("agreed to be written to"), default=False)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    email_key = models.CharField(max_length=320, editable=False, db_index=True)
    name_key = models.CharField(max_length=220, editable=False, db_index=True)
    phone_key = models.CharField(max_length=40, editable=False, db_index=True)
    mobile_key = models.CharField(max_length=40, editable=False, db_index=True)

    # What conditions can ask.
    vocabulary = Vocabulary(
        """
        first_name last_name job_title email second_email phone mobile street city region
        postal_code country tags description consent do_not_contact next_step next_step_at
        touched_at created_at changed_at account.name account.industry account.employees
        account.country owner owner.team
        """
    )

    objects = AliveManager.from_queryset(ContactQuerySet)()
    all_objects = models.Manager.from_queryset(ContactQuerySet)()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [("assign_contact", gettext_noop("Can assign a contact"))]
        indexes = [
            # With what is asked of every row beside, so that counting opens none.
            models.Index(
                fields=["-created_at", "-id", "owner", "deleted_at"], name="contact_created_idx"
            ),
            models.Index(
                fields=["last_name", "first_name", "id", "owner", "deleted_at"],
                name="contact_name_idx",
            ),
            models.Index(
                fields=[
                    "deleted_at",
                    "owner",
                    "account",
                    "email",
                    "next_step_at",
                    "touched_at",
                    "created_at",
                    "id",
                ],
                name="contact_list_idx",
            ),
            models.Index(fields=["owner", "-created_at", "-id"], name="contact_owner_idx"),
            # Whoever writes from a second address is found by it.
            models.Index(Lower("second_email"), name="contact_second_email_idx"),
            *block_indexes(PersonBlocks, "contact"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="accounts_an_external_id_names_one_contact",
            ),
        ]

    def __str__(self) -> str:
        return (
            self.full_name or self.email or self.phone or self.mobile or str(_("Unnamed contact"))
        )

    @property
    def url_namespace(self) -> str:
        return "contacts"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def derive(self) -> None:
        self.email_key = keys.email_key(self.email)
        self.name_key = keys.person_key(self.first_name, self.last_name)[:220]
        self.phone_key = keys.phone_key(self.phone, settings.DEFAULT_COUNTRY)
        self.mobile_key = keys.phone_key(self.mobile, settings.DEFAULT_COUNTRY)
        for column, key in similarity.blocks_of_person(self.as_person()).items():
            setattr(self, column, key)
        super().derive()

    def as_person(self, company: str = "") -> similarity.Person:
        """Return the person as they are compared; the name of their company is not on the row."""
        return similarity.person_of(
            first_name=self.first_name,
            last_name=self.last_name,
            company=company,
            emails=[self.email_key or self.email, keys.email_key(self.second_email)],
            phones=[self.phone_key or self.phone, self.mobile_key or self.mobile],
            place=self.as_place(),
            days=days_in(self.custom),
        )

    def search_parts(self) -> Sequence[str]:
        return [
            self.full_name,
            self.email,
            self.second_email,
            self.phone,
            self.phone_key,
            self.mobile_key,
        ]

    def timeline_relatives(self) -> list[tuple[type[TimelineRecord], int]]:
        return [(Account, self.account_id)] if self.account_id else []


class IdentityClaim(models.Model):
    """ "This key means this record": the unique constraint that makes twins impossible.

    `value` is normalised; what goes into it for each kind is said in
    `accounts.operations.identity`.
    `slot` is 0, or higher where a person declared that this is really a different one.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("Email")
        PERSON = "person", _("Name, company and phone")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    value = models.CharField(_("value"), max_length=700)
    slot = models.PositiveSmallIntegerField(_("slot"), default=0)
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("account"),
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("contact"),
    )
    # The merge that brought it: the record is known by this too, though its columns say otherwise.
    merge = models.ForeignKey(
        Merge, on_delete=models.CASCADE, null=True, editable=False, related_name="claims"
    )
    # Of a company that a merge brought: the key of its name, under which it is looked up.
    alias = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("identity claim")
        verbose_name_plural = _("identity claims")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value", "slot"], name="accounts_an_identity_is_claimed_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, contact__isnull=True)
                | Q(account__isnull=True, contact__isnull=False),
                name="accounts_a_claim_is_for_exactly_one_record",
            ),
        ]
        indexes = [
            models.Index(fields=["alias"], name="claim_alias_idx", condition=~Q(alias="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class IdentityLock(models.Model):
    """A row to hold on to while one decides who a company or person is.

    Claims of one company differ (with a domain, with a country, bare), so no claim is a meeting
    point for all who might make its twin. This row is: whoever decides about a key holds it until
    the transaction ends.
    """

    value = models.CharField(_("value"), max_length=700, unique=True)

    class Meta:
        verbose_name = _("identity lock")
        verbose_name_plural = _("identity locks")

    def __str__(self) -> str:
        return self.value
