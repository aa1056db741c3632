"""The three kinds that can be merged, each with its operations and its records to merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import Account, Contact
from accounts.operations import (
    delete_account,
    delete_contact,
    merge_accounts,
    merge_contacts,
    restore_account,
    restore_contact,
    unmerge_accounts,
    unmerge_contacts,
    update_account,
    update_contact,
)
from leads.models import Lead
from leads.operations import (
    delete_lead,
    merge_leads,
    restore_lead,
    unmerge_leads,
    update_lead,
)
from tests.duplicates import world


@dataclass(frozen=True)
class Kind:
    model: type[Any]
    world: Callable[..., Any]
    merge: Callable[..., Any]
    unmerge: Callable[..., Any]
    update: Callable[..., Any]
    delete: Callable[..., Any]
    restore: Callable[..., Any]


KINDS = {
    "account": Kind(
        Account,
        world.accounts,
        merge_accounts,
        unmerge_accounts,
        update_account,
        delete_account,
        restore_account,
    ),
    "contact": Kind(
        Contact,
        world.contacts,
        merge_contacts,
        unmerge_contacts,
        update_contact,
        delete_contact,
        restore_contact,
    ),
    "lead": Kind(
        Lead, world.leads, merge_leads, unmerge_leads, update_lead, delete_lead, restore_lead
    ),
}
