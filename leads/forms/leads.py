"""What is asked of a lead: its own fields, and the terms of each of its operations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import DisqualifyReason, Lead
from records.permissions import may
from users.models import User
from workbench.forms import (
    LookupField,
    OperationForm,
    RecordForm,
    Section,
    date_input,
)


class LeadForm(RecordForm):
    """The fields of a lead, topic first."""

    one_of = (
        "last_name", "first_name", "company", "email", "phone", "mobile", "account", "contact",
    )  # fmt: skip
    one_of_words = gettext_lazy("Enter a name, a company, an email or a phone number.")
    quick = ("topic", "first_name", "last_name", "company", "email", "phone", "source", "owner")
    together = (
        ("budget_amount", "budget_status", "currency"),
        ("decision_maker", "decision_maker_known", "purchase_process"),
        ("need", "need_description"),
        ("estimated_value", "currency"),
        ("annual_revenue", "currency"),
    )
    sections = [
        Section("", ["topic"]),
        Section(
            gettext_lazy("Person"),
            [
                ("first_name", "last_name"),
                ("salutation", "job_title"),
                ("email", "phone"),
                ("mobile", "contact"),
            ],
        ),
        Section(
            gettext_lazy("Company"),
            [
                ("company", "website"),
                ("industry", "employees"),
                ("annual_revenue", "account"),
                ("street", "city"),
                ("region", "postal_code"),
                "country",
            ],
        ),
        Section(
            gettext_lazy("Interest"),
            [
                ("source", "campaign"),
                ("rating", "owner"),
                ("estimated_value", "currency"),
                "estimated_close_date",
                "products",
                "description",
                "tags",
            ],
        ),
        Section(
            gettext_lazy("Qualification"),
            [
                ("budget_amount", "budget_status"),
                ("decision_maker", "decision_maker_known"),
                "purchase_process",
                ("need", "timeframe"),
                "need_description",
            ],
        ),
        Section(gettext_lazy("Consent"), ["consent", "do_not_contact", "do_not_automate"]),
    ]

    class Meta:
        model = Lead
        fields = (
            "topic", "first_name", "last_name", "salutation", "job_title", "email", "phone",
            "mobile", "contact", "company", "website", "industry", "employees", "annual_revenue",
            "account", "street", "city", "region", "postal_code", "country", "source", "campaign",
            "rating", "owner", "estimated_value", "currency", "estimated_close_date", "products",
            "description", "tags", "budget_amount", "budget_status", "decision_maker",
            "decision_maker_known", "purchase_process", "need", "timeframe", "need_description",
            "consent", "do_not_contact", "do_not_automate",
        )  # fmt: skip
        widgets = {
            "products": forms.CheckboxSelectMultiple,
            "description": forms.Textarea(attrs={"rows": 3}),
            "need_description": forms.Textarea(attrs={"rows": 2}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "mobile": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def adapt(self) -> None:
        self.fields["phone"].help_text = gettext_lazy("Include the country code")
        self.fields["topic"].help_text = gettext_lazy(
            "What are they interested in? Besides it, a name, a company, an email or a phone "
            "number is needed."
        )
        if self.instance.pk:
            # Giving it away is a permission of its own, and a page of its own.
            del self.fields["owner"]
        elif not may(self.user, "assign", Lead):
            self.fields["owner"].queryset = User.objects.filter(pk=self.user.pk)  # type: ignore[attr-defined]


class ReasonField(forms.ModelChoiceField):
    """One of the reasons; those that need a note ask for it."""

    def label_from_instance(self, reason: DisqualifyReason) -> str:
        return (
            _("%(reason)s (say why)") % {"reason": reason} if reason.needs_comment else str(reason)
        )


class DisqualifyForm(OperationForm):
    """Why the lead is given up, and whether it comes back by itself."""

    reason = ReasonField(
        label=gettext_lazy("Reason"),
        queryset=DisqualifyReason.objects.all(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a reason")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revisit_on = forms.DateField(
        label=gettext_lazy("Reopen on"),
        required=False,
        widget=date_input(),
        help_text=gettext_lazy("The lead opens again by itself on this day."),
    )
    duplicate_of = LookupField(
        Lead.objects.all(),
        label=gettext_lazy("Duplicate of"),
        required=False,
        help_text=gettext_lazy("Type the name of the other lead."),
    )
    keep_contact = forms.BooleanField(
        label=gettext_lazy("Keep the person as a contact"), required=False
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("version", self.record.version)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        reason = data.get("reason")
        if reason is not None and reason.needs_comment and not data.get("comment", "").strip():
            self.add_error("comment", _("Write a note: this reason needs one"))
        if data.get("duplicate_of") == self.record:
            self.add_error("duplicate_of", _("Choose another lead: this is the same one"))
        return data


class AssignForm(OperationForm):
    """To whom the lead goes."""

    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.all(),
        required=False,
        empty_label=gettext_lazy("Nobody: it waits in the queue of the team"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("owner", self.record.owner_id)


class ProgressForm(OperationForm):
    """How far the work on an open lead is."""

    progress = forms.ChoiceField(
        label=gettext_lazy("Status"), choices=Lead.Progress.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("progress", self.record.progress)
