"""Merging and un-merging, whatever the kind: each has its operations in its own room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.operations import merge_accounts, merge_contacts, unmerge_accounts, unmerge_contacts
from leads.operations import merge_leads, unmerge_leads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from records.models import Merge, Record
    from users.models import User

MERGE: dict[str, Callable[..., Merge]] = {
    "account": merge_accounts,
    "contact": merge_contacts,
    "lead": merge_leads,
}
UNMERGE: dict[str, Callable[..., Merge]] = {
    "account": unmerge_accounts,
    "contact": unmerge_contacts,
    "lead": unmerge_leads,
}


def merge(
    survivor: Record,
    losers: Sequence[Record],
    *,
    by: User,
    values: Mapping[str, int] | None = None,
    versions: Mapping[int, int] | None = None,
) -> Merge:
    """Make two to five records of one kind one; the operation of their room says how."""
    operation: Any = MERGE[str(survivor._meta.model_name)]
    merged: Merge = operation(survivor, losers, by=by, values=values, versions=versions)
    return merged


def unmerge(merged: Merge, *, by: User, keep: bool = False) -> Merge:
    """Make several records again of what a merge made one; with `keep`, as far as that goes."""
    return UNMERGE[merged.kind](merged, by=by, keep=keep)
