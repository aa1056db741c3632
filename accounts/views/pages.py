"""The lists of accounts and contacts, their forms, and what is done to one."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import jobs, operations
from accounts.errors import AlreadyExists
from accounts.filters import AccountFilter, ContactFilter
from accounts.forms import AccountForm, AssignForm, ContactForm
from accounts.models import Account, Contact
from accounts.tables import AccountTable, ContactTable
from activities.forms import BulkTaskForm
from records.errors import Refused
from records.operations import assign
from workbench.forms.bulk import BulkAssignForm, BulkFieldForm, BulkForm, BulkTagForm
from workbench.views import (
    ASSIGN,
    DELETE,
    FIELD,
    MERGE,
    TAG,
    TASK,
    BulkView,
    CreateView,
    DeleteView,
    EditView,
    OperationView,
    RelatedListView,
    RestoreView,
    Tab,
)


class AccountList(RelatedListView):
    """The accounts that the user may see."""

    model = Account
    table_class = AccountTable
    filter_class = AccountFilter
    order = ("name",)
    purpose = gettext_lazy(
        "An account is a company that you do business with, with its people and opportunities."
    )
    tabs = [
        Tab(gettext_lazy("My accounts"), "owner=me"),
        Tab(gettext_lazy("All accounts"), "view=all"),
        Tab(gettext_lazy("New this month"), "created=month"),
    ]
    for_selected = [ASSIGN, TASK, TAG, FIELD, MERGE, DELETE]


class ContactList(RelatedListView):
    """The contacts that the user may see."""

    model = Contact
    table_class = ContactTable
    filter_class = ContactFilter
    order = ("last_name", "first_name")
    purpose = gettext_lazy("A contact is a person you know, most often at one of the accounts.")
    tabs = [
        Tab(gettext_lazy("My contacts"), "owner=me"),
        Tab(gettext_lazy("All contacts"), "view=all"),
        Tab(gettext_lazy("New this month"), "created=month"),
    ]
    for_selected = [ASSIGN, TASK, TAG, FIELD, MERGE, DELETE]


class AccountBulk(BulkView):
    """Do something to many accounts, each by itself."""

    model = Account
    filter_class = AccountFilter
    changes = {
        "assign": (jobs.AssignAccounts, BulkAssignForm),
        "task": (jobs.AddAccountTasks, BulkTaskForm),
        "tag": (jobs.TagAccounts, BulkTagForm),
        "field": (jobs.SetAccountField, BulkFieldForm.of("account")),
        "delete": (jobs.DeleteAccounts, BulkForm),
    }


class ContactBulk(BulkView):
    """Do something to many contacts, each by itself."""

    model = Contact
    filter_class = ContactFilter
    changes = {
        "assign": (jobs.AssignContacts, BulkAssignForm),
        "task": (jobs.AddContactTasks, BulkTaskForm),
        "tag": (jobs.TagContacts, BulkTagForm),
        "field": (jobs.SetContactField, BulkFieldForm.of("contact")),
        "delete": (jobs.DeleteContacts, BulkForm),
    }


class TwinPage:
    """A form that is refused when there is a twin: it leads there, or takes a person's word."""

    model: Any
    user: Any
    template_name = "accounts/form.html"
    has_hints = True

    def add_refusal(self, form: Any, refusal: Refused) -> None:
        record = getattr(self, "record", None)
        if not isinstance(refusal, AlreadyExists) or refusal.record == record:
            super().add_refusal(form, refusal)
            return
        form.ask_whether_different()
        rows = self.model.objects.permitted(self.user, "view")
        self.twin = rows.filter(pk=refusal.record.pk).first()
        if self.twin is None:
            # The name of what one may not see is nobody's to read.
            form.add_error(
                refusal.field,
                _("There is one already that you cannot open. Ask your manager."),
            )
        else:
            super().add_refusal(form, refusal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(
            twin=getattr(self, "twin", None), **kwargs
        )
        return context


class AccountCreate(TwinPage, CreateView):
    """Add a company."""

    model = Account
    form_class = AccountForm
    operation = staticmethod(operations.create_account)
    prefilled = ("name", "website", "parent")


class AccountEdit(TwinPage, EditView):
    """Change the fields of a company."""

    model = Account
    form_class = AccountForm
    related = ("owner", "parent", "changed_by")
    operation = staticmethod(operations.update_account)


class ContactCreate(TwinPage, CreateView):
    """Add a person."""

    model = Contact
    form_class = ContactForm
    operation = staticmethod(operations.create_contact)
    prefilled = ("first_name", "last_name", "email", "account")


class ContactEdit(TwinPage, EditView):
    """Change the fields of a person."""

    model = Contact
    form_class = ContactForm
    related = ("owner", "account", "changed_by")
    operation = staticmethod(operations.update_contact)


class AccountDelete(DeleteView):
    """Put a company into the recycle bin."""

    model = Account
    operation = staticmethod(operations.delete_account)


class ContactDelete(DeleteView):
    """Put a person into the recycle bin."""

    model = Contact
    operation = staticmethod(operations.delete_contact)


class AccountRestore(RestoreView):
    """Take a company out of the recycle bin."""

    model = Account
    operation = staticmethod(operations.restore_account)


class ContactRestore(RestoreView):
    """Take a person out of the recycle bin."""

    model = Contact
    operation = staticmethod(operations.restore_contact)


class AccountAssign(OperationView):
    """Give a company to somebody else."""

    model = Account
    action = "assign"
    form_class = AssignForm
    operation = staticmethod(assign)
    submit_label = gettext_lazy("Assign account")

    def page_title(self) -> str:
        return _("Assign %(record)s") % {"record": self.record}

    def success_message(self, outcome: Any) -> str:
        if outcome.owner is None:
            return _("%(record)s waits in the queue") % {"record": outcome}
        return _("%(record)s assigned to %(owner)s") % {"record": outcome, "owner": outcome.owner}

    def success_url_for(self, outcome: Any) -> str:
        rows = self.model.objects.permitted(self.user, "view")
        is_visible = rows.filter(pk=outcome.pk).exists()
        return outcome.get_absolute_url() if is_visible else reverse(f"{self.namespace}:list")


class ContactAssign(AccountAssign):
    """Give a person to somebody else."""

    model = Contact
    submit_label = gettext_lazy("Assign contact")
