"""Making, changing and binning contacts, with their claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.errors import ContactExists, NeedsDecision
from accounts.matching import contact_match
from accounts.models import Account, Contact
from accounts.operations import identity
from accounts.operations.merge import inherit_again
from records import audit
from records.errors import Unacceptable
from records.keys import person_key
from records.operations import (
    apply,
    delete_record,
    hold_chosen,
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
def create_contact(
    *,
    by: User,
    owner: User | None = None,
    is_different: bool = False,
    tags: Sequence[Any] = (),
    **fields: Any,
) -> Contact:
    """Add a person; `tags` are names.

    Raises `ContactExists` when somebody with this personal email, or with this name, company and
    phone is there, unless a person said that it `is_different`.
    """
    contact = drawn_up_contact(by=by, owner=owner, **fields)
    identity.hold(_locks(contact))
    if not is_different:
        _refuse_twin(contact, by=by)
    hold_chosen(contact.account, by=by)
    write_contacts([(contact, tags_named(tags, by=by))], by=by, is_different=is_different)
    return contact


def drawn_up_contact(*, by: User, owner: User | None = None, **fields: Any) -> Contact:
    """Draw up a person as `create_contact` says, without a look at others; nothing is written."""
    contact = Contact(owner=owner or by, **fields)
    require_any(by, "add", Contact)
    require(by, "add", contact)
    _require_some_name(contact)
    contact.derive()
    made_ready(contact, by=by)
    return contact


def write_contacts(
    drafts: Sequence[tuple[Contact, Sequence[Tag]]], *, by: User, is_different: bool = False
) -> None:
    """Write people who are drawn up, each with their tags, and what every new one brings.

    Their locks are held, and nobody is like them; raises `LostRace` where somebody is.
    """
    contacts = [contact for contact, _tags in drafts]
    save_many_new(contacts, by=by)
    put_on_many(Contact, "tags", drafts)
    identity.claim(contacts, is_different=is_different)
    audit.log_each(contacts, "contact.created", by=by)


@operation
def update_contact(
    contact: Contact,
    *,
    by: User,
    version: int | None = None,
    is_different: bool = False,
    is_carried: bool = False,
    **changes: Any,
) -> Contact:
    """Change fields of a person; changing nothing writes nothing.

    What `is_carried` comes from a lead, and is written whether `by` may see the field or not.
    Raises `Stale`, and `ContactExists` when the new email is another person's.
    """
    future = Contact(
        **{
            name: changes.get(name, getattr(contact, name))
            for name in ("first_name", "last_name", "email", "second_email")
        }
    )
    future.derive()
    identity.hold(_locks(contact) + _locks(future))
    current = locked(contact, by=by, action="change", version=version)
    if current.account_id is not None:
        current.account = Account.all_objects.get(pk=current.account_id)
    if changes.get("owner", current.owner) != current.owner:
        require(by, "assign", current)
    before = identity.of_contact(current)
    changed = apply(current, changes, by=by, is_carried=is_carried)
    if not changed:
        return current
    if "account" in changed:
        hold_chosen(current.account, by=by)
    _require_some_name(current)
    current.derive()
    is_renamed = identity.of_contact(current) != before
    if is_renamed and not is_different:
        _refuse_twin(current, by=by)
    refuse_gaps(current, changed, by=by)
    save_changed(current, by=by)
    if is_renamed:
        identity.reclaim([current], is_different=is_different)
    audit.log(current, "contact.changed", by=by, changes=changed)
    return current


@operation
def find_or_create_contact(
    *, by: User, owner: User | None = None, account: Account | None = None, **fields: Any
) -> tuple[Contact, bool]:
    """Return the contact that this person is, and whether it was made for them.

    Raises `NeedsDecision` when several could be meant. A contact that is found stays where it is.
    """
    name_key = person_key(fields.get("first_name", ""), fields.get("last_name", ""))
    identity.hold(
        identity.person_locks(
            fields.get("email", ""), fields.get("second_email", ""), name_key=name_key
        )
    )
    match = contact_match(
        company=account.name if account else "",
        **{
            name: fields.get(name, "")
            for name in ("first_name", "last_name", "email", "phone", "mobile")
        },
    )
    if match.decided is not None:
        return match.decided, False
    if match.undecided:
        raise NeedsDecision(match.undecided, kind="contact")
    return create_contact(by=by, owner=owner, account=account, **fields), True


@operation
def delete_contact(contact: Contact, *, by: User, version: int | None = None) -> Contact:
    """Put a person into the recycle bin and free what they claimed."""
    identity.hold(_locks(contact))
    current = delete_record(contact, by=by, version=version)
    current.claims.all().delete()
    return current


@operation
def restore_contact(contact: Contact, *, by: User) -> Contact:
    """Take a person out of the recycle bin. Raises `ContactExists` when there is a twin by now.

    Restoring what is not there changes nothing, whoever stands beside it.
    """
    identity.hold(_locks(contact))
    was_there = Contact.all_objects.filter(pk=contact.pk, deleted_at=None).exists()
    current = restore_record(contact, by=by)
    if was_there:
        return current
    _refuse_twin(current, by=by)
    identity.reclaim([current])
    inherit_again(current)
    return current


def _locks(contact: Contact) -> list[str]:
    return identity.person_locks(contact.email, contact.second_email, name_key=contact.name_key)


def _refuse_twin(contact: Contact, *, by: User) -> None:
    holder = identity.other_holder_of(contact)
    if holder is None or holder.contact is None:
        return
    if reaches(by, "view", holder.contact):
        message = _(
            "%(name)s is a contact already. Use it, or say that this is a different person."
        ) % {"name": holder.contact}
    else:
        message = _(
            "A contact like this exists already, but you cannot open it. "
            "Ask your manager, or say that this is a different person."
        )
    raise ContactExists(message, record=holder.contact, field="email")


def _require_some_name(contact: Contact) -> None:
    if not any(
        (contact.first_name, contact.last_name, contact.email, contact.phone, contact.mobile)
    ):
        raise Unacceptable(errors={"last_name": [_("Enter a name, an email or a phone number.")]})
