"""Taking in a set-up: every line by the operation that a page would call, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.configuration.references import IsUnknown, line_named, to_numbers
from crm.configuration.sections import REMOVED_FOR, SECTIONS
from crm.configuration.telling import (
    FORMAT,
    line_of,
    role_of,
    rules_in_force,
)
from crm.operations import save_role
from leads.models import Lead
from leads.operations import activate_rules, draft_rules
from records import custom
from records.errors import Refused, Unacceptable
from users.models import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm.configuration.sections import Section
    from users.models import User

T = TypeVar("T")
LONGEST_FAULT = 300
RULE_TEXTS = ("key", "label", "unmet_label")
NAMES = {"format", "qualification_rules", "roles", *(section.name for section in SECTIONS)}


class FileIsWrong(Exception):
    """A file cannot be taken in; `faults` says where and why, a line each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class Change:
    """A line that came to be, or was changed: of what it was, what it becomes."""

    section: str
    line: str
    changed: dict[str, list[Any]] | None = None

    def __str__(self) -> str:
        if self.changed is None:
            return f"+ {self.section} {self.line}"
        told = (f"{name}: {old!r} → {new!r}" for name, (old, new) in self.changed.items())
        return f"~ {self.section} {self.line}: {'; '.join(told)}"


@dataclass
class Outcome:
    """What a file has changed, or would change."""

    changes: list[Change] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _OnlyTried(Exception):
    """Ends a transaction of which nothing is to stay."""


def take_in(data: Any, *, by: User, is_dry: bool = False) -> list[Change]:
    """Make this installation's set-up that of a file; return what was changed.

    Lines that are there are changed, others made, and what the file does not name stays. Taken in
    again it changes nothing. Raises `FileIsWrong` with every fault, and then nothing has changed;
    nor has it where it is dry.
    """
    outcome = Outcome()
    _refuse_strange(data, outcome.faults)
    try:
        with transaction.atomic():
            for section in SECTIONS:
                _take_section(section, data.get(section.name, []), outcome, by=by)
            _take_rules(data.get("qualification_rules"), outcome, by=by)
            _take_roles(data.get("roles", []), outcome, by=by)
            if is_dry or outcome.faults:
                raise _OnlyTried
    except _OnlyTried:
        custom.forget(by)
    if outcome.faults:
        raise FileIsWrong(outcome.faults)
    return outcome.changes


