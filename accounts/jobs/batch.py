"""The rows of a chunk that are plainly new companies or people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from accounts.matching import Directory, Named, account_match
from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import identity
from accounts.operations.accounts import drawn_up_account, write_accounts
from accounts.operations.contacts import drawn_up_contact, write_contacts
from records import keys
from records.permissions import reaches
from workbench.transfer import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from records.models import Tag
    from workbench.transfer import Mark
    from workbench.transfer.undo import Trace


def key_of(name: str) -> str:
    """Return the key of a company's name as it is stored."""
    return keys.company_key(name)[:200]


class AccountsNamed:
    """The accounts that rows of a chunk name as `name`, held until the transaction ends.

    One statement. A name of which only the database can say what it means, means nothing here.
    """

    def __init__(self, importer: Any, chunk: Iterable[dict[str, Any]], name: str) -> None:
        self.by = importer.by
        ids = {v[f"{name}.external_id"] for v in chunk if v.get(f"{name}.external_id")}
        names = {key_of(v[f"{name}.name"]) for v in chunk if v.get(f"{name}.name")} - {""}
        self.by_id: dict[str, Account] = {}
        self.by_key: dict[str, list[Account]] = {}
        if not ids and not names:
            return
        rows = Account.objects.filter(Q(external_id__in=ids) | Q(name_key__in=names))
        held = rows.select_for_update(of=("self",), no_key=True).select_related("owner")
        for account in held.order_by("pk"):
            self.by_key.setdefault(account.name_key, []).append(account)
            if account.external_id:
                self.by_id[account.external_id] = account

    def of(self, external_id: str, name: str) -> Account | None:
        """Return the account that a row means, as far as it may be seen."""
        found = self.by_id.get(external_id) if external_id else self._named(name)
        return found if found is not None and reaches(self.by, "view", found) else None

    def _named(self, name: str) -> Account | None:
        same = self.by_key.get(key_of(name), [])
        if len(same) == 1:
            return same[0]
        spelled = [each for each in same if each.name.casefold() == name.casefold()]
        is_plain = len(spelled) == 1 and spelled[0].name == name
        return spelled[0] if is_plain else None


class AccountBatch(Batch):
    """Draws up the companies of a chunk of whose name there is none yet."""

    related = ("owner", "parent")

    def look_up(self, chunk: list[dict[str, Any]]) -> None:
        identity.hold(identity.company_locks(*(values.get("name", "") for values in chunk)))
        self.parents = AccountsNamed(self.importer, chunk, "parent")

    def fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
        owner = self.importer.owner_in(values)
        external_id, name = values.pop("parent.external_id", ""), values.pop("parent.name", "")
        if external_id or name:
            values["parent"] = self.parents.of(external_id, name)
            if values["parent"] is None:
                return None
        if is_new:
            self.importer.require_filled(values)
        tags = self.tags_of(values)
        return None if tags is None else {**values, "owner": owner, "tags": tags}

    def draw_up(self, fields: dict[str, Any]) -> tuple[Account, Sequence[Tag]]:
        tags = fields.pop("tags")
        return drawn_up_account(by=self.by, **fields), tags

    def marks_on(self, values: dict[str, Any]) -> Iterable[Mark]:
        key = key_of(values.get("name", ""))
        return [("company", key)] if key else []

    def means(self, values: dict[str, Any]) -> Iterable[Mark]:
        if external_id := values.get("parent.external_id", ""):
            yield ("id", external_id)
        if key := key_of(values.get("parent.name", "")):
            yield ("company", key)

    def standing(self, marks: Iterable[Mark]) -> set[Mark]:
        marks = list(marks)
        return super().standing(marks) | companies_among(marks)

    def insert(self, drafts: list[tuple[Account, Sequence[Tag]]]) -> list[Account]:
        write_accounts(drafts, by=self.by)
        return [account for account, _tags in drafts]


def companies_among(marks: Iterable[Mark]) -> set[Mark]:
    """Return those of the marks that are the name of a company, or were until it was merged."""
    names = [mark[1] for mark in marks if mark[0] == "company"]
    if not names:
        return set()
    rows = Account.objects.filter(name_key__in=names).values_list("name_key", flat=True)
    merged = IdentityClaim.objects.filter(alias__in=names).values_list("alias", flat=True)
    return {("company", key) for key in {*rows, *merged}}


@dataclass(frozen=True)
class Person:
    """Somebody to be made, and the company that is made for them where none of its name is."""

    contact: Contact
    tags: Sequence[Tag]
    company: Account | None = None


