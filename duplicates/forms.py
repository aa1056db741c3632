"""What is asked when records are merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workbench.forms import LookupField, PageForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from records.models import Record

TAKE, VERSION = "take-", "version-"


class PairsForm(PageForm):
    """What the list of possible duplicates is narrowed by; what cannot be read narrows nothing."""

    reason = forms.ChoiceField(
        label=_("Same or similar"),
        required=False,
        choices=[
            ("", _("anything")),
            ("email", _("email")),
            ("phone", _("phone")),
            ("name", _("name")),
            ("company", _("company")),
            ("domain", _("web domain")),
            ("address", _("address")),
        ],
    )
    score = forms.TypedChoiceField(
        label=_("Match"),
        required=False,
        coerce=int,
        choices=[
            ("", _("50% or more")),
            (60, _("60% or more")),
            (70, _("70% or more")),
            (80, _("80% or more")),
            (90, _("90% or more")),
        ],
    )

    def value_of(self, name: str) -> Any:
        """Return what was chosen, or nothing."""
        return self.cleaned_data.get(name) if self.is_bound and self.errors is not None else None


class MergeForm(PageForm):
    """Which record each field is taken from, and which versions were looked at."""

    def __init__(
        self,
        *args: Any,
        records: Sequence[Record] = (),
        sources: dict[str, Any] | None = None,
        names: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sources = sources or {}
        numbers = [(str(record.pk), str(record.pk)) for record in records]
        for name in names:
            self.fields[f"{TAKE}{name}"] = forms.ChoiceField(choices=numbers, required=False)
        for record in records:
            self.fields[f"{VERSION}{record.pk}"] = forms.IntegerField(required=False)

    @property
    def values(self) -> dict[str, int]:
        """The fields that somebody has taken from another record than they would be taken from."""
        chosen = {
            name.removeprefix(TAKE): int(pk)
            for name, pk in self.cleaned_data.items()
            if name.startswith(TAKE) and pk
        }
        return {name: pk for name, pk in chosen.items() if self.sources[name].pk != pk}

    @property
    def versions(self) -> dict[int, int]:
        """The versions of the records that were compared."""
        return {
            int(name.removeprefix(VERSION)): version
            for name, version in self.cleaned_data.items()
            if name.startswith(VERSION) and version is not None
        }


class AddForm(PageForm):
    """Another record to compare with."""

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["add"] = LookupField(rows, label=_("Find another one"), required=False)


class UnmergeForm(PageForm):
    """Whether to keep what has changed since as it is."""

    keep = forms.BooleanField(required=False, widget=forms.HiddenInput)
