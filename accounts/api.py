"""Accounts and contacts for programs."""

from __future__ import annotations

from typing import ClassVar

from accounts import operations
from accounts.filters import AccountFilter, ContactFilter
from accounts.models import Account, Contact
from activities.api import WithFiles
from records import keys
from workbench import api

READ_ONLY = [
    "id",
    "version",
    "external_id",
    "next_step",
    "next_step_at",
    "created_at",
    "changed_at",
]
IS_DIFFERENT = (
    "True says that this is a different one, although it looks like one that is there already."
)


class AccountSerializer(api.RecordSerializer):
    """A company."""

    country = api.Country(required=False)
    parent = api.Related(Account, required=False, allow_null=True)
    tags = api.Tags()
    is_different = api.YesNo(write_only=True, required=False, help_text=IS_DIFFERENT)

    class Meta:
        model = Account
        fields = [
            "id",
            "version",
            "external_id",
            "name",
            "website",
            "phone",
            "industry",
            "employees",
            "annual_revenue",
            "currency",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "parent",
            "description",
            "tags",
            "owner",
            "next_step",
            "next_step_at",
            "custom",
            "is_different",
            "created_at",
            "changed_at",
        ]
        read_only_fields = READ_ONLY


class AccountViewSet(api.MergingViewSet, WithFiles):
    """Accounts: the companies that we sell to, or might."""

    model = Account
    serializer_class = AccountSerializer
    options: ClassVar[frozenset[str]] = frozenset({"is_different"})
    filterset_class = api.filters_for(
        Account,
        page=AccountFilter,
        names=[
            "name",
            "website",
            "domain",
            "industry",
            "city",
            "region",
            "country",
            "parent",
            "external_id",
            "currency",
            "employees",
            "annual_revenue",
            "next_step_at",
            "created_at",
            "changed_at",
        ],
    )
    create_operation = staticmethod(operations.create_account)
    update_operation = staticmethod(operations.update_account)
    delete_operation = staticmethod(operations.delete_account)
    merge_operation = staticmethod(operations.merge_accounts)


class ContactSerializer(api.RecordSerializer):
    """A person."""

    country = api.Country(required=False)
    account = api.Related(Account, required=False, allow_null=True)
    tags = api.Tags()
    is_different = api.YesNo(write_only=True, required=False, help_text=IS_DIFFERENT)

    class Meta:
        model = Contact
        fields = [
            "id",
            "version",
            "external_id",
            "salutation",
            "first_name",
            "last_name",
            "job_title",
            "account",
            "email",
            "second_email",
            "phone",
            "mobile",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "description",
            "consent",
            "do_not_contact",
            "tags",
            "owner",
            "next_step",
            "next_step_at",
            "custom",
            "is_different",
            "created_at",
            "changed_at",
        ]
        read_only_fields = READ_ONLY


class ContactViewSet(api.MergingViewSet, WithFiles):
    """Contacts: the people, usually at an account."""

    model = Contact
    serializer_class = ContactSerializer
    options: ClassVar[frozenset[str]] = frozenset({"is_different"})
    filterset_class = api.filters_for(
        Contact,
        page=ContactFilter,
        names=[
            "email",
            "first_name",
            "last_name",
            "job_title",
            "city",
            "region",
            "country",
            "account",
            "external_id",
            "consent",
            "do_not_contact",
            "next_step_at",
            "created_at",
            "changed_at",
        ],
        keys={"email": keys.email_key},
    )
    create_operation = staticmethod(operations.create_contact)
    update_operation = staticmethod(operations.update_contact)
    delete_operation = staticmethod(operations.delete_contact)
    merge_operation = staticmethod(operations.merge_contacts)