class ContactBatch(Batch):
    """Draws up the people of a chunk whom nobody is like, and the companies that come with them."""

    related = ("owner", "account")

    def look_up(self, chunk: list[dict[str, Any]]) -> None:
        names = {key_of(text): text for v in chunk if (text := v.get("company", ""))}
        names.pop("", None)
        locks = identity.company_locks(*names.values())
        for values in chunk:
            locks += identity.person_locks(*_emails_in(values), name_key=_name_key_in(values))
        identity.hold(locks)
        self.accounts = AccountsNamed(self.importer, chunk, "account")
        directory = Directory([Named(key, "", "", frozenset()) for key in names])
        matches = {key: account_match(text, among=directory) for key, text in names.items()}
        self.undecided = {key for key, match in matches.items() if match.undecided}
        decided = {key: match.decided.pk for key, match in matches.items() if match.decided}
        rows = Account.objects.filter(pk__in=set(decided.values())).order_by("pk")
        held = {each.pk: each for each in rows.select_for_update(of=("self",), no_key=True)}
        # Companies by key: those that are there, and those that came with somebody.
        self.companies = {key: held[pk] for key, pk in decided.items() if pk in held}
        self.undecided |= decided.keys() - self.companies.keys()
        self.came_with: dict[int, Account] = {}

    def fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
        owner = self.importer.owner_in(values)
        external_id, name = values.pop("account.external_id", ""), values.pop("account.name", "")
        company = values.pop("company", "")
        if external_id or name:
            values["account"] = self.accounts.of(external_id, name)
            if values["account"] is None:
                return None
        if is_new:
            account = values.get("account") or company
            self.importer.require_filled(values, account=account)
            if company and "account" not in values:
                values["company"] = company
        tags = self.tags_of(values)
        return None if tags is None else {**values, "owner": owner, "tags": tags}

    def draw_up(self, fields: dict[str, Any]) -> Person | None:
        tags, text = fields.pop("tags"), fields.pop("company", "")
        key, company = key_of(text), None
        if text and key in self.undecided:
            return None
        if text and key in self.companies:
            fields["account"] = self.companies[key]
        elif text:
            company = drawn_up_account(by=self.by, owner=fields["owner"], name=text)
            fields["account"] = company
        return Person(drawn_up_contact(by=self.by, **fields), tags, company)

    def marks_on(self, values: dict[str, Any]) -> Iterable[Mark]:
        for email in _emails_in(values):
            if key := keys.email_key(email):
                yield ("email", key)
        name_key, company = _name_key_in(values), key_of(values.get("company", ""))
        account = values.get("account.external_id", ""), values.get("account.name", "")
        if any(account) and (named := self.accounts.of(*account)) is not None:
            company = named.name_key
        for phone in _phones_in(values) if name_key else ():
            yield ("who", name_key, phone)
            yield ("person", f"{name_key}|{company}|{phone}")

    def means(self, values: dict[str, Any]) -> Iterable[Mark]:
        for text in (values.get("company", ""), values.get("account.name", "")):
            if key := key_of(text):
                yield ("company", key)

    def standing(self, marks: Iterable[Mark]) -> set[Mark]:
        marks = list(marks)
        found = super().standing(marks)
        wanted = {kind: [m[1:] for m in marks if m[0] == kind] for kind in ("email", "person")}
        rows = Contact.objects.filter(email_key__in=[key for (key,) in wanted["email"]])
        found |= {("email", key) for key in rows.order_by().values_list("email_key", flat=True)}
        claimed = Q(pk__in=[])
        for kind, values in wanted.items():
            claimed |= Q(kind=kind, value__in=[value for (value,) in values])
        claims = IdentityClaim.objects.filter(claimed).order_by()
        found |= set(claims.values_list("kind", "value"))
        who = [mark for mark in marks if mark[0] == "who"]
        names, phones = {mark[1] for mark in who}, {mark[2] for mark in who}
        reached = Q(phone_key__in=phones) | Q(mobile_key__in=phones)
        people = Contact.objects.filter(reached, name_key__in=names).order_by()
        told = people.values_list("name_key", "phone_key", "mobile_key")
        found |= {("who", name, phone) for name, *both in told for phone in both}
        return found

    def insert(self, drafts: list[Person]) -> list[Contact]:
        made: list[tuple[Account, Sequence[Tag]]] = []
        companies = dict(self.companies)
        for person in drafts:
            if person.company is None:
                continue
            key = person.company.name_key
            company = companies.get(key, person.company)
            if key:
                companies[key] = company
            if company is person.company:
                made.append((company, ()))
                self.came_with[id(person)] = company
            else:
                person.contact.account = company
        write_accounts(made, by=self.by)
        for person in drafts:
            person.contact.account = person.contact.account  # which has a number by now
        write_contacts([(each.contact, each.tags) for each in drafts], by=self.by)
        self.companies = companies
        return [person.contact for person in drafts]

    def note(self, trace: Trace, record: Contact, draft: Person) -> None:
        if id(draft) in self.came_with:
            trace.created.append(self.came_with[id(draft)])
        super().note(trace, record, draft)


def _emails_in(values: dict[str, Any]) -> tuple[str, str]:
    return values.get("email", ""), values.get("second_email", "")


def _name_key_in(values: dict[str, Any]) -> str:
    return keys.person_key(values.get("first_name", ""), values.get("last_name", ""))[:220]


def _phones_in(values: dict[str, Any]) -> set[str]:
    """Return the phones of a row as they are compared, and as they are stored."""
    home = values.get("country", "") or settings.DEFAULT_COUNTRY
    countries = {str(home), settings.DEFAULT_COUNTRY}
    numbers = [values.get(name, "") for name in ("phone", "mobile")]
    return {keys.phone_key(number, place) for number in numbers for place in countries} - {""}
