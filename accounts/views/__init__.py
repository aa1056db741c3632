"""The pages of accounts and contacts."""

from accounts.views.pages import (
    AccountAssign,
    AccountCreate,
    AccountDelete,
    AccountEdit,
    AccountList,
    AccountRestore,
    ContactAssign,
    ContactCreate,
    ContactDelete,
    ContactEdit,
    ContactList,
    ContactRestore,
)
from accounts.views.record import AccountDetail, ContactDetail

__all__ = [
    "AccountAssign",
    "AccountCreate",
    "AccountDelete",
    "AccountDetail",
    "AccountEdit",
    "AccountList",
    "AccountRestore",
    "ContactAssign",
    "ContactCreate",
    "ContactDelete",
    "ContactDetail",
    "ContactEdit",
    "ContactList",
    "ContactRestore",
]
