"""The form of a setting: who saves what somebody else has changed is shown both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from workbench.views.conflict import taken_of
from workbench.views.record import FormPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from records.errors import Stale

NOT_KNOWN = object()


class SettingForm(FormPage):
    """A form that changes a setting at the version that was read, in a hidden field `version`.

    Fields that only the other changed become theirs, fields that only the user changed stay; for a
    field that both changed the page asks. Values are told and compared as the form begins with
    them, by field. Where the setting is new there is nothing to compare.
    """

    def standing(self) -> Mapping[str, Any]:
        """Return what the fields would begin with by now."""
        return {}

    def standing_before(self, refusal: Stale) -> Mapping[str, Any]:
        """Return what they began with when the form was read."""
        raise NotImplementedError

    def typed(self, form: Any) -> dict[str, Any]:
        """Return what was typed, as the fields would begin with it."""
        return dict(form.cleaned_data)

    def in_words(self, form: Any, name: str, value: Any) -> str:
        """Say a value of a field."""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return str(value) or _("empty")

    def settled(self, form: Any) -> dict[str, Any]:
        """Return what was typed, but for the fields of which the user took what stands."""
        theirs = self.standing()
        taken = [name for name in theirs if self.request.POST.get(f"merge-{name}") == "theirs"]
        return self.typed(form) | {name: theirs[name] for name in taken}

    def is_stale(self, form: Any, refusal: Stale) -> HttpResponse:
        theirs, mine = self.standing(), self.typed(form)
        before = self.standing_before(refusal) if theirs else {}
        taken = {
            name: taken_of(mine[name], theirs[name], before.get(name, NOT_KNOWN))
            for name in theirs
            if mine[name] != theirs[name]
        }
        lines = [
            {
                "name": name,
                "label": form.fields[name].label,
                "taken": side,
                "mine": self.in_words(form, name, mine[name]),
                "theirs": self.in_words(form, name, theirs[name]),
            }
            for name, side in taken.items()
        ]
        kept = {name: value for name, value in mine.items() if taken.get(name) != "theirs"}
        kwargs = self.get_form_kwargs() | {"data": None, "files": None}
        kwargs["initial"] = {**self.get_initial(), **theirs, **kept}
        again = self.get_form_class()(**kwargs)
        return self.form_invalid(again, status=409, merge=lines, stale=refusal)
