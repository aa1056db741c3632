"""What could decide about many companies and people, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from accounts.models import Account, Contact, IdentityClaim
from records import keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

R = TypeVar("R", Account, Contact)

MOST_OF_A_NAME = 400  # rows


@dataclass(frozen=True)
class Named:
    """The keys of a company and a person that are asked about together."""

    company_key: str
    name_key: str
    email_key: str
    phones: frozenset[str]

    @property
    def persons(self) -> list[str]:
        """What a contact who is this person may have claimed."""
        if not (self.name_key and self.company_key):
            return []
        return [f"{self.name_key}|{self.company_key}|{phone}" for phone in sorted(self.phones)]


class Directory:
    """The accounts and contacts that could decide about any of many.

    `account_match` and `contact_match` decide `among` them as they would by themselves, and find
    what has been `put` there since. Who is only similar is not here. Seven statements at most,
    however many are asked about.
    """

    def __init__(self, asked: Collection[Named]) -> None:
        self._accounts: dict[str, dict[int, Account]] = {}
        self._contacts: dict[tuple[str, str], dict[int, Contact]] = {}
        self._aliases: dict[str, dict[int, set[str]]] = {}
        self._claims: dict[tuple[str, str], set[int]] = {}
        self._read_accounts({each.company_key for each in asked} - {""})
        self._read_contacts(asked)

    def _read_accounts(self, names: Collection[str]) -> None:
        rows = Account.objects.select_related("owner")
        for account in _first_of_each(rows.filter(name_key__in=names), "name_key"):
            self.put(account)
        merged = IdentityClaim.objects.filter(alias__in=names).exclude(account=None)
        for alias, value, number in merged.values_list("alias", "value", "account"):
            self._aliases.setdefault(alias, {}).setdefault(number, set()).add(value)
        numbers = {number for accounts in self._aliases.values() for number in accounts}
        known = rows.in_bulk(numbers) if numbers else {}
        for alias, accounts in self._aliases.items():
            there = {number: known[number] for number in accounts if number in known}
            self._accounts.setdefault(alias, {}).update(there)

    def _read_contacts(self, asked: Collection[Named]) -> None:
        rows = Contact.objects.select_related("owner", "account__owner")
        emails = {each.email_key for each in asked} - {""}
        names = {each.name_key for each in asked if each.phones} - {""}
        phones = {phone for each in asked if each.name_key for phone in each.phones}
        reached = Q(phone_key__in=phones) | Q(mobile_key__in=phones)
        for contact in _first_of_each(rows.filter(email_key__in=emails), "email_key"):
            self.put(contact)
        for contact in _first_of_each(rows.filter(reached, name_key__in=names), "name_key"):
            self.put(contact)
        kinds = IdentityClaim.Kind
        persons = {claim for each in asked for claim in each.persons}
        named = Q(kind=kinds.EMAIL, value__in=emails) | Q(kind=kinds.PERSON, value__in=persons)
        held = IdentityClaim.objects.filter(named).exclude(contact=None)
        for kind, value, number in held.values_list("kind", "value", "contact"):
            self._claims.setdefault((kind, value), set()).add(number)
        numbers = {number for contacts in self._claims.values() for number in contacts}
        known = rows.in_bulk(numbers) if numbers else {}
        for place, contacts in self._claims.items():
            there = {number: known[number] for number in contacts if number in known}
            self._contacts.setdefault(place, {}).update(there)

    def put(self, record: Account | Contact) -> None:
        """Let a record with its derived columns and a number be found by what it is now."""
        if isinstance(record, Account):
            self._accounts.setdefault(record.name_key, {})[record.pk] = record
            return
        places = [("email", record.email_key), ("email", keys.email_key(record.second_email))]
        places += [(record.name_key, phone) for phone in (record.phone_key, record.mobile_key)]
        for place in places:
            self._contacts.setdefault(place, {})[record.pk] = record

    def accounts_of(self, name_key: str, places: Iterable[str]) -> list[Account]:
        """Return the accounts of a name, with what the statement for one company says of them."""
        aliases = self._aliases.get(name_key, {})
        found = list(self._accounts.get(name_key, {}).values()) if name_key else []
        for row in found:
            known: Any = row
            known.is_alias = row.pk in aliases
            known.is_claimed = not aliases.get(row.pk, set()).isdisjoint(places)
        return sorted(found, key=lambda row: row.pk)

    def contacts_of(self, named: Named) -> list[Contact]:
        """Return who could be a person, with what the statement for one person says of them."""
        places = [("email", named.email_key)]
        places += [(named.name_key, phone) for phone in named.phones]
        persons = [("person", claim) for claim in named.persons]
        found = _found_at([*places, *persons], self._contacts)
        has_email = self._claims.get(("email", named.email_key), set())
        is_person = {number for place in persons for number in self._claims.get(place, ())}
        for row in found:
            known: Any = row
            known.has_email = row.pk in has_email
            known.is_person = row.pk in is_person
            known.has_company = row.account_id in self._aliases.get(named.company_key, {})
        return sorted(found, key=lambda row: row.pk)


def _found_at(
    places: Iterable[tuple[str, str]], records: Mapping[tuple[str, str], Mapping[int, R]]
) -> list[R]:
    """Return each record that stands at one of these places once; an empty key is no place."""
    found: dict[int, R] = {}
    for one, other in places:
        if one and other:
            found |= records.get((one, other), {})
    return list(found.values())


def _first_of_each(rows: Any, column: str) -> Any:
    """Return the first rows with each value: a common one does not read a whole table."""
    nth = Window(RowNumber(), partition_by=F(column), order_by="pk")
    return rows.annotate(nth=nth).filter(nth__lte=MOST_OF_A_NAME)
