"""The fields of a record on its page: what stands there, and where it is changed in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from records.permissions import fixed_fields, reaches, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.models import Record
    from users.models import User

# Fields that have an operation, and so a page, of their own; all others are those of the form.
PAGES = {"owner": "assign", "progress": "progress", "stage": "stage"}
ACTIONS = {"owner": "assign"}  # what one has to be permitted to do; else to change the record


@dataclass(frozen=True)
class Editing:
    """Whether somebody may change the fields of a record, and where.

    `url` is the form with all of them; without it `why_not` is the sentence that says why nothing
    can be changed. A value that cannot be changed shows that sentence. A `closed` record cannot be
    changed by anybody.
    """

    record: Record
    user: User
    url: str = ""
    why_not: str = ""
    is_closed: bool = False

    @classmethod
    def by(cls, user: User, record: Any, *, closed: str = "") -> Editing:
        """Return what `user` may change of `record`, with its owner loaded; nothing of a `closed`
        one, which is a sentence.
        """
        if closed:
            return cls(record, user, why_not=closed, is_closed=True)
        if not reaches(user, "change", record):
            return cls(record, user, why_not=read_only(record))
        url = reverse(f"{record.url_namespace}:edit", kwargs={"pk": record.pk})
        return cls(record, user, url=url)

    def of(self, name: str, *, why_not: str = "") -> dict[str, str]:
        """Return where a field is changed: `edit_url` without scripts, `field_url` in its place.

        One that cannot be changed, or of which `why_not` says so, has `locked`: the reason.
        """
        if locked := self.why_not or why_not:
            return {"locked": locked}
        if name in fixed_fields(self.user, str(self.record._meta.model_name)):
            return {"locked": _("Your role lets you read this but not change it.")}
        return {"edit_url": f"{self.url}#id_{name}", "field_url": self.field_url(name)}

    def on_page(self, name: str) -> dict[str, str]:
        """Return where a field with a page of its own is changed; nothing for whoever may not."""
        action = ACTIONS.get(name, "change")
        if self.is_closed or not reaches(self.user, action, self.record):
            return {}
        page = f"{self.record.url_namespace}:{PAGES[name]}"
        url = reverse(page, kwargs={"pk": self.record.pk})
        return {"edit_url": url, "field_url": self.field_url(name)}

    def field_url(self, name: str) -> str:
        kind, number = self.record._meta.model_name, self.record.pk
        return reverse("workbench:field", kwargs={"kind": kind, "pk": number, "field": name})

    def row(self, name: str, label: Any, value: Any, **more: Any) -> dict[str, Any]:
        """Return a field as `components/field_row.html` takes it."""
        why_not = more.pop("why_not", "")
        return {
            "name": name,
            "label": str(label),
            "value": "" if value is None else value,
            "id": f"field-{name}",
            **self.of(name, why_not=why_not),
            **more,
        }

    def fact(self, name: str, label: Any, value: Any, **more: Any) -> dict[str, Any]:
        """Return a field of the form as a fact in the head of the page takes it."""
        where = {} if self.why_not else self.of(name)
        return {"name": name, "label": label, "value": value, **where, **more}

    def owner(self) -> dict[str, Any]:
        """Return whose the record is, as a fact."""
        return {
            "name": "owner",
            "label": _("Owner"),
            "user": self.record.owner,
            "is_person": True,
            **self.on_page("owner"),
        }


def read_only(record: Any) -> str:
    """Say to somebody who may read a record, its owner loaded, who can change it."""
    kind = record._meta.verbose_name
    if record.owner is None:
        return _("You can read this %(kind)s but not change it. Ask your manager.") % {"kind": kind}
    return _("You can read this %(kind)s but not change it. Ask %(owner)s.") % {
        "kind": kind,
        "owner": record.owner,
    }


def unseen(record: Any) -> str:
    """Say why a link is not changed here that leads to a record which the viewer may not see.

    The form cannot show what it is, and would take it for empty.
    """
    return _("It leads to %(name)s.") % {"name": unnamed(type(record))}


def fold(rows: dict[str, dict[str, Any]], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Mark those of `names` that hold nothing: they fold away, as empty lines help nobody."""
    folded = set(names)
    return {
        name: {**row, "is_folded": True} if name in folded and not row["value"] else row
        for name, row in rows.items()
    }
