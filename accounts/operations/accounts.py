"""Making, changing and binning accounts, with their claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.errors import AccountExists, NeedsDecision
from accounts.matching import account_match
from accounts.models import Account, Contact
from accounts.operations import identity
from accounts.operations.merge import inherit_again
from records import audit
from records.errors import Unacceptable
from records.models import default_currency
from records.operations import (
    apply,
    delete_record,
    hold_chosen,
    known_currency,
    locked,
    made_ready,
    operation,
    refuse_gaps,
    restore_record,
    save_changed,
)
from records.operations.many import save_many_new
from records.operations.tags import put_on_many, tags_named
from records.permissions import reaches, require, require_any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from records.models import Tag
    from users.models import User


@operation
def create_account(
    *,
    by: User,
    owner: User | None = None,
    is_different: bool = False,
    tags: Sequence[Any] = (),
    **fields: Any,
) -> Account:
    """Add a company; `tags` are names.

    Raises `AccountExists` when one of this name and domain (or country) is there, unless a person
    said that it `is_different`.
    """
    account = drawn_up_account(by=by, owner=owner, **fields)
    identity.hold(identity.company_locks(account.name))
    if not is_different:
        _refuse_twin(account, by=by)
    hold_chosen(account.parent, by=by)
    write_accounts([(account, tags_named(tags, by=by))], by=by, is_different=is_different)
    return account


def drawn_up_account(*, by: User, owner: User | None = None, **fields: Any) -> Account:
    """Draw up a company as `create_account` says, without a look at others; nothing is written."""
    account = Account(owner=owner or by, **fields)
    require_any(by, "add", Account)
    require(by, "add", account)
    account.derive()
    _require_currency(account)
    made_ready(account, by=by)
    return account


def write_accounts(
    drafts: Sequence[tuple[Account, Sequence[Tag]]], *, by: User, is_different: bool = False
) -> None:
    """Write companies that are drawn up, each with its tags, and what every new one brings.

    Their locks are held, and nobody is like them; raises `LostRace` where somebody is.
    """
    accounts = [account for account, _tags in drafts]
    save_many_new(accounts, by=by)
    put_on_many(Account, "tags", drafts)
    identity.claim(accounts, is_different=is_different)
    audit.log_each(accounts, "account.created", by=by)


@operation
def update_account(
    account: Account,
    *,
    by: User,
    version: int | None = None,
    is_different: bool = False,
    is_carried: bool = False,
    **changes: Any,
) -> Account:
    """Change fields of a company; changing nothing writes nothing.

    What `is_carried` comes from a lead, and is written whether `by` may see the field or not.
    Raises `Stale`, and `AccountExists` when the new name and domain are another company's.
    """
    identity.hold(identity.company_locks(account.name, changes.get("name", "")))
    current = locked(account, by=by, action="change", version=version)
    if changes.get("owner", current.owner) != current.owner:
        require(by, "assign", current)
    before = identity.of_account(current)
    changed = apply(current, changes, by=by, is_carried=is_carried)
    if not changed:
        return current
    if "parent" in changed:
        hold_chosen(current.parent, by=by)
    _refuse_own_ancestor(current)
    if "currency" in changed:
        _require_currency(current)
    current.derive()
    is_renamed = identity.of_account(current) != before
    if is_renamed and not is_different:
        _refuse_twin(current, by=by)
    refuse_gaps(current, changed, by=by)
    save_changed(current, by=by)
    if is_renamed:
        identity.reclaim([current], is_different=is_different)
    if "name" in changed:
        # Name and phone identify a person only together with the company's name.
        people = list(Contact.objects.filter(account=current).select_related("account"))
        identity.reclaim(people, is_different=True)
    audit.log(current, "account.changed", by=by, changes=changed)
    return current


@operation
def find_or_create_account(
    name: str, *, by: User, owner: User | None = None, **fields: Any
) -> tuple[Account, bool]:
    """Return the account that a company of this name is, and whether it was made for it.

    Nobody is asked, so what decides is what `accounts.matching` says. Raises `NeedsDecision` when
    something contradicts: then it is neither merged nor doubled.
    """
    identity.hold(identity.company_locks(name))
    match = account_match(
        name,
        website=fields.get("website", ""),
        country=str(fields.get("country", "")),
        phone=fields.get("phone", ""),
    )
    if match.decided is not None:
        return match.decided, False
    if match.undecided:
        raise NeedsDecision(match.undecided, kind="account")
    return create_account(by=by, owner=owner, name=name, **fields), True


@operation
def delete_account(account: Account, *, by: User, version: int | None = None) -> Account:
    """Put a company into the recycle bin and free what it claimed."""
    identity.hold(identity.company_locks(account.name))
    current = delete_record(account, by=by, version=version)
    current.claims.all().delete()
    return current


@operation
def restore_account(account: Account, *, by: User) -> Account:
    """Take a company out of the recycle bin. Raises `AccountExists` when it has a twin by now.

    Restoring what is not there changes nothing, whatever stands beside it.
    """
    identity.hold(identity.company_locks(account.name))
    was_there = Account.all_objects.filter(pk=account.pk, deleted_at=None).exists()
    current = restore_record(account, by=by)
    if was_there:
        return current
    _refuse_twin(current, by=by)
    identity.reclaim([current])
    inherit_again(current)
    return current


def _require_currency(account: Account) -> None:
    if account.currency != default_currency():
        known_currency(account.currency)


def _refuse_twin(account: Account, *, by: User) -> None:
    holder = identity.other_holder_of(account)
    if holder is None or holder.account is None:
        return
    if reaches(by, "view", holder.account):
        message = _(
            "An account named %(name)s exists already. Use it, or say that this is a different one."
        ) % {"name": holder.account.name}
    else:
        message = _(
            "An account like this exists already, but you cannot open it. "
            "Ask your manager, or say that this is a different one."
        )
    raise AccountExists(message, record=holder.account, field="name")


def _refuse_own_ancestor(account: Account) -> None:
    """Refuse a parent that is the account itself or below it."""
    ancestor, seen = account.parent, {account.pk}
    while ancestor is not None:
        if ancestor.pk in seen:
            raise Unacceptable(
                errors={"parent": [_("An account cannot be below itself. Choose another one.")]}
            )
        seen.add(ancestor.pk)
        ancestor = ancestor.parent
