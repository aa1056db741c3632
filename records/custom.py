"""Custom fields: what is defined for a kind of record, which values fit, and how people read them.

A value is stored as JSON, as the class of its type in `records.field_types` says: texts as text;
whole numbers as numbers; decimals as text without an exponent; days as YYYY-MM-DD, moments in UTC;
yes and no as booleans; a choice as its key, several as a list of keys in the order of the
definition; money as amount and currency. What is empty is not stored at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import CharField, JSONField, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from records.errors import Unacceptable
from records.field_types import limit_problem, type_of
from records.models import CustomField, FormCondition, FormLayout, Record
from records.permissions import hidden_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from users.models import User

PREFIX = "custom."
KINDS = tuple(CustomField.Kind.values)

# Names that mean something else wherever fields are named: in the API, in filters, in queries.
RESERVED = frozenset(
    """
    account account_id all amount any bant campaign campaign_id change changed_at changed_by class
    closed_on contact contact_id count created created_at created_by cursor custom custom_fields
    deleted_at estimated_close_on false fields filter format history id is is_different key kind
    limit name next next_step next_step_at none not null opportunities opportunity or order owner
    owner_id page per pk previous process q qualification ready ready_since reason record records
    results save score search sort source stage status status_reason steps tags team true type url
    utm value values version view weighted_value
    """.split()
) | frozenset(JSONField().get_lookups())


# What is defined


@dataclass(frozen=True)
class Definitions:
    """All fields, layouts and form conditions there are: fields by kind, retired ones among them.

    A kind whose form stands as built in has no layout. Layouts are those of the user.
    """

    fields: dict[str, tuple[CustomField, ...]] = field(default_factory=dict)
    layouts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # Of the short forms in which new records begin.
    quick: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # By kind, the conditions of its form: effect, field, condition.
    conditions: dict[str, list[tuple[str, str, Any]]] = field(default_factory=dict)
    # By kind, the names of the fields that the user may not see.
    hidden: dict[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def in_use(self) -> dict[str, tuple[CustomField, ...]]:
        """The fields by kind, without those that are retired."""
        return {
            kind: tuple(each for each in found if each.is_active)
            for kind, found in self.fields.items()
        }

    @cached_property
    def seen(self) -> dict[str, tuple[CustomField, ...]]:
        """The fields in use by kind, without those that the user may not see."""
        return {
            kind: tuple(each for each in found if each.name not in self.hidden.get(kind, ()))
            for kind, found in self.in_use.items()
        }


def definitions_for(user: User | None) -> dict[str, tuple[CustomField, ...]]:
    """Return the fields in use by kind of record, in their order, that `user` may see.

    Every kind has its entry. One statement, kept on the loaded user like `User.scopes`, which reads
    the form layouts too. What works on a record whoever looks at it asks `in_use_for`.
    """
    return known_to(user).seen


def in_use_for(user: User | None) -> dict[str, tuple[CustomField, ...]]:
    """Return the fields in use by kind of record, also those that `user` may not see."""
    return known_to(user).in_use


def known_to(user: User | None) -> Definitions:
    """Return every definition, with retired and hidden ones; read once per loaded user."""
    if user is None:
        return _read()
    kept: Definitions | None = getattr(user, "custom_definitions", None)
    if kept is None:
        hidden = {kind: hidden_fields(user, kind) for kind in KINDS}
        kept = user.custom_definitions = replace(_read(user), hidden=hidden)  # type: ignore[attr-defined]
        for line in (line for lines in kept.fields.values() for line in lines):
            line.viewer = user
    return kept


def forget(user: User) -> None:
    """Let the next question of `user` read the definitions again: they have changed."""
    user.custom_definitions = None  # type: ignore[attr-defined]


def suppose(
    user: User, kind: str, sections: list[dict[str, Any]], *, is_quick: bool = False
) -> None:
    """Let `user` see the form of `kind` as if it were laid out like this; nothing is stored.

    Without sections it is as built in.
    """
    known = known_to(user)
    name = "quick" if is_quick else "layouts"
    others = {each: told for each, told in getattr(known, name).items() if each != kind}
    supposed: Any = {name: others | ({kind: sections} if sections else {})}
    user.custom_definitions = replace(known, **supposed)  # type: ignore[attr-defined]


# In the order of the model.
COLUMNS = (
    "id", "kind", "key", "label", "type", "help_text", "is_required", "default", "choices",
    "limits", "target", "translations", "section", "position", "is_active",
)  # fmt: skip


AS_CONDITION = {"label": "effect", "help_text": "field", "choices": "condition"}


AS_LAYOUT = {"choices": "sections", "is_required": "is_quick"}


def _read(user: User | None = None) -> Definitions:
    """Read all of it with one statement: a layout or a form condition is a line without a key.

    Of those a condition has its effect for a label, and its field for a help text; a layout is
    required where it is a quick one, and has the role that it is for as its section.
    """
    text = CharField()
    whose = Q(role=None)
    if user is not None and user.pk:
        whose |= Q(role__members=user)
    layouts = (
        FormLayout.objects.filter(whose)
        .annotate(
            key=Value("", text),
            label=Value("", text),
            type=Value("", text),
            help_text=Value("", text),
            default=Value({}, JSONField()),
            limits=Value({}, JSONField()),
            target=Value("", text),
            section=Coalesce("role__name", Value("", text)),
            position=Value(0),
            is_active=Value(True),
            translations=Value({}, JSONField()),
        )
        .values_list(*(AS_LAYOUT.get(name, name) for name in COLUMNS))
    )
    conditions = FormCondition.objects.annotate(
        key=Value("", text),
        type=Value("", text),
        is_required=Value(False),
        default=Value({}, JSONField()),
        limits=Value({}, JSONField()),
        target=Value("", text),
        section=Value("", text),
        position=Value(0),
        is_active=Value(True),
        translations=Value({}, JSONField()),
    ).values_list(*(AS_CONDITION.get(name, name) for name in COLUMNS))
    rows = CustomField.objects.values_list(*COLUMNS).union(layouts, conditions, all=True)
    found: dict[str, list[CustomField]] = {kind: [] for kind in KINDS}
    laid_out: list[CustomField] = []
    asked: dict[str, list[tuple[str, str, Any]]] = {}
    language = get_language() or ""
    for row in rows:
        line = CustomField.from_db(None, COLUMNS, row)
        if line.label and not line.key:
            asked.setdefault(line.kind, []).append((line.label, line.help_text, line.choices))
        elif not line.key:
            laid_out.append(line)
        elif line.kind in found:
            line.speak(language)
            found[line.kind].append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line.position, line.pk))
    # The layout of a role comes before the one for everyone, which has none.
    laid_out.sort(key=lambda line: (not line.section, line.section))
    layouts_of: dict[bool, dict[str, list[dict[str, Any]]]] = {False: {}, True: {}}
    for line in laid_out:
        if line.choices:
            layouts_of[line.is_required].setdefault(line.kind, line.choices)
    return Definitions(
        {kind: tuple(lines) for kind, lines in found.items()},
        layouts_of[False],
        layouts_of[True],
        asked,
    )


def kind_of(model: type[models.Model] | models.Model) -> str:
    """Return the kind under which the custom fields of a model are defined."""
    return str(model._meta.model_name)


def model_of(kind: str) -> type[Record]:
    """Return the model of a kind."""
    return next(
        model
        for model in apps.get_models()
        if issubclass(model, Record) and model._meta.model_name == kind
    )


def field_of(kind: str, name: str, user: User | None) -> CustomField | None:
    """Return the definition of `custom.<key>`, also when it is retired; None if there is none.

    One that `user` may not see is none.
    """
    key = name.removeprefix(PREFIX)
    if key == name or name in hidden_fields(user, kind):
        return None
    return next((each for each in known_to(user).fields.get(kind, ()) if each.key == key), None)


def links_to(model: type[models.Model]) -> list[CustomField]:
    """Return every field that links to records of this kind, also those out of use."""
    rows = CustomField.objects.filter(type=CustomField.Type.RECORD, target=kind_of(model))
    return list(rows.order_by("pk"))


def rows_linking(definition: CustomField, pks: Iterable[int]) -> Any:
    """Return the records that link to any of these by a field, also those in the recycle bin."""
    rows = model_of(definition.kind)._base_manager
    return rows.filter(**{f"custom__{definition.key}__in": list(pks)}).order_by("pk")


# Values


def cleaned(
    kind: str,
    values: Mapping[str, Any],
    *,
    by: User | None,
    standing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return `values` by key as records store them; None for what is taken away.

    What stands already is never refused, however it came there. Raises `Unacceptable`, naming
    `custom.<key>`: for a key that nobody has defined, a retired field or choice, a value that does
    not fit, and for taking away what is required.
    """
    if not hasattr(values, "items"):
        raise Unacceptable(errors={"custom": [_("Send an object with the custom fields by key.")]})
    stands = standing or {}
    fields = {each.key: each for each in known_to(by).fields.get(kind, ())}
    result: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for key, value in values.items():
        if key in stands and _is_same(value, stands[key]):
            result[key] = stands[key]
            continue
        try:
            result[key] = _cleaned(fields.get(key), value, stands.get(key))
        except ValueError as problem:
            errors[f"{PREFIX}{str(key)[:60]}"] = [str(problem)]
    if errors:
        raise Unacceptable(errors=errors)
    return result


