"""What two people have changed of a record at once: field by field, mine, theirs and before."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import gettext as _

from records import custom
from records.models import AuditEntry, Record
from records.operations.tags import in_order
from records.permissions import name_for
from workbench.custom import Fitting

if TYPE_CHECKING:
    from django.forms import BaseForm

    from users.models import User
    from workbench.forms import RecordForm

TAGS = "tags"
MOST_LINES = 100  # of the trail, that are looked through for what somebody had read


class AsRead:
    """What a record held at the version that somebody read, and who has changed it since.

    The history keeps the columns of a record. What it is related to many of, and who changed which
    field, stands in the trail.
    """

    def __init__(self, record: Any, version: int) -> None:
        self.record, self.version = record, version
        self.many = {field.name for field in record._meta.many_to_many}

    @cached_property
    def row(self) -> Any:
        """The line of the history; None for a version that never was."""
        return self.record.history.filter(version=self.version).order_by("history_id").last()

    @cached_property
    def since(self) -> list[AuditEntry]:
        """What the trail tells of the changes since, the oldest first."""
        after = self.record.history.filter(version=self.version + 1).order_by("history_id").last()
        if after is None:
            return []
        lines = AuditEntry.objects.filter(
            record_type=ContentType.objects.get_for_model(type(self.record)),
            record_id=self.record.pk,
            at__gte=after.history_date,
        ).exclude(changes={})
        return list(lines.select_related("actor").order_by("at", "pk")[:MOST_LINES])

    def value(self, name: str) -> Any:
        """Return what a field held; of a relation to many the names of what was there."""
        if name not in self.many:
            return value_of(self.row, name)
        told = next((each.changes[name] for each in self.since if name in each.changes), None)
        return names_in(value_of(self.record, name)) if told is None else sorted(told[0])

    def changer(self, name: str) -> str:
        """Return who changed a field last; nothing where the trail names nobody."""
        lines = [each for each in self.since if name in each.changes]
        return str(lines[-1].actor) if lines else ""

    def taken(self, name: str, mine: Any, theirs: Any) -> str:
        """Say what a merge takes of a field: mine, theirs, or "ask" where both changed it."""
        if self.row is None:
            return "ask"
        if name in self.many:
            mine, theirs = names_in(mine), names_in(theirs)
        return taken_of(mine, theirs, self.value(name))


def merge_of(form: RecordForm, record: Record, version: int) -> list[dict[str, Any]]:
    """Compare what the user read, what he typed and what stands now, field by field.

    `taken` says what the merge takes: mine, theirs, or "ask" where both changed it differently.
    """
    read = AsRead(record, version)
    values = values_in(form)
    lines = []
    for name in form.changed_data:
        if name not in values:
            continue
        mine, theirs = _stored(form, name, values[name]), value_of(record, name)
        if _same(mine, theirs):
            continue
        lines.append(
            {
                "name": name,
                "label": form.fields[name].label,
                "taken": read.taken(name, mine, theirs),
                "mine": in_words(form, name, mine),
                "theirs": in_words(form, name, theirs),
                "by": read.changer(name),
            }
        )
    return lines


def taken_of(mine: Any, theirs: Any, before: Any) -> str:
    """Say what a merge takes of a field that was `before`: mine, theirs, or "ask" for both."""
    if _same(mine, before):
        return "theirs"
    return "mine" if _same(theirs, before) else "ask"


def value_of(record: Any, name: str) -> Any:
    """Return what a record, or a line of its history, holds in a field of its form."""
    if name.startswith(custom.PREFIX):
        return record.custom.get(name.removeprefix(custom.PREFIX))
    # A line of history may name what is gone for good; its number is still there.
    column = next((each for each in record._meta.concrete_fields if each.name == name), None)
    if column is not None and column.is_relation and not isinstance(record, Record):
        return getattr(record, column.attname)
    value: Any = getattr(record, name, None)
    if name == TAGS:
        # They are given by their names.
        return in_order(value.all()) if value is not None else []
    return list(value.all()) if hasattr(value, "all") else value


def values_in(form: Any) -> dict[str, Any]:
    """Return what was typed into a form, by field."""
    values: dict[str, Any] = getattr(form, "values", form.cleaned_data)
    return values


def names_in(records: Any) -> list[str]:
    return sorted(str(each) for each in records or ())


def _same(one: Any, other: Any) -> bool:
    def plain(value: Any) -> Any:
        if hasattr(value, "pk"):
            return value.pk
        if isinstance(value, list | tuple) or hasattr(value, "values_list"):
            return sorted(getattr(item, "pk", item) for item in value)
        return value

    one, other = plain(one), plain(other)
    return bool(one == other or (one in (None, "", []) and other in (None, "", [])))


def _stored(form: Any, name: str, value: Any) -> Any:
    """Return what was typed as the record would hold it."""
    field = form.fields[name]
    if not isinstance(field, Fitting) or custom.is_empty(value):
        return value
    return custom.stored(field.definition, value, standing=field.standing)


def in_words(form: Any, name: str, value: Any) -> str:
    """Say a value of a field to whom the form is for: what he may not see is not named."""
    if value in (None, "") or value == []:
        return _("empty")
    if isinstance(field := form.fields[name], Fitting):
        return custom.in_words(field.definition, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple) or hasattr(value, "values_list"):
        return ", ".join(_named(each, form.user) for each in value)
    if isinstance(value, Model):
        return _named(value, form.user)
    choices = dict(getattr(field, "choices", ()) or ())
    return str(choices.get(value, field.prepare_value(value)))


def _named(value: Any, user: User) -> str:
    return name_for(user, value) if isinstance(value, Record) else str(value)


def as_sent(form: BaseForm, name: str) -> list[str]:
    """Return what a field begins with, like what the record holds, as the form would send it."""
    field = form.fields[name]
    value: Any = field.prepare_value(form.get_initial_for_field(field, name))
    if isinstance(value, list | tuple):
        return [str(getattr(item, "pk", item)) for item in value]
    if isinstance(value, bool):
        return ["on"] if value else []
    formatted = field.widget.format_value(value) if value not in (None, "") else ""
    if isinstance(formatted, list | tuple):
        return [str(item) for item in formatted]
    return [str(formatted or "")]
