"""What is asked of companies and people."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from records.permissions import may
from users.models import User
from workbench.forms import OperationForm, RecordForm, Section

LONG = forms.Textarea(attrs={"rows": 3})


class IdentityForm(RecordForm):
    """The fields of a record that has no twin, unless a person says that it is a different one."""

    different: ClassVar[Any] = ""

    def adapt(self) -> None:
        self.fields["is_different"] = forms.BooleanField(
            label=self.different, required=False, widget=forms.HiddenInput
        )
        if self.data.get("is_different"):
            self.ask_whether_different()
        if self.instance.pk:
            # Giving it away is a permission of its own, and a page of its own.
            del self.fields["owner"]
        elif not may(self.user, "assign", type(self.instance)):
            self.fields["owner"].queryset = User.objects.filter(pk=self.user.pk)  # type: ignore[attr-defined]

    def ask_whether_different(self) -> None:
        """Show the box: from now on there is a twin to be different from."""
        self.fields["is_different"].widget = forms.CheckboxInput()


class AccountForm(IdentityForm):
    """The fields of a company."""

    different = gettext_lazy("This is a different company")
    quick = ("name", "website", "phone", "country", "owner")
    together = (("annual_revenue", "currency"),)
    sections = [
        Section(
            "",
            [
                "is_different",
                "name",
                ("website", "phone"),
                ("industry", "employees"),
                ("annual_revenue", "currency"),
                ("parent", "owner"),
                "tags",
            ],
        ),
        Section(
            gettext_lazy("Address"),
            ["street", ("postal_code", "city"), ("region", "country")],
        ),
        Section("", ["description"]),
    ]

    class Meta:
        model = Account
        fields = (
            "name", "website", "phone", "industry", "employees", "annual_revenue", "currency",
            "parent", "owner", "tags", "street", "postal_code", "city", "region", "country",
            "description",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "description": LONG,
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }


class ContactForm(IdentityForm):
    """The fields of a person."""

    different = gettext_lazy("This is a different person")
    one_of = ("last_name", "first_name", "email", "phone", "mobile")
    one_of_words = gettext_lazy("Enter a name, an email or a phone number.")
    quick = ("first_name", "last_name", "account", "job_title", "email", "phone", "owner")
    sections = [
        Section(
            "",
            [
                "is_different",
                ("first_name", "last_name"),
                ("salutation", "job_title"),
                ("account", "owner"),
                ("email", "second_email"),
                ("phone", "mobile"),
                "tags",
            ],
        ),
        Section(
            gettext_lazy("Address"),
            ["street", ("postal_code", "city"), ("region", "country")],
        ),
        Section(gettext_lazy("Consent"), ["consent", "do_not_contact"]),
        Section("", ["description"]),
    ]

    class Meta:
        model = Contact
        fields = (
            "first_name", "last_name", "salutation", "job_title", "account", "owner", "email",
            "second_email", "phone", "mobile", "tags", "street", "postal_code", "city", "region",
            "country", "consent", "do_not_contact", "description",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "description": LONG,
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "second_email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "mobile": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }


class AssignForm(OperationForm):
    """To whom the record goes."""

    owner = forms.ModelChoiceField(
        User.objects.all(),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("Nobody: it waits in the queue of the team"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("owner", self.record.owner_id)
