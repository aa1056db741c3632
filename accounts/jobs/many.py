"""What is done to many companies and people at once."""

from __future__ import annotations

from accounts import operations
from accounts.models import Account, Contact
from activities.jobs import AddTasks
from workbench.bulk import Assign, Delete, Retag, SetField


class AssignAccounts(Assign):
    """Give accounts to somebody else."""

    model = Account


class AssignContacts(Assign):
    """Give contacts to somebody else."""

    model = Contact


class DeleteAccounts(Delete):
    """Put accounts into the recycle bin."""

    model = Account
    operation = staticmethod(operations.delete_account)
    restore = staticmethod(operations.restore_account)


class DeleteContacts(Delete):
    """Put contacts into the recycle bin."""

    model = Contact
    operation = staticmethod(operations.delete_contact)
    restore = staticmethod(operations.restore_contact)


class AddAccountTasks(AddTasks):
    """Put a task on accounts."""

    model = Account


class AddContactTasks(AddTasks):
    """Put a task on contacts."""

    model = Contact


class TagAccounts(Retag):
    """Put tags on accounts, and take others off."""

    model = Account
    update = staticmethod(operations.update_account)


class SetAccountField(SetField):
    """Give a custom field of accounts a value."""

    model = Account
    update = staticmethod(operations.update_account)


class TagContacts(Retag):
    """Put tags on contacts, and take others off."""

    model = Contact
    update = staticmethod(operations.update_contact)


class SetContactField(SetField):
    """Give a custom field of contacts a value."""

    model = Contact
    update = staticmethod(operations.update_contact)
