"""The pages of accounts and contacts."""

from accounts.views.pages import (
    AccountAssign,
    AccountBulk,
    AccountCreate,
    AccountDelete,
    AccountEdit,
    AccountList,
    AccountRestore,
    ContactAssign,
    ContactBulk,
    ContactCreate,
    ContactDelete,
    ContactEdit,
    ContactList,
    ContactRestore,
)
from accounts.views.record import AccountDetail, ContactDetail

__all__ = [
    "AccountAssign",
    "AccountBulk",
    "AccountCreate",
    "AccountDelete",
    "AccountDetail",
    "AccountEdit",
    "AccountList",
    "AccountRestore",
    "ContactAssign",
    "ContactBulk",
    "ContactCreate",
    "ContactDelete",
    "ContactDetail",
    "ContactEdit",
    "ContactList",
    "ContactRestore",
]
