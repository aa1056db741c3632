"""What is asked of an email that is written, of a template, and of an invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.forms import EntryForm
from emails.models import EmailTemplate
from emails.operations import may_share_with_everyone
from emails.operations.writing import LONGEST_SUBJECT, LONGEST_TEXT
from emails.querysets import KINDS
from workbench.forms import OperationForm, PageForm, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from activities.models import File
    from emails.queries import Addressee

LONGEST_LINE = 2_000


def addresses_field(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_LINE,
        widget=forms.TextInput(
            attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}
        ),
        **options,
    )


class WriteForm(EntryForm):
    """An email to whom a record is about. Addresses stand behind one another, with commas."""

    kind, title = "email", gettext_lazy("Send email")
    template = forms.ChoiceField(label=gettext_lazy("Template"), required=False)
    to = addresses_field(gettext_lazy("To"))
    also = forms.MultipleChoiceField(
        label=gettext_lazy("Also to"), required=False, widget=forms.CheckboxSelectMultiple
    )
    cc = addresses_field(gettext_lazy("Cc"))
    bcc = addresses_field(gettext_lazy("Bcc"))
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=LONGEST_SUBJECT,
        error_messages={"required": gettext_lazy("Say in a few words what it is about")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text of the email"),
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write something in the email")},
    )
    takes_replies = forms.BooleanField(
        label=gettext_lazy("Put replies on the timeline"),
        required=False,
        help_text=gettext_lazy("They also go to an address that only this record has."),
    )
    existing = forms.MultipleChoiceField(
        label=gettext_lazy("Files of the record"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    answers = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        people: Sequence[Addressee],
        templates: Sequence[EmailTemplate],
        record_files: Sequence[File],
        fill_url: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["template"]
        chosen.choices = [("", _("None")), *((str(each.pk), each.name) for each in templates)]
        others = [each for each in people if not each.is_left_alone][1:]
        also: Any = self.fields["also"]
        also.choices = [
            (each.address, f"{each.name} <{each.address}>" if each.name else each.address)
            for each in others
        ]
        existing: Any = self.fields["existing"]
        existing.choices = [(str(each.pk), each.name) for each in record_files]
        # Choosing a template fills it in; without scripts there is a button for it.
        chosen.widget.attrs |= {
            "hx-post": fill_url,
            "hx-trigger": "change",
            "hx-vals": '{"fill": "1"}',
            "hx-target": "#email-form",
            "hx-swap": "outerHTML",
            "hx-encoding": "multipart/form-data",
        }
        if not others:
            del self.fields["also"]
        if not record_files:
            del self.fields["existing"]
        if not templates:
            del self.fields["template"]
        if not settings.MAIL_IN_ADDRESS:
            del self.fields["takes_replies"]

    @property
    def values(self) -> dict[str, Any]:
        values = dict(super().values)
        for name in ("template", "existing"):
            values.pop(name, None)
        everybody = [values["to"], *values.pop("also", [])]
        return {
            **values,
            "to": ", ".join(each for each in everybody if each.strip()),
            "takes_replies": values.get("takes_replies", False),
        }


class TemplateForm(PageForm):
    """A template: what it is called, where and to whom it is offered, what it says."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Offered on"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("On all of them, if you tick none."),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who uses it"),
        choices=EmailTemplate.Audience.choices,
        initial=EmailTemplate.Audience.PRIVATE,
        widget=forms.RadioSelect,
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=EmailTemplate.LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy(
            "Placeholders stand in braces: {{ person.first_name|there }}. Behind the line stands "
            "what is written where there is nothing."
        ),
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    on = forms.ChoiceField(label=gettext_lazy("Show it on"), required=False)

    sections = [
        Section("", ["name", ("kinds", "audience"), "subject", "text", "is_active", "version"])
    ]

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kinds"]
        kinds.choices = [
            (kind, str(model._meta.verbose_name_plural).capitalize())
            for kind, model in KINDS.items()
        ]
        self.fields["on"].choices = [("", _("Choose")), *examples]  # type: ignore[attr-defined]
        audience: Any = self.fields["audience"]
        out_of_reach = set()
        stands = self.initial.get("audience")
        if stands != EmailTemplate.Audience.EVERYONE and not may_share_with_everyone(self.user):
            out_of_reach.add(EmailTemplate.Audience.EVERYONE)
        if self.user.team_id is None and stands != EmailTemplate.Audience.TEAM:
            out_of_reach.add(EmailTemplate.Audience.TEAM)
        audience.choices = [
            choice for choice in EmailTemplate.Audience.choices if choice[0] not in out_of_reach
        ]

    @property
    def helper(self) -> Any:
        helper = super().helper
        # Which record it is shown on is no part of the template: it stands beside it.
        helper.layout.fields = [each for each in helper.layout.fields if each != "on"]
        return helper


class VersionForm(PageForm):
    """Knows which version of a template was read."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sections = [Section("", ["version"])]


class InviteForm(OperationForm):
    """Who gets an invitation to a meeting, and what it says."""

    people = forms.MultipleChoiceField(
        label=gettext_lazy("Who"), required=False, widget=forms.CheckboxSelectMultiple
    )
    others = addresses_field(
        gettext_lazy("More people"),
        help_text=gettext_lazy("Their email addresses, with commas between them."),
    )
    place = forms.CharField(label=gettext_lazy("Where"), max_length=200, required=False)
    text = forms.CharField(
        label=gettext_lazy("What the invitation says"),
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Whoever is invited reads this, and nothing else of the meeting."),
    )
    sections = [Section("", ["people", "others", "place", "text"])]

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["people"]
