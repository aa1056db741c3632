"""What is asked for when many records are changed at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.custom import definitions_for, is_empty, stored
from records.keys import tag_key
from records.permissions import fixed_fields
from workbench.forms import PageForm, TagsField, colleagues, helper_for, own_field

if TYPE_CHECKING:
    from crispy_forms.helper import FormHelper

LONGEST = 20_000  # 1,000 numbers of up to 19 digits


class NumbersField(forms.CharField):
    """The numbers of records, parted by commas: a thousand of them are one field to the server."""

    def __init__(self, **kwargs: Any) -> None:
        errors = {
            "required": _("Select at least one row of the list."),
            "max_length": _("At most 1,000 records can be changed at a time."),
            **kwargs.pop("error_messages", {}),
        }
        super().__init__(
            max_length=LONGEST, widget=forms.HiddenInput, error_messages=errors, **kwargs
        )

    def clean(self, value: str) -> list[int]:
        words = super().clean(value).split(",")
        if not all(re.fullmatch(r"[0-9]{1,18}", word) for word in words):
            raise ValidationError(_("This is no list of numbers. Go back to the list."))
        return [int(word) for word in words]


class BulkForm(PageForm):
    """Which records; what else is asked are the keywords of the operation."""

    numbers = NumbersField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # As a dialog it stands over a list, whose filters ask for an owner, too.
        super().__init__(*args, auto_id="bulk_%s", **kwargs)


class BulkTagForm(BulkForm):
    """Which tags the records get, and which they lose."""

    add = TagsField(label=_("Add tags"), required=False)
    remove = TagsField(label=_("Remove tags"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        added = {tag_key(name) for name in data.get("add") or ()}
        both = [name for name in data.get("remove") or () if tag_key(name) in added]
        if both:
            told = gettext("“%(tag)s” cannot be added and removed at once.") % {"tag": both[0]}
            self.add_error("remove", told)
        elif not added and not data.get("remove") and not self.errors:
            self.add_error("add", gettext("Type a tag to add, or one to remove."))
        return data


class BulkFieldForm(BulkForm):
    """Which custom field the records get a value in, and which value; empty takes it away.

    What is asked for the value depends on the field that was chosen.
    """

    kind: ClassVar[str]
    field = forms.ChoiceField(label=_("Field"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fixed = fixed_fields(self.user, self.kind)
        known = definitions_for(self.user)[self.kind]
        fields = {each.name: each for each in known if each.name not in fixed}
        choices = [(name, each.label) for name, each in fields.items()]
        self.fields["field"].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]
        chosen = self.data.get("field") if self.is_bound else self.initial.get("field")
        self.definition = fields.get(str(chosen))
        if self.definition is not None:
            self.fields["value"] = own_field(self.definition, self.user)
            self.fields["value"].required = False

    @classmethod
    def of(cls, kind: str) -> type[BulkFieldForm]:
        """Return the form for records of a kind."""
        return type(f"{kind.capitalize()}FieldForm", (cls,), {"kind": kind})

    @property
    def helper(self) -> FormHelper:
        """Lay out all but the value, which the page puts where it can be changed alone."""
        asked = {name: field for name, field in self.fields.items() if name != "value"}
        return helper_for(self.sections, asked)

    @property
    def value_field(self) -> Any:
        """The field for the value, once it is known of what."""
        return self["value"] if "value" in self.fields else None

    def clean(self) -> dict[str, Any]:
        """Return the value as records store it."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.definition is not None and "value" in data:
            value = data["value"]
            data["value"] = None if is_empty(value) else stored(self.definition, value)
        return data


class BulkAssignForm(BulkForm):
    """To whom the records go: to oneself, if nothing else is said."""

    owner = forms.ModelChoiceField(
        colleagues(),
        label=_("Owner"),
        required=False,
        empty_label=_("Nobody: they wait in the queue of the team"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("owner", self.user)
