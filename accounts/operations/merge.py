"""Making two to five accounts or contacts one, and several again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from accounts.operations import identity
from activities.operations import merge_timelines, refresh_next_step
from records.errors import CannotMerge, LostRace, Obstacle
from records.models import Merge
from records.operations import merging, operation, save_changed
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from users.models import User

# What everybody locks before identities (docs/decisions/0001), by the rooms that have it.
LOCKED_FIRST = ("leads",)
CLAIMS = ("accounts.IdentityClaim.account", "accounts.IdentityClaim.contact")
MONEY = ("annual_revenue",)


@operation
def merge_accounts(
    survivor: Account,
    losers: Sequence[Account],
    *,
    by: User,
    values: Mapping[str, int] | None = None,
    versions: Mapping[int, int] | None = None,
) -> Merge:
    """Make up to five companies one: `survivor` stays, the others go to the recycle bin.

    All that belonged to the losers belongs to the survivor, and whoever asks for one of them finds
    it. `values` names for fields the record to take them from (field → id); what it leaves out
    stays, and is filled where it is empty. `versions` (id → version) are those that were looked at.
    Raises `CannotMerge`, `IsMerged`, `IsInBin`, `Stale`, `NotPermitted` and `Unacceptable`.
    """
    values = values or {}
    merging.refuse_these(survivor, losers)
    pks = [survivor.pk, *(loser.pk for loser in losers)]
    merging.hold_references(Account, pks, rooms=LOCKED_FIRST)
    names = _names(pks)
    identity.hold(identity.company_locks(*names))
    kept, gone = merging.together(survivor, losers, by=by, versions=versions)
    if sorted(account.name for account in (kept, *gone)) != names:
        raise LostRace("A name was changed meanwhile: another identity has to be held.")
    _refuse_circle(kept, gone)
    sources = merging.sources_of(kept, gone, values, money=MONEY, by=by)
    _refuse_owner(kept, sources, by=by)
    if "parent" not in values and (source := sources["parent"]) != kept:
        sources["parent"] = kept if _is_below(source.parent, kept, gone) else source

    merge, image = merging.begin(kept, gone, by=by, values=values), merging.Image()
    merging.move_references(gone, to=kept, image=image, by=by, stays=CLAIMS)
    changed = merging.take(kept, sources, image=image)
    if _is_below(kept.parent, kept, gone):
        raise CannotMerge(_("An account cannot be below itself. Choose another parent."))
    merging.put_into_bin(gone, sources, image=image, by=by)
    save_changed(kept, by=by)
    moved = Contact.all_objects.filter(pk__in=image.touched(Contact)).select_related("account")
    people = [contact for contact in moved if not contact.is_in_bin]
    identity.inherit(kept, gone, followers=people, merge=merge, image=image)
    merge_timelines(gone, to=kept, image=image)
    return merging.close(merge, image, kept, gone, by=by, changed=changed)


@operation
def merge_contacts(
    survivor: Contact,
    losers: Sequence[Contact],
    *,
    by: User,
    values: Mapping[str, int] | None = None,
    versions: Mapping[int, int] | None = None,
) -> Merge:
    """Make up to five contacts one, as `merge_accounts` does with companies.

    A second address is kept where there is room for it. Where one of them is not to be contacted,
    nobody is; that somebody agreed to be written to counts only for the one that stays.
    """
    values = values or {}
    merging.refuse_these(survivor, losers)
    pks = [survivor.pk, *(loser.pk for loser in losers)]
    merging.hold_references(Contact, pks, rooms=LOCKED_FIRST)
    locks = _person_locks(pks)
    identity.hold(locks)
    kept, gone = merging.together(survivor, losers, by=by, versions=versions)
    if _person_locks(pks) != locks:
        raise LostRace("A person was changed meanwhile: another identity has to be held.")
    sources = merging.sources_of(kept, gone, values, by=by)
    _refuse_owner(kept, sources, by=by)

    merge, image = merging.begin(kept, gone, by=by, values=values), merging.Image()
    merging.move_references(gone, to=kept, image=image, by=by, stays=CLAIMS)
    second = {} if "second_email" in values else _second_email(kept, gone, sources)
    changed = merging.take(kept, sources, image=image, **second)
    merging.put_into_bin(gone, sources, image=image, by=by)
    save_changed(kept, by=by)
    identity.inherit(kept, gone, merge=merge, image=image)
    merge_timelines(gone, to=kept, image=image)
    return merging.close(merge, image, kept, gone, by=by, changed=changed)


@operation
def unmerge_accounts(merge: Merge, *, by: User, keep: bool = False) -> Merge:
    """Make several accounts again of what `merge` made one, every row as it was.

    What was added to the survivor since stays there. Where something has changed since that the
    merge had changed, raises `CannotUnmerge` with all of it; with `keep` that stays as it is, and
    the rest is given back. Asked again it changes nothing.
    """
    pks = [merge.survivor_id, *merge.loser_ids]
    merging.hold_references(Account, pks, rooms=LOCKED_FIRST)
    identity.hold(identity.company_locks(*_names(pks)))
    current, kept, gone = merging.unmergeable(merge, Account, by=by)
    if not current.is_active:
        return current
    image = merging.image_of(current)
    people = image.touched(Contact)
    touched = {"account": [*pks, *image.touched(Account)], "contact": people}
    merging.refuse_later_merges(current, touched)
    _take_back(current, image, kept, gone, by=by, keep=keep, people=people)
    return current


@operation
def unmerge_contacts(merge: Merge, *, by: User, keep: bool = False) -> Merge:
    """Make several contacts again of what `merge` made one, as `unmerge_accounts` does."""
    pks = [merge.survivor_id, *merge.loser_ids]
    merging.hold_references(Contact, pks, rooms=LOCKED_FIRST)
    identity.hold(_person_locks(pks))
    current, kept, gone = merging.unmergeable(merge, Contact, by=by)
    if not current.is_active:
        return current
    image = merging.image_of(current)
    merging.refuse_later_merges(current, {"contact": pks})
    _take_back(current, image, kept, gone, by=by, keep=keep, people=pks)
    return current


def inherit_again(record: Account | Contact) -> None:
    """Let a record that was restored be known again by all that was merged into it."""
    kind = str(record._meta.model_name)
    found: list[tuple[Merge, Account | Contact]] = []
    # What came with a loser that had a merge of its own came by the merge into this record.
    came_by: dict[int, Merge | None] = {record.pk: None}
    while came_by:
        active = Merge.objects.filter(kind=kind, survivor_id__in=came_by, state=Merge.State.ACTIVE)
        losers: dict[int, Merge | None] = {
            pk: came_by[merge.survivor_id] or merge
            for merge in active.order_by("pk")
            for pk in merge.loser_ids
        }
        rows = type(record).all_objects.filter(pk__in=losers).order_by("pk")
        found += [(merge, row) for row in rows if (merge := losers[row.pk]) is not None]
        came_by = losers
    identity.inherit_again(record, found)


def _take_back(
    merge: Merge,
    image: merging.Image,
    kept: Account | Contact,
    gone: Sequence[Account | Contact],
    *,
    by: User,
    keep: bool,
    people: Collection[int],
) -> None:
    """Give back what can be given back, and end the merge; what stays as it is, is written down.

    `people` are the contacts who go on as somebody else. What one of all these would be known by is
    perhaps another's by now, who came while the survivor was in the bin: that is an obstacle too,
    and shows only when all is given back. Refused, all of it is taken back.
    """
    firms = [kept, *gone] if isinstance(kept, Account) else []
    moved = Contact.objects.filter(pk__in=people).select_related("account")
    known = identity.held_by([*firms, *moved])
    back = merging.return_of(image, kept, gone, since=merge.at)
    merging.give_back(back, image, kept, gone, by=by)
    # What is left of its claims was made anew when the survivor came out of the bin.
    merge.claims.all().delete()
    everyone = [*firms, *moved.all()]
    twins = identity.twins_of(everyone, known=known)
    obstacles = [*back.obstacles, *(_twin(record, other) for record, other in twins)]
    merging.refuse_obstacles(obstacles, keep=keep)
    merging.end(merge, kept, gone, by=by, left=obstacles)
    for record in (kept, *gone):
        refresh_next_step(record)
        inherit_again(record)
    identity.settle(everyone)


def _twin(record: Account | Contact, other: Account | Contact) -> Obstacle:
    told = (
        _("%(other)s is the same company as %(record)s by now. Undone, both are kept as different.")
        if isinstance(record, Account)
        else _("%(other)s is the same person as %(record)s by now. Undone, both are kept apart.")
    )
    return Obstacle(told % {"other": other, "record": record}, other)


def _names(pks: Sequence[int]) -> list[str]:
    return sorted(Account.all_objects.filter(pk__in=pks).values_list("name", flat=True))


def _person_locks(pks: Sequence[int]) -> list[str]:
    people = Contact.all_objects.filter(pk__in=pks).order_by("pk")
    return [
        lock
        for each in people
        for lock in identity.person_locks(each.email, each.second_email, name_key=each.name_key)
    ]


def _refuse_owner(
    kept: Account | Contact, sources: Mapping[str, Account | Contact], *, by: User
) -> None:
    if sources["owner"].owner_id != kept.owner_id:
        require(by, "assign", kept)


def _refuse_circle(kept: Account, gone: Sequence[Account]) -> None:
    """Refuse a survivor that stands below one of the losers: it would stand below itself."""
    above, seen = kept.parent, {kept.pk}
    while above is not None and above.pk not in seen:
        if above.pk in {loser.pk for loser in gone}:
            raise CannotMerge(
                _("%(kept)s is below %(loser)s. Keep %(loser)s, or change the parent first.")
                % {"kept": kept, "loser": above}
            )
        seen.add(above.pk)
        above = above.parent


def _is_below(parent: Account | None, kept: Account, gone: Sequence[Account]) -> bool:
    """Say whether an account with this parent would stand below itself or below what is gone."""
    own = {kept.pk, *(loser.pk for loser in gone)}
    seen: set[int] = set()
    while parent is not None and parent.pk not in seen:
        if parent.pk in own:
            return True
        seen.add(parent.pk)
        parent = parent.parent
    return False


def _second_email(
    kept: Contact, gone: Sequence[Contact], sources: Mapping[str, Contact]
) -> dict[str, str]:
    """Return the second address of the merged contact, where there is another than the first."""
    first = sources["email"].email
    if kept.second_email:
        return {"second_email": kept.second_email}
    addresses = [kept.email, *(a for c in gone for a in (c.email, c.second_email))]
    others = [a for a in addresses if a and a.casefold() != first.casefold()]
    return {"second_email": others[0] if others else ""}
