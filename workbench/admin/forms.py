"""The forms of the administration: they tell what an operation refused, and lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.errors import Refused, Stale, Unacceptable
from records.operations import refuse_stale
from users import formats
from workbench.admin.history import said
from workbench.forms import AsksConditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from users.models import User


class TellingForm(AsksConditions, forms.ModelForm[Any]):
    """A form that tells what the operation refused, beside the fields that it is about."""

    user: User
    refusal: Refused | None = None

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.refusal is not None:
            self.tell(self.refusal)

    def tell(self, refusal: Refused) -> None:
        """Put each sentence of a refusal beside its field, or at the top where there is none."""
        errors: Mapping[str | None, Iterable[str]] = {refusal.field: refusal.reasons}
        if isinstance(refusal, Unacceptable) and refusal.errors:
            errors = dict(refusal.errors)
        for name, sentences in errors.items():
            is_here = name in self.fields
            for sentence in sentences:
                self.add_error(name if is_here else None, sentence)


class VersionedForm(TellingForm):
    """A form that knows which version was read.

    A stale form keeps what was typed, says what stands by now, and may then be sent once more.
    """

    known_version = forms.IntegerField(
        label=gettext_lazy("Version"), widget=forms.HiddenInput, required=False
    )
    # What its lines are called, by the relation that holds them.
    parts: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if isinstance(self.refusal, Stale) and data is not None and instance is not None:
            data = data.copy()
            data["known_version"] = instance.version
        super().__init__(data, *args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = False  # what changed is told by the record, not the page
        if self.instance.pk:
            self.fields["known_version"].initial = self.instance.version

    def _post_clean(self) -> None:
        super()._post_clean()
        known = self.cleaned_data.get("known_version")
        if known is None or not self.instance.pk:
            return
        try:
            refuse_stale(self.as_it_stands(), known)
        except Stale as refusal:
            # Told before lines that are gone by now make the page say something else.
            data: Any = self.data
            self.data = data.copy()
            self.data[self.add_prefix("known_version")] = refusal.version  # type: ignore[index]
            self.tell(refusal)
        # What saves it compares this with the version that stands then.
        self.instance.version = known

    def tell(self, refusal: Refused) -> None:
        if not isinstance(refusal, Stale):
            super().tell(refusal)
            return
        at = refusal.at or getattr(self.instance, "changed_at", None) or timezone.now()
        self.add_error(
            None,
            _("%(who)s changed this %(kind)s (%(at)s). What you typed is below and not saved.")
            % {
                "who": refusal.by or getattr(self.instance, "changed_by", None) or _("Somebody"),
                "kind": self.instance._meta.verbose_name,
                "at": formats.moment(at),
            },
        )
        for name in self.changed_data:
            if name in self.fields and name != "known_version":
                self.add_error(name, _("It is now: %(value)s") % {"value": self.standing(name)})
        columns = {column.name for column in self.instance._meta.concrete_fields}
        if refusal.read.keys() - columns:
            for name, parts in self.parts.items():
                values = {"parts": parts, "value": self.standing(name)}
                self.add_error(None, _("The %(parts)s are now: %(value)s") % values)
        self.add_error(None, _("Save once more to replace what stands with what you typed."))

    def standing(self, name: str) -> str:
        """Say what a field holds by now."""
        line = self.as_it_stands()
        shown = getattr(line, f"get_{name}_display", None)
        value: Any = shown() if shown else getattr(line, name, None)
        if hasattr(value, "all"):
            value = ", ".join(map(str, value.order_by("pk")))
        return said(value)

    def as_it_stands(self) -> Any:
        """Return the line without what was typed, which is in the instance already."""
        return self._meta.model._base_manager.get(pk=self.instance.pk)


class RecordAdminForm(VersionedForm):
    """A record's fields, and the version that was read. Operations change it, not the form."""

    @property
    def values(self) -> dict[str, Any]:
        """The cleaned data: columns under the names by which the operation takes them."""
        return {name: v for name, v in self.cleaned_data.items() if name != "known_version"}

    @property
    def changes(self) -> dict[str, Any]:
        """The cleaned data of the fields that somebody changed, and what was only asked."""
        columns = {field.name for field in self.instance._meta.get_fields()}
        return {
            name: value
            for name, value in self.values.items()
            if name in self.changed_data or name not in columns
        }

    def clean_external_id(self) -> str:
        external_id: str = self.cleaned_data["external_id"].strip()
        others = self._meta.model._base_manager.exclude(pk=self.instance.pk)
        if external_id and others.filter(external_id=external_id).exists():
            raise forms.ValidationError(_("Another record has this external id already."))
        return external_id

    def as_it_stands(self) -> Any:
        return self.instance

    def _post_clean(self) -> None:
        """Leave the instance alone: the operation changes it, under a lock."""
        if self.refusal is not None:
            self.tell(self.refusal)
