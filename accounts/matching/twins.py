"""Which other accounts and contacts look like one that is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.matching.accounts import account_match
from accounts.matching.apart import apart
from accounts.matching.contacts import contact_match
from accounts.matching.found import PRESELECTED
from accounts.models import Account, Contact, days_in
from records.permissions import reaches

if TYPE_CHECKING:
    from accounts.matching.found import Match
    from users.models import User

MOST = 3


@dataclass(frozen=True)
class Twin:
    """Another record that is very likely the same.

    Where it may not be seen, `record` is None and there are no reasons: only who owns it is told.
    """

    record: Any
    score: int = 0
    reasons: tuple[str, ...] = ()
    owner: User | None = None


def twins_of(record: Account | Contact, *, by: User) -> list[Twin]:
    """Return the records that are likely the same as this one, the likeliest first.

    A contact comes with its account loaded. Those of which somebody said that they are different
    are left out, and so is what is less than `PRESELECTED` alike. Hidden ones come last, one for
    each owner. Two statements at most.
    """
    match = _match(record, by=by).seen_by(by)
    close, hidden = (
        [each for each in some if each.score >= PRESELECTED and each.record.pk != record.pk]
        for some in (match.candidates, match.hidden)
    )
    if not (close or hidden):
        return []
    kind = str(record._meta.model_name)
    different = apart(kind, record.pk)[kind]
    found = [
        Twin(each.record, each.score, tuple(r.text for r in each.reasons if r.agrees))
        for each in close
        if each.record.pk not in different
    ]
    owners = dict.fromkeys(e.record.owner for e in hidden if e.record.pk not in different)
    return [*found[:MOST], *(Twin(None, owner=owner) for owner in list(owners)[:MOST])]


def _match(record: Account | Contact, *, by: User) -> Match[Any]:
    if isinstance(record, Account):
        return account_match(
            record.name,
            website=record.website,
            country=str(record.country),
            phone=record.phone,
            is_similar_wanted=True,
            place=record.as_place(),
        )
    return contact_match(
        first_name=record.first_name,
        last_name=record.last_name,
        email=record.email,
        phone=record.phone,
        mobile=record.mobile,
        company=record.account.name
        if record.account and reaches(by, "view", record.account)
        else "",
        country=str(record.country),
        days=days_in(record.custom),
        is_similar_wanted=True,
        place=record.as_place(),
    )
