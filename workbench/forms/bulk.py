"""What is asked for when many records are changed at once."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.keys import tag_key
from workbench.forms import PageForm, TagsField, colleagues

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
