"""Everything that changes companies and people."""

from accounts.operations.accounts import (
    create_account,
    delete_account,
    find_or_create_account,
    restore_account,
    update_account,
)
from accounts.operations.contacts import (
    create_contact,
    delete_contact,
    find_or_create_contact,
    restore_contact,
    update_contact,
)
from accounts.operations.merge import (
    merge_accounts,
    merge_contacts,
    unmerge_accounts,
    unmerge_contacts,
)

__all__ = [
    "create_account",
    "create_contact",
    "delete_account",
    "delete_contact",
    "find_or_create_account",
    "find_or_create_contact",
    "merge_accounts",
    "merge_contacts",
    "restore_account",
    "restore_contact",
    "unmerge_accounts",
    "unmerge_contacts",
    "update_account",
    "update_contact",
]
