"""What runs later: rows of a file, and what is done to many companies and people at once."""

from accounts.jobs.batch import AccountsNamed
from accounts.jobs.many import (
    AddAccountTasks,
    AddContactTasks,
    AssignAccounts,
    AssignContacts,
    DeleteAccounts,
    DeleteContacts,
    SetAccountField,
    SetContactField,
    TagAccounts,
    TagContacts,
)
from accounts.jobs.rows import ADDRESS, AccountImporter, ContactImporter, accounts_named

__all__ = [
    "ADDRESS",
    "AccountImporter",
    "AccountsNamed",
    "AddAccountTasks",
    "AddContactTasks",
    "AssignAccounts",
    "AssignContacts",
    "ContactImporter",
    "DeleteAccounts",
    "DeleteContacts",
    "SetAccountField",
    "SetContactField",
    "TagAccounts",
    "TagContacts",
    "accounts_named",
]
