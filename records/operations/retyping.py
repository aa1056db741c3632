"""A custom field of another type: first what would become of its values, then all of them at once.

A type changes only where every value goes along. One that cannot be read as the new type, or that
would say less than before, stops it, and is told by record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from records import audit, custom
from records.errors import Unacceptable
from records.field_types import type_of
from records.models import CustomField
from records.operations import operation, require_for_all
from records.operations.shaping import MOST_CHOICES, save_field
from records.permissions import reaches, unnamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from users.models import User

CHUNK = 1000
AT_ONCE = 200  # rows that one statement writes
MOST_SHOWN = 20
_TYPES = CustomField.Type
_TEXTS = {_TYPES.TEXT, _TYPES.LONG_TEXT}
# A text that a number would say shorter: its leading zeros mean something.
_HAS_ZEROS = re.compile(r"[+-]?0[0-9]")


@dataclass(frozen=True)
class Line:
    """A value of a record: how it reads now, and how as the new type; or why it does not fit."""

    record: str
    before: str
    after: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Retyping:
    """What a change of type would do: how many values there are, and some of them."""

    count: int
    failed: int
    lines: tuple[Line, ...]

    @property
    def is_possible(self) -> bool:
        return not self.failed


def of_type(field: CustomField, type_: str, choices: Sequence[str] = ()) -> CustomField:
    """Return the field as it would be with another type; nothing is stored.

    What has choices keeps those that there are; a text gets those that are given by label.
    """
    new = CustomField.objects.get(pk=field.pk)
    new.type, new.version, new.limits = type_, field.version, {}
    if new.has_choices and not field.has_choices:
        keys: set[str] = set()
        new.choices = []
        for label in choices:
            key = custom.key_from(label, taken=keys, otherwise="choice")
            keys.add(key)
            new.choices.append({"key": key, "label": label, "is_active": True})
    try:
        new.default = None if field.default is None else converted(field, new, field.default)
    except ValueError:
        new.default = None
    return new


def converted(old: CustomField, new: CustomField, value: Any) -> Any:
    """Return a stored value of one field as the other stores it.

    Raises `ValueError` with a sentence where it does not fit, or would say less than before.
    """
    if _TYPES.RECORD in {old.type, new.type}:
        raise ValueError(_("A link to a record stays one"))
    if not custom.fits(old, value):
        raise ValueError(_("It does not fit its field even now"))
    found = custom.stored(new, _meant(old, new, value))
    if new.type == _TYPES.TEXT and "\n" in str(found):
        raise ValueError(_("It has several lines"))
    says_all = old.type in _TEXTS or new.type in _TEXTS or _back(old, new, found) == value
    if not says_all:
        raise ValueError(_("It would say less than before"))
    return found


def _back(old: CustomField, new: CustomField, found: Any) -> Any:
    try:
        return custom.stored(old, _meant(new, old, found), standing=found)
    except ValueError:
        return None


def _meant(old: CustomField, new: CustomField, value: Any) -> Any:
    """Return what a value means to another type, before it is checked."""
    if new.type in _TEXTS:
        return custom.in_words(old, value) if old.has_choices else custom.as_text(old, value)
    if old.has_choices and new.has_choices:
        keys = value if isinstance(value, list) else [value]
        return keys if new.type == _TYPES.CHOICES else (keys[0] if len(keys) == 1 else keys)
    if (old.type, new.type) == (_TYPES.DATE_TIME, _TYPES.DATE):
        return timezone.localtime(custom.natural(old, value)).date()
    text = custom.as_text(old, value)
    if old.type == _TYPES.MONEY and type_of(new).is_number:
        is_plain = value["currency"] == settings.DEFAULT_CURRENCY
        text = f"{Decimal(value['amount']).normalize():f}" if is_plain else text
    if old.type in _TEXTS and type_of(new).is_number and _HAS_ZEROS.match(text):
        raise ValueError(_("It begins with a zero, which a number does not keep"))
    return custom.from_text(new, text)


def words_in(field: CustomField, type_: str) -> list[str]:
    """Return the different words that stand in a text field, to become choices of that type."""
    words: dict[str, str] = {}
    for record in rows_with(field):
        text = custom.in_words(field, record.custom[field.key])
        for word in re.split(r"[;,\n]", text) if type_ == _TYPES.CHOICES else [text]:
            if len(words) <= MOST_CHOICES and word.strip():
                words.setdefault(word.strip().casefold(), word.strip())
    return sorted(words.values())


def preview_of(field: CustomField, new: CustomField, *, by: User) -> Retyping:
    """Say what would become of every value; nothing is written. Raises `NotPermitted`."""
    require_for_all(by, "change", CustomField)
    count = failed = 0
    fine: list[Line] = []
    wrong: list[Line] = []
    for record in rows_with(field):
        count += 1
        value = record.custom[field.key]
        try:
            after, problem = custom.in_words(new, converted(field, new, value)), ""
        except ValueError as wrong_for:
            after, problem = "", str(wrong_for)
        failed += bool(problem)
        lines = wrong if problem else fine
        if len(lines) < MOST_SHOWN:
            lines.append(_line(record, custom.in_words(field, value), after, problem, by))
    return Retyping(count, failed, tuple([*wrong, *fine][:MOST_SHOWN]))


def _line(record: Any, before: str, after: str, problem: str, by: User) -> Line:
    """Return a line as `by` may see it: of a hidden record neither its name nor its value."""
    if reaches(by, "view", record):
        return Line(str(record), before, after, problem)
    return Line(unnamed(type(record)), "", "", problem)


@operation
def retype_field(field: CustomField, new: CustomField, *, by: User) -> CustomField:
    """Give a field another type, and every record its value in that type; all of them or none.

    `new` is what `of_type` made of it. Raises `Unacceptable` when one value does not fit, `Stale`
    when somebody has changed the field meanwhile, and `NotPermitted`.
    """
    require_for_all(by, "change", CustomField)
    standing = CustomField.objects.select_for_update().get(pk=field.pk)
    reason = _("“%(field)s” is a %(type)s now") % {
        "field": new,
        "type": str(new.get_type_display()).lower(),
    }
    rewrite(standing, lambda record: gone_along(standing, new, record), by=by, reason=reason)
    return save_field(new, by=by, is_converted=True)


def gone_along(old: CustomField, new: CustomField, record: Any) -> Any:
    """Return what becomes of the value of a record. Raises `Unacceptable` where it does not fit."""
    value = record.custom[old.key]
    try:
        return converted(old, new, value)
    except ValueError as problem:
        words = {"record": record, "value": custom.in_words(old, value)[:60]}
        told = _("“%(value)s” of %(record)s cannot go along: %(problem)s")
        raise Unacceptable(errors={"type": [told % {**words, "problem": problem}]}) from problem


def rewrite(field: CustomField, value_of: Callable[[Any], Any], *, by: User, reason: str) -> None:
    """Give every record that has a value of a field another one; None takes it away.

    The values are the same, in another form or out of time, so the records keep their versions;
    what differs stands in the trail of each. A few statements for a thousand records.
    """
    for chunk in chunks_with(field, is_locked=True):
        lines = []
        for record in chunk:
            old, new = record.custom[field.key], value_of(record)
            record.custom[field.key] = new
            if new is None:
                del record.custom[field.key]
            record.derive()
            if (type(old), old) != (type(new), new):
                event, changes = f"{field.kind}.changed", {field.name: [old, new]}
                lines.append(audit.entry(record, event, by=by, changes=changes, reason=reason))
        rows = type(chunk[0])._base_manager
        rows.bulk_update(chunk, ["custom", "search"], batch_size=AT_ONCE)
        audit.write(*lines)


def rows_with(field: CustomField) -> Iterator[Any]:
    """Give every record that has a value, also those in the recycle bin."""
    for chunk in chunks_with(field):
        yield from chunk


def chunks_with(
    field: CustomField, *, after: int = 0, is_locked: bool = False
) -> Iterator[list[Any]]:
    """Give the records that have a value, also those in the recycle bin, many at a time."""
    model: Any = custom.model_of(field.kind)
    rows = model._base_manager.filter(custom__has_key=field.key).order_by("pk")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    last = after
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        yield chunk