def _is_same(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    return bool(one == other) and type(one) is type(other)


def _cleaned(definition: CustomField | None, value: Any, standing: Any) -> Any:
    if definition is None:
        raise ValueError(_("There is no custom field of this key."))
    if not definition.is_active:
        raise ValueError(
            _("%(label)s is out of use. An administrator can put it back.")
            % {"label": definition.label}
        )
    if is_empty(value):
        if definition.is_required and not is_empty(standing):
            raise ValueError(asked_for(definition))
        return None
    return stored(definition, value, standing=standing)


def is_empty(value: Any) -> bool:
    """Say whether `value` is no value: nothing, blanks, no choice at all. False is a value."""
    return value is None or value in ([], ()) or (isinstance(value, str) and not value.strip())


def asked_for(definition: CustomField) -> str:
    """Say that a required field is to be filled in."""
    chosen = {CustomField.Type.CHOICE, CustomField.Type.CHOICES, CustomField.Type.YES_NO}
    words = _("Choose the %(label)s") if definition.type in chosen else _("Enter the %(label)s")
    return words % {"label": in_sentence(definition)}


def in_sentence(definition: CustomField) -> str:
    """Return the label as it stands within a sentence: an abbreviation keeps its capitals."""
    return definition.label_in_sentence


def for_new(kind: str, values: Mapping[str, Any], *, by: User | None) -> dict[str, Any]:
    """Return the custom values of a new record: `values`, and the defaults of what they leave out.

    Whoever says None means it: there the default is not taken, now or when this is asked again.
    """
    given = cleaned(kind, values, by=by) if values else {}
    if kind not in KINDS:
        return given
    defaults = {
        each.key: each.default
        for each in in_use_for(by)[kind]
        if each.default is not None and each.key not in given
    }
    return {**defaults, **given}


def changed_by(
    kind: str, standing: Any, values: Mapping[str, Any], *, by: User | None
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the custom values after a change, and what changed: `custom.<key>` → [old, new].

    Only the keys in `values` change; None or "" takes a value away.
    """
    before = standing if isinstance(standing, dict) else {}
    after, changed = dict(before), {}
    for key, value in cleaned(kind, values, by=by, standing=before).items():
        old = before.get(key)
        if key in before and _is_same(old, value):
            continue
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
        if key in before or value is not None:
            changed[f"{PREFIX}{key}"] = [old, value]
    return after, changed


def stored(definition: CustomField, value: Any, *, standing: Any = None) -> Any:
    """Return a value that is not empty as records store it.

    Raises `ValueError` with a sentence in the terms of the field. A choice that is out of use can
    stay where it is `standing`, but is not chosen anew; so can what a limit would refuse by now.
    """
    kind = type_of(definition)
    found = kind.store(definition, value, standing=standing)
    is_limited = kind.limited_by and definition.limits and not _is_same(found, standing)
    if is_limited and (problem := limit_problem(definition, kind.limited_by, found)):
        raise ValueError(problem)
    return found


def choices_of(definition: CustomField) -> dict[str, dict[str, Any]]:
    """Return the choices of a field by key, in order; whatever is no choice is left out."""
    return definition.known_choices


def fits(definition: CustomField, value: Any) -> bool:
    """Say whether a stored value is one that this field could have stored."""
    try:
        return _is_same(stored(definition, value, standing=value), value)
    except ValueError:
        return False


def natural(definition: CustomField, value: Any) -> Any:
    """Return a stored value as Python has it: days and decimals; None for what does not fit."""
    if value is None or not fits(definition, value):
        return None
    return type_of(definition).natural(definition, value)


def from_text(definition: CustomField, text: str) -> Any:
    """Return what somebody means by `text`, for `cleaned`: a choice by its key or its label.

    Numbers and days are written as they are stored, yes and no in the language of the page or in
    English, several choices parted by semicolons or commas. What cannot be read comes back as it
    is, to be refused with a sentence.
    """
    return type_of(definition).read(definition, text.strip())


def as_text(definition: CustomField, value: Any) -> str:
    """Return a stored value as a text that `from_text` reads: choices by their keys."""
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return type_of(definition).write(definition, value)


# Words


def in_words(definition: CustomField | None, value: Any) -> str:
    """Return a stored value as people read it; nothing is an empty text.

    What does not fit its field, or has lost it, reads as it is written: a page is never broken.
    """
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if definition is None or not fits(definition, value):
        if isinstance(value, list | tuple):
            return ", ".join(str(each) for each in value)
        if isinstance(value, dict):
            return " ".join(str(each) for each in value.values())
        return str(value)
    return type_of(definition).words(definition, value)


def prepare(definition: CustomField, records: Iterable[Any]) -> None:
    """Read at once what `in_words` needs to tell this field of many records."""
    kind = type_of(definition)
    if kind.control == "record":
        kind.prepare(definition, [record.custom.get(definition.key) for record in records])


def in_file(definition: CustomField, value: Any) -> Any:
    """Return a stored value for a file: numbers and days as such, all else as text."""
    if is_empty(value) or isinstance(value, bool) or not fits(definition, value):
        return in_words(definition, value)
    return type_of(definition).in_file(definition, value)


# Keys

KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")


def key_from(label: str, *, taken: Iterable[str] = (), otherwise: str = "field") -> str:
    """Return a free key for `label`: its words in small letters; `otherwise` where it has none.

    >>> key_from("Budget code (old)"), key_from("Größe", taken=["grosse"]), key_from("名前")
    ('budget_code_old', 'grosse_2', 'field')
    """
    plain = unicodedata.normalize("NFKD", label.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:36].rstrip("_") or otherwise
    if not stem[0].isalpha():
        stem = f"{otherwise}_{stem}"[:36].rstrip("_")
    key, number, used = stem, 2, set(taken)
    while key in used:
        key, number = f"{stem}_{number}", number + 1
    return key


def key_problem(key: str) -> str:
    """Say in a sentence why `key` cannot name a field; an empty answer means that it can."""
    if not KEY.fullmatch(key) or "__" in key or key.endswith("_"):
        return _(
            "Use small letters, digits and single underscores, at most 41, beginning with a letter "
            "and not ending with an underscore, like contract_end"
        )
    if key in RESERVED:
        return _("%(key)s means something else already. Choose another key") % {"key": key}
    return ""


def is_column(kind: str, key: str) -> bool:
    """Say whether a kind of record has a field of this name by itself."""
    return any(
        key in {each.name, getattr(each, "attname", "")}
        for each in model_of(kind)._meta.get_fields()
    )