def _refuse_strange(data: Any, faults: list[str]) -> None:
    """Refuse what is no such file at all, before anything is tried."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FileIsWrong([_("This is no set-up of format %(format)d.") % {"format": FORMAT}])
    strange = sorted(data.keys() - NAMES)
    faults += [_("%(name)s: there is no such section.") % {"name": name} for name in strange]
    for name, lines in data.items():
        if name in NAMES - {"format"} and not isinstance(lines, list):
            raise FileIsWrong([_("%(name)s: give a list of lines.") % {"name": name}])


def _attempt(outcome: Outcome, place: str, work: Callable[[], T]) -> T | None:
    """Do a part of the work; of one that is refused nothing stays, and why is noted."""
    count = len(outcome.changes)
    try:
        with transaction.atomic():
            return work()
    except (Refused, IsUnknown, _Wrong) as error:
        del outcome.changes[count:]
        told = [str(error)]
        if isinstance(error, Unacceptable) and error.errors:
            told = [f"{name}: {text}" for name, texts in error.errors.items() for text in texts]
        outcome.faults += [f"{place}: {sentence}" for sentence in told]
        return None


def _take_section(
    section: Section, lines: list[Any], outcome: Outcome, *, by: User, parent: Any = None
) -> None:
    if section.is_saved_together:
        _attempt(outcome, section.name, lambda: _take_all(section, lines, outcome, by, parent))
        return
    for number, told in enumerate(sorted(lines, key=_is_no_default), start=1):

        def work(told: Any = told) -> bool:
            return _take_line(section, told, outcome, by=by, parent=parent)

        _attempt(outcome, f"{section.name}[{number}]", work)


def _is_no_default(line: Any) -> bool:
    """Sort the default first: it takes the mark from another one, which cannot give it away."""
    return not (isinstance(line, dict) and line.get("is_default"))


class _Wrong(Exception):
    """A line that cannot even be read."""


def _take_line(section: Section, told: Any, outcome: Outcome, *, by: User, parent: Any) -> bool:
    line, before = _prepared(section, told, parent)
    if before is None or _differing(before, line_of(section, line, has_parts=False)):
        section.operation(line, by=by)
        _note(section, line, before, outcome, parent)
    if section.parts and section.parts.name in told:
        inner = told[section.parts.name]
        if not isinstance(inner, list):
            raise _Wrong(_("%(name)s: give a list of lines.") % {"name": section.parts.name})
        _take_section(section.parts, inner, outcome, by=by, parent=line)
    return True


def _take_all(section: Section, lines: list[Any], outcome: Outcome, by: User, parent: Any) -> None:
    """Take in lines that may change places: they are saved as one."""
    pairs = [_prepared(section, told, parent) for told in lines]
    section.operation([line for line, _before in pairs], by=by)
    for (line, before), told in zip(pairs, lines, strict=True):
        _note(section, line, before, outcome, parent)
        if section.parts and isinstance(told.get(section.parts.name), list):
            _take_section(section.parts, told[section.parts.name], outcome, by=by, parent=line)
    by_key = {str(getattr(line, section.key[0])): line for line, _before in pairs}
    for (line, _before), told in zip(pairs, lines, strict=True):
        if section.removal is None or told.get(REMOVED_FOR) is None:
            continue
        other = by_key.get(str(told[REMOVED_FOR]))
        section.removal(line, by=by, successor=other)
        changed = {REMOVED_FOR: [None, told[REMOVED_FOR]]}
        outcome.changes.append(Change(section.name, f"{parent.key}/{line.key}", changed))


def _prepared(section: Section, told: Any, parent: Any) -> tuple[Any, dict[str, Any] | None]:
    """Return a line as it is to be, not saved, and how it stands; None for a new one."""
    if not isinstance(told, dict):
        raise _Wrong(_("Give an object with the columns of the line."))
    also = {section.parts.name} if section.parts else set()
    if section.removal is not None:
        also.add(REMOVED_FOR)
    if strange := sorted(told.keys() - section.columns.keys() - also):
        raise _Wrong(_("There is no %(names)s here.") % {"names": ", ".join(strange)})
    for name in section.key:
        column = section.columns[name]
        if name not in told and (column.null or column.has_default()):
            told = {**told, name: column.get_default()}
    if missing := [name for name in section.key if name not in told]:
        raise _Wrong(_("Without %(names)s nobody knows which it is.") % {"names": missing[0]})
    values = dict(_read(section, told))
    known = {name: values[name] for name in section.key}
    if section.parent:
        known[section.parent] = parent
    # What is out of use comes back when a file names it.
    only = {} if section.removal is not None else section.only
    line: Any = section.model._base_manager.filter(**only, **known).first()
    if line is None and section.is_fixed:
        raise _Wrong(_("There is no such line, and none can be added."))
    before = None if line is None else line_of(section, line, has_parts=False)
    line = line or section.model(**known)
    for name, value in values.items():
        setattr(line, name, value)
    if "condition" in values:
        line.condition = to_numbers(values["condition"], section.asked_of(line))
    return line, before


def _note(
    section: Section, line: Any, before: dict[str, Any] | None, outcome: Outcome, parent: Any
) -> None:
    """Note what has become of a line: the operation may have tidied up what was told."""
    after = line_of(section, line, has_parts=False)
    changed = None if before is None else _differing(before, after)
    if changed != {}:
        above = [] if parent is None else [getattr(parent, "key", None) or parent.slug]
        names = [str(after[name]) for name in section.key if after[name]]
        outcome.changes.append(Change(section.name, "/".join([*above, *names]), changed))


def _differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [before[name], new] for name, new in after.items() if before[name] != new}


def _read(section: Section, told: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, column in section.columns.items():
        if name not in told:
            continue
        value = told[name]
        if column.is_relation:
            yield name, None if value is None else line_named(column.related_model, value)
            continue
        yield name, _read_value(name, column, value)


def _read_value(name: str, column: Any, value: Any) -> Any:
    """Return a value as its column has it. Another type of JSON is refused, not guessed at."""
    if value is None and not column.null:
        raise _Wrong(f"{name}: " + _("there has to be a value."))
    if value is not None and not _is_of(column, value):
        raise _Wrong(
            f"{name}: " + _("%(value)s is no value of that type.") % {"value": _short(value)}
        )
    try:
        found = column.to_python(value)
    except ValidationError as wrong:
        raise _Wrong(f"{name}: {' '.join(wrong.messages)}"[:LONGEST_FAULT]) from wrong
    is_blank = found in ("", None) and (column.blank or column.null)
    if column.choices and not is_blank and found not in dict(column.flatchoices):
        raise _Wrong(f"{name}: " + _("there is no choice %(value)s.") % {"value": _short(found)})
    return found


def _is_of(column: Any, value: Any) -> bool:
    if isinstance(column, models.JSONField):
        return True
    if isinstance(column, models.BooleanField):
        return isinstance(value, bool)
    if isinstance(column, models.IntegerField):
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    # Days, times and amounts of money are told as texts.
    return isinstance(value, str)


def _short(value: Any) -> str:
    return f"{value!r:.40}"


def _take_rules(rules: list[Any] | None, outcome: Outcome, *, by: User) -> None:
    """Make the qualification rules a new version and put it into force, unless they are so."""
    before = rules_in_force()
    if rules is None or rules == before:
        return

    def work() -> None:
        for number, rule in enumerate(rules, start=1):
            texts = (
                [rule.get(name, "") for name in RULE_TEXTS] if isinstance(rule, dict) else [None]
            )
            if not all(isinstance(text, str) for text in texts):
                raise _Wrong(
                    _("Rule %(number)d has a key and labels, all texts.") % {"number": number}
                )
        activate_rules(draft_rules(by=by, rules=to_numbers(rules, Lead)), by=by)
        outcome.changes.append(Change("qualification_rules", "", {"rules": [before, rules]}))

    _attempt(outcome, "qualification_rules", work)


def _take_roles(roles: list[Any], outcome: Outcome, *, by: User) -> None:
    for number, told in enumerate(roles, start=1):

        def work(told: Any = told) -> None:
            _take_role(told, outcome, by=by)

        _attempt(outcome, f"roles[{number}]", work)


def _take_role(told: Any, outcome: Outcome, *, by: User) -> None:
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("grants"), dict)
        or not isinstance(told.get("fields", {}), dict)
        or not all(isinstance(told.get(name, ""), str) for name in ("name", "description"))
        or told.keys() - {"name", "description", "grants", "fields"}
    ):
        raise _Wrong(_("A role has a name, a description, grants and fields."))
    role = Role.objects.filter(name=str(told.get("name", ""))).first()
    before = role_of(role) if role else None
    kept = before["fields"] if before else {}  # a file of before there was such a thing has none
    after = {"name": "", "description": "", "fields": kept, **told}
    if before == after:
        return
    save_role(role or Role(), by=by, **after)
    changed = None if before is None else _differing(before, after)
    outcome.changes.append(Change("roles", str(after["name"]), changed))
