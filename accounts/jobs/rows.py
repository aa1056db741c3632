"""Rows of a file that become companies and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts import operations
from accounts.errors import AlreadyExists
from accounts.jobs.batch import AccountBatch, ContactBatch
from accounts.matching import account_match, contact_match
from accounts.models import Account, Contact
from records import keys
from workbench.transfer import Importer, Outcome, as_text

if TYPE_CHECKING:
    from django.db.models import QuerySet

ADDRESS = ("street", "city", "region", "postal_code", "country")


def accounts_named(name: str) -> QuerySet[Account]:
    """Return the accounts that a file means by a name: spelled like that, else of that key."""
    key = keys.company_key(name)[:200]
    keyed = Account.objects.filter(name_key=key)
    # Few have the key, which is found by an index; a name of no letters has none.
    spelled = (keyed if key else Account.objects.all()).filter(name__iexact=name)
    return spelled if spelled.exists() else keyed


class AccountImporter(Importer):
    """Rows of companies."""

    kind = "account"
    model = Account
    columns = (
        "external_id",
        "name",
        "phone",
        "website",
        "industry",
        "employees",
        "annual_revenue",
        "currency",
        *ADDRESS,
        "description",
        "created_at",
    )
    extras = {"parent.external_id": as_text, "parent.name": as_text}
    exports = {"parent.external_id": "parent__external_id", "parent.name": "parent__name"}

    def batch(self, chunk: list[dict[str, Any]]) -> AccountBatch:
        return AccountBatch(self, chunk)

    def settle(self, values: dict[str, Any]) -> Outcome:
        known = self.known(values)
        owner = self.owner_in(values)
        parent = self.linked(values, "parent", Account, accounts_named)
        if parent is not None:
            values["parent"] = parent
        if known is not None:
            return self.changed(
                known, {**values, **({"owner": owner} if owner else {})}, operations.update_account
            )
        policy = self.mapping.duplicates
        if policy != "create" and "identity" in self.mapping.match:
            match = account_match(
                values.get("name", ""),
                website=values.get("website", ""),
                country=values.get("country", ""),
                phone=values.get("phone", ""),
            )
            if match.decided is not None:
                return self._twin(
                    match.decided, values, match.reasons_for(match.decided, by=self.by)
                )
        self.require_filled(values)
        try:
            account = operations.create_account(
                by=self.by, owner=owner, is_different=policy == "create", **values
            )
        except AlreadyExists as twin:
            return self._twin(twin.record, values, [str(twin)])
        return Outcome("new", self.made(account))

    def _twin(self, twin: Any, values: dict[str, Any], reasons: list[str]) -> Outcome:
        if self.may_bring_up(twin):
            return self.changed(twin, values, operations.update_account)
        return Outcome("duplicate", None, twin, tuple(reasons))


class ContactImporter(Importer):
    """Rows of people. `company` finds or makes the account; `account.name` only finds it."""

    kind = "contact"
    model = Contact
    columns = (
        "external_id",
        "salutation",
        "first_name",
        "last_name",
        "job_title",
        "email",
        "second_email",
        "phone",
        "mobile",
        *ADDRESS,
        "description",
        "consent",
        "do_not_contact",
        "created_at",
    )
    extras = {"account.external_id": as_text, "account.name": as_text, "company": as_text}
    exports = {"account.external_id": "account__external_id", "account.name": "account__name"}

    def batch(self, chunk: list[dict[str, Any]]) -> ContactBatch:
        return ContactBatch(self, chunk)

    def settle(self, values: dict[str, Any]) -> Outcome:
        known = self.known(values)
        owner = self.owner_in(values)
        account = self.linked(values, "account", Account, accounts_named)
        company = values.pop("company", "")
        if known is not None:
            if account is not None:
                values["account"] = account
            return self.changed(
                known, {**values, **({"owner": owner} if owner else {})}, operations.update_contact
            )
        policy = self.mapping.duplicates
        if policy != "create" and "identity" in self.mapping.match:
            match = contact_match(
                company=account.name if account else company,
                country=values.get("country", ""),
                **{
                    name: values.get(name, "")
                    for name in ("first_name", "last_name", "email", "phone", "mobile")
                },
            )
            if match.decided is not None:
                return self._twin(
                    match.decided, values, match.reasons_for(match.decided, by=self.by)
                )
        self.require_filled(values, account=account or company)
        if account is None and company:
            account, is_new = operations.find_or_create_account(company, by=self.by, owner=owner)
            if is_new:
                self.made(account)
        try:
            contact = operations.create_contact(
                by=self.by, owner=owner, is_different=policy == "create", account=account, **values
            )
        except AlreadyExists as twin:
            return self._twin(twin.record, values, [str(twin)])
        return Outcome("new", self.made(contact))

    def _twin(self, twin: Any, values: dict[str, Any], reasons: list[str]) -> Outcome:
        if self.may_bring_up(twin):
            return self.changed(twin, values, operations.update_contact)
        return Outcome("duplicate", None, twin, tuple(reasons))
