"""What can be asked of each kind of record in a condition, and what a record in hand answers.

A model says it in one place, its `vocabulary`; types, labels and choices follow from its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from records import custom
from records.conditions import Field
from records.field_types import type_of
from records.models import Currency, CustomField
from records.permissions import is_hidden_field
from users.models import User


@dataclass(frozen=True)
class Derived:
    """A truth that no column holds: `read` tells it of a record, `rows` is the same in SQL.

    A test proves that both agree on whatever records hold.
    """

    label: Any  # a text, or one that is translated when it is shown
    type: str
    read: Callable[[Any], Any]
    rows: Any
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The names of what can be asked: columns, and columns of related records behind a point."""

    names: str
    derived: Mapping[str, Derived] = field(default_factory=dict)
    # Where the name of a column would not tell what it holds.
    labels: Mapping[str, Any] = field(default_factory=dict)


def fields_of(
    model: type[models.Model],
    user: User | None,
    *,
    only: Collection[str] | None = None,
    is_for_viewer: bool = False,
    is_editing: bool = False,
) -> dict[str, Field]:
    """Return what can be asked of records of this kind by name, in the order of a menu.

    The custom fields in use come last; without a `user`, who keeps them once they are read, there
    are none. Costs no other statement, and not even that where `only` names no custom field:
    choices are looked up when somebody looks at them. Where somebody asks for himself,
    `is_for_viewer`, people can be "me" and "my team", and what their roles hide cannot be asked;
    nor can it where they write down for others what is asked, `is_editing`.
    """
    vocabulary: Vocabulary = model.vocabulary  # type: ignore[attr-defined]
    asker = user if is_for_viewer or is_editing else None

    def is_wanted(name: str) -> bool:
        is_named = only is None or name in only
        return is_named and not (asker is not None and is_hidden_field(asker, model, name))

    viewer = user if is_for_viewer else None
    found = [
        _built_in(model, name, viewer=viewer)
        for name in vocabulary.names.split()
        if is_wanted(name)
    ]
    found += [
        Field(name, str(each.label), each.type, _told(each.choices), rows=each.rows)
        for name, each in vocabulary.derived.items()
        if is_wanted(name)
    ]
    kind = custom.kind_of(model)
    has_own = only is None or any(name.startswith(custom.PREFIX) for name in only)
    if user is not None and kind in custom.KINDS and has_own:
        own = custom.in_use_for(user)[kind]
        found += [asked_about(each, viewer) for each in own if is_wanted(each.name)]
    return {each.name: each for each in found}


def asked_about(definition: CustomField, viewer: User | None = None) -> Field:
    """Return what conditions know of a custom field; a user can be "me" for a `viewer`."""
    name, label = definition.name, definition.label_in_sentence
    if definition.type == CustomField.Type.USER:
        lines = _Lines(User, viewer)
        type_ = "choice" if viewer is None else "person"
        return Field(name, label, type_, lines.active, name, lines.retired, lines.aliases)
    choices = custom.choices_of(definition).values()
    active = [(c["key"], str(c["label"])) for c in choices if c["is_active"]]
    retired = [(c["key"], str(c["label"])) for c in choices if not c["is_active"]]
    return Field(
        name,
        label,
        type_of(definition).asked_as,
        active,
        name,
        retired,
    )


def reader_of(record: models.Model) -> Callable[[str], Any]:
    """Return what gives the value of a record by the name of a field.

    Reads relations where they are not loaded: `RecordQuerySet.with_answers_to` loads them for many
    records at once. Raises `KeyError` for a name that is nobody's.
    """
    vocabulary: Vocabulary = record.vocabulary  # type: ignore[attr-defined]

    def value_of(name: str) -> Any:
        if name in vocabulary.derived:
            return vocabulary.derived[name].read(record)
        if name.startswith(custom.PREFIX):
            values = record.custom  # type: ignore[attr-defined]
            return (
                values.get(name.removeprefix(custom.PREFIX)) if isinstance(values, dict) else None
            )
        *relations, last = name.split(".")
        there: Any = record
        for relation in relations:
            there = getattr(there, relation, None)  # a new record may lack what it must have
            if there is None:
                return None
        return _read(there, _column(type(there), last))  # type: ignore[arg-type]  # a class has a hash

    return value_of


def _read(record: models.Model, column: Any) -> Any:
    if column.many_to_many:
        return [each.key for each in getattr(record, column.name).all()] if record.pk else []
    if column.is_relation and not _has_keys(column.related_model):
        number = getattr(record, column.attname)
        return None if number is None else str(number)
    value = getattr(record, column.name, None)
    if column.is_relation:
        return None if value is None else value.key
    return str(value) if _type_of(column) == "choice" else value


# From a column to a field


