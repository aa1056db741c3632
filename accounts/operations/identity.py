"""Holding identities while deciding about them, and claiming them for records.

What an identity is:
email    a personal address of a contact, first or second, normalised; a shared mailbox is none
person   name, company and one phone of a contact, all normalised
company  company key and a discriminator of an account: its domain, else its country, else nothing
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from accounts.models import Account, Contact, IdentityClaim, IdentityLock
from records import keys
from records.errors import LostRace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from django.db.models import QuerySet

    from records.models import Merge
    from records.operations.merging import Image

Kind = IdentityClaim.Kind
Identity = tuple[str, str]  # kind and value


def hold(locks: Iterable[str]) -> None:
    """Hold the lock rows of these values until the transaction ends. One statement.

    Everybody who may make, merge or unmake a record of an identity holds its row first, in sorted
    order, so two of them never decide at the same time and never wait for each other in a circle.
    """
    values = sorted({value for value in locks if value})
    IdentityLock.objects.bulk_create(
        [IdentityLock(value=value) for value in values],
        update_conflicts=True,
        unique_fields=["value"],
        update_fields=["value"],
    )


def company_locks(*names: str) -> list[str]:
    """Return the lock values of companies of these names."""
    return [f"company:{key}" for name in names if (key := keys.company_key(name)[:200])]


def person_locks(*emails: str, name_key: str = "") -> list[str]:
    """Return the lock values of a person with these addresses and this name."""
    locks = [f"email:{key}" for email in emails if (key := keys.email_key(email))]
    return [*locks, f"person:{name_key}"] if name_key else locks


def of_account(account: Account) -> list[Identity]:
    """Return what `account` claims to be. Its derived columns have to be filled."""
    if not account.name_key:
        return []
    discriminator = account.domain or str(account.country)
    return [(Kind.COMPANY, f"{account.name_key}|{discriminator}")]


def of_contact(contact: Contact) -> list[Identity]:
    """Return what `contact` claims to be. Its derived columns and account have to be filled."""
    identities: list[Identity] = [
        (Kind.EMAIL, key)
        for key in dict.fromkeys((contact.email_key, keys.email_key(contact.second_email)))
        if key and not keys.is_role_mailbox(key)
    ]
    company = contact.account.name_key if contact.account else ""
    if contact.name_key and company:
        identities += [
            (Kind.PERSON, f"{contact.name_key}|{company}|{phone}")
            for phone in dict.fromkeys((contact.phone_key, contact.mobile_key))
            if phone
        ]
    return identities


def identities_of(record: Account | Contact) -> list[Identity]:
    return of_account(record) if isinstance(record, Account) else of_contact(record)


def claim(records: Sequence[Account | Contact], *, is_different: bool = False) -> None:
    """Claim the identities of new or changed records, and drop the ones that they had before.

    `is_different` says that a person declared them to be really different ones: where an identity
    is taken they get the next free slot beside its holder. Otherwise raises `LostRace` when
    somebody else holds it: the caller looked before and found nobody; the next look finds them.
    """
    rows = [
        IdentityClaim(kind=kind, value=value, **_holder(record))
        for record in records
        for kind, value in identities_of(record)
    ]
    rows.sort(key=lambda row: (row.kind, row.value))
    IdentityClaim.objects.bulk_create(rows, ignore_conflicts=True)
    # The insert does not say which rows it left out, and on SQLite not even why: read them again.
    standing = list(IdentityClaim.objects.filter(_any_of([(row.kind, row.value) for row in rows])))
    for row in rows:
        same = [s for s in standing if (s.kind, s.value) == (row.kind, row.value)]
        if any(_is_same_holder(s, row) for s in same):
            continue
        if not is_different:
            raise LostRace(f"{row} is taken.")
        row.slot = max((s.slot for s in same), default=-1) + 1
        row.pk = None
        row.save(force_insert=True)


def reclaim(records: Sequence[Account | Contact], *, is_different: bool = False) -> None:
    """Drop the claims of changed records and claim what they are now.

    What a merge brought stays: whoever asks for what was merged is to find what it is part of.
    """
    claims_of(records).filter(merge=None).delete()
    claim(records, is_different=is_different)


def claims_of(records: Sequence[Account | Contact]) -> QuerySet[IdentityClaim]:
    """Return the claims of these records."""
    return IdentityClaim.objects.filter(
        Q(account__in=[r.pk for r in records if isinstance(r, Account)])
        | Q(contact__in=[r.pk for r in records if isinstance(r, Contact)])
    )


def inherit(
    survivor: Account | Contact,
    losers: Sequence[Account | Contact],
    *,
    followers: Sequence[Contact] = (),
    merge: Merge,
    image: Image,
) -> None:
    """Let `survivor` be known by all that it and the losers were known by before the merge.

    `followers` are the people of the losers: they go on being known by the company's other name.
    All of them have their new values. How the claims were is noted in `image`.
    """
    image.quiet.append(IdentityClaim._meta.label)
    everyone = [survivor, *losers, *followers]
    standing = list(claims_of(everyone).select_for_update().order_by("pk"))
    holders = {_key(IdentityClaim(**_holder(each))): each for each in (survivor, *followers)}
    for row in standing:
        holder = holders.get(_key(row))
        if holder is not None and (row.kind, row.value) in identities_of(holder):
            continue
        changes: dict[str, Any] = {"merge_id": merge.pk, "alias": _alias(row)}
        if holder is None:
            changes[f"{survivor._meta.model_name}_id"] = survivor.pk
        for name, new in changes.items():
            if (old := getattr(row, name)) != new:
                image.change(row, name, old, new)
                setattr(row, name, new)
    IdentityClaim.objects.bulk_update(standing, ["account", "contact", "merge", "alias"])
    known = [survivor, *followers]
    claim(known, is_different=True)
    new = claims_of(known).exclude(pk__in=[row.pk for row in standing])
    image.add(IdentityClaim, new.order_by("pk").values_list("pk", flat=True))


def inherit_again(
    survivor: Account | Contact, merged: Iterable[tuple[Merge, Account | Contact]]
) -> None:
    """Let a record that comes out of the bin be known again by what was merged into it.

    What somebody else is known by in the meantime stays theirs.
    """
    rows = [
        IdentityClaim(kind=kind, value=value, merge=merge, **_holder(survivor))
        for merge, loser in merged
        for kind, value in identities_of(loser)
    ]
    if not rows:
        return
    # In whatever slot: that of who was declared to be different may be the only one by now.
    wanted = _any_of([(row.kind, row.value) for row in rows])
    taken = set(IdentityClaim.objects.filter(wanted).values_list("kind", "value"))
    rows = [row for row in rows if (row.kind, row.value) not in taken]
    for row in rows:
        row.alias = _alias(row)
    rows.sort(key=lambda row: (row.kind, row.value))
    IdentityClaim.objects.bulk_create(rows, ignore_conflicts=True)


def held_by(records: Sequence[Account | Contact]) -> set[Identity]:
    """Return all that these records are known by."""
    return set(claims_of(records).values_list("kind", "value"))


def twins_of(
    records: Sequence[Account | Contact], *, known: Collection[Identity]
) -> list[tuple[Account | Contact, Account | Contact]]:
    """Return the records that are what somebody else is known by, each with that one.

    `records` stand as they will be and have claimed nothing yet. What is in `known` is theirs,
    whoever else was declared to be the same beside them.
    """
    wanted = {
        identity: record
        for record in records
        for identity in identities_of(record)
        if identity not in known
    }
    own = {(str(record._meta.model_name), record.pk) for record in records}
    rows = IdentityClaim.objects.filter(_any_of(wanted)).order_by("pk")
    found: dict[tuple[Account | Contact, Account | Contact], None] = {}
    for row in rows.select_related("account__owner", "contact__owner") if wanted else ():
        other = row.account or row.contact
        if other is not None and _key(row) not in own:
            found[wanted[row.kind, row.value], other] = None
    return list(found)


def settle(records: Sequence[Account | Contact]) -> None:
    """Claim anew for those of `records` whose own claims are not what they are."""
    held: dict[tuple[str, int], set[Identity]] = {}
    for row in claims_of(records):
        held.setdefault(_key(row), set()).add((row.kind, row.value))
    own: dict[tuple[str, int], set[Identity]] = {}
    for row in claims_of(records).filter(merge=None):
        own.setdefault(_key(row), set()).add((row.kind, row.value))
    wrong = []
    for record in records:
        key = (str(record._meta.model_name), record.pk)
        wanted = set(identities_of(record))
        if wanted - held.get(key, set()) or own.get(key, set()) - wanted:
            wrong.append(record)
    if wrong:
        reclaim(wrong, is_different=True)


def _key(row: IdentityClaim) -> tuple[str, int]:
    return ("account", row.account_id) if row.account_id else ("contact", row.contact_id or 0)


def _alias(row: IdentityClaim) -> str:
    """Return the key of the company's name in a claim of a company."""
    return row.value.partition("|")[0] if row.kind == Kind.COMPANY else ""


def other_holder_of(record: Account | Contact) -> IdentityClaim | None:
    """Return a claim of another record on what `record` claims to be, with that record.

    What `record` holds itself is passed over: of its identities some may be its own already.
    """
    identities = identities_of(record)
    if not identities:
        return None
    rows = IdentityClaim.objects.filter(_any_of(identities))
    if record.pk is not None:
        own = {f"{name}_id": holder.pk for name, holder in _holder(record).items()}
        rows = rows.exclude(**own)
    return rows.select_related("account__owner", "contact__owner").order_by("slot", "pk").first()


def _any_of(identities: Iterable[Identity]) -> Q:
    """Return the condition of being one of these identities: none of them is none at all."""
    condition = Q(pk__in=[])
    for kind in Kind.values:
        values = [value for of_kind, value in identities if of_kind == kind]
        if values:
            condition |= Q(kind=kind, value__in=values)
    return condition


def _holder(record: Account | Contact) -> dict[str, Account | Contact]:
    return {"account": record} if isinstance(record, Account) else {"contact": record}


def _is_same_holder(one: IdentityClaim, other: IdentityClaim) -> bool:
    return (one.account_id, one.contact_id) == (other.account_id, other.contact_id)
