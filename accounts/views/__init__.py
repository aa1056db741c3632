"""The pages of accounts and contacts."""

from accounts.views.history import AccountHistory, ContactHistory
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
    "AccountHistory",
    "AccountList",
    "AccountRestore",
    "ContactAssign",
    "ContactBulk",
    "ContactCreate",
    "ContactDelete",
    "ContactDetail",
    "ContactEdit",
    "ContactHistory",
    "ContactList",
    "ContactRestore",
]