@cache
def _column(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        raise KeyError(name) from None


@cache
def _has_keys(model: type[models.Model]) -> bool:
    """Say whether the rows of a list are known by a key that never changes."""
    return any(column.name == "key" and column.unique for column in model._meta.concrete_fields)


def _built_in(model: type[models.Model], name: str, *, viewer: User | None = None) -> Field:
    *relations, last = name.split(".")
    labels, owner = [], model
    for relation in relations:
        step = _column(owner, relation)
        labels.append(str(step.verbose_name))
        owner = step.related_model
    column = _column(owner, last)
    vocabulary: Vocabulary = model.vocabulary  # type: ignore[attr-defined]
    label = str(vocabulary.labels.get(name) or column.verbose_name)
    for relation_label in reversed(labels):
        label = _("%(relation)s: %(field)s") % {"relation": relation_label, "field": label}
    path = "__".join([*relations, last])
    if column.is_relation:
        path += "__key" if _has_keys(column.related_model) else "_id"
        lines = _Lines(column.related_model, viewer)
        is_person = viewer is not None and issubclass(column.related_model, User)
        type_ = "person" if is_person else _type_of(column)
        return Field(name, label, type_, lines.active, path, lines.retired, lines.aliases)
    return Field(name, label, _type_of(column), _choices_of(column), path)


def _type_of(column: Any) -> str:
    """Return the type under which a column is compared."""
    if column.many_to_many:
        return "choices"
    if column.is_relation or column.choices is not None or _is_currency(column):
        return "choice"
    # A moment is a kind of day to Django, so the order counts.
    for kind, name in (
        (models.DateTimeField, "moment"),
        (models.DateField, "date"),
        (models.BooleanField, "yes_no"),
        (models.DecimalField, "number"),
        (models.IntegerField, "number"),
    ):
        if isinstance(column, kind):
            return name
    return "text"


def _is_currency(column: Any) -> bool:
    return column.name == "currency" and isinstance(column, models.CharField)


def _choices_of(column: Any) -> Sequence[tuple[str, str]]:
    if _is_currency(column):
        return _Later(lambda: [(c.code, c.code) for c in Currency.objects.order_by("code")])
    if column.choices is None:
        return ()
    return _Later(lambda: list(_told(column.choices)))


def _told(choices: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), str(label)) for key, label in choices)


class _Later(Sequence[tuple[str, str]]):
    """Choices that are looked up when somebody looks at them."""

    def __init__(self, load: Callable[[], list[tuple[str, str]]]) -> None:
        self._load = load
        self._found: list[tuple[str, str]] | None = None

    def _lines(self) -> list[tuple[str, str]]:
        if self._found is None:
            self._found = self._load()
        return self._found

    def __getitem__(self, place: Any) -> Any:
        return self._lines()[place]

    def __len__(self) -> int:
        return len(self._lines())


class _Names(Mapping[str, str]):
    """Other words for choices, looked up when somebody looks at them."""

    def __init__(self, load: Callable[[], dict[str, str]]) -> None:
        self._load = load

    def __getitem__(self, word: str) -> str:
        return self._load()[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


class _Lines:
    """The rows of another table as choices: by key where it has one, else by number.

    What not everybody may read, like tags, is narrowed to what the `viewer` may.
    """

    def __init__(self, model: type[models.Model], viewer: User | None = None) -> None:
        self.model, self.viewer = model, viewer
        self.active = _Later(lambda: self._chosen(is_active=True))
        self.retired = _Later(lambda: self._chosen(is_active=False))
        self.aliases = _Names(self._emails)
        self._found: list[Any] | None = None

    def _rows(self) -> list[Any]:
        if self._found is None:
            names = {column.name for column in self.model._meta.concrete_fields}
            order = [name for name in ("process", "position", "name") if name in names]
            rows: Any = self.model._default_manager.order_by(*order, "pk")
            if self.viewer is not None and hasattr(rows, "seen_by"):
                rows = rows.seen_by(self.viewer)
            self._found = list(rows.select_related("process") if "process" in names else rows)
        return self._found

    def _chosen(self, *, is_active: bool) -> list[tuple[str, str]]:
        return [
            (self._key(row), self._label(row))
            for row in self._rows()
            if self._can_be_chosen(row) == is_active
        ]

    @staticmethod
    def _can_be_chosen(row: Any) -> bool:
        return getattr(row, "is_active", True) and not getattr(row, "is_machine", False)

    def _key(self, row: Any) -> str:
        return str(row.key if _has_keys(self.model) else row.pk)

    @staticmethod
    def _label(row: Any) -> str:
        """Name a row; a stage by its process too, as every process has its own first stage."""
        return f"{row.process}: {row}" if hasattr(row, "process") else str(row)

    def _emails(self) -> dict[str, str]:
        return {
            row.email: self._key(row)
            for row in self._rows()
            if hasattr(row, "email") and self._can_be_chosen(row)
        }
