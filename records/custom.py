"""Custom fields: what is defined for a kind of record, which values fit, and how people read them.

A value is stored as JSON, by its kind: texts as text; whole numbers as numbers; decimals as text
without an exponent; days as YYYY-MM-DD; yes and no as booleans; a choice as its key, several as a
list of keys in the order of the definition. What is empty is not stored at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import CharField, JSONField, Value
from django.utils.translation import gettext as _

from records.errors import Unacceptable
from records.keys import text_problem
from records.models import FIRST_YEAR, LAST_YEAR, CustomField, FormLayout, Record
from users import formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from users.models import User

PREFIX = "custom."
LONGEST = {CustomField.Type.TEXT: 255, CustomField.Type.LONG_TEXT: 10_000}
MOST_DIGITS = 15  # as many as every program that reads JSON keeps exactly
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
    """All fields and layouts there are: fields by kind, retired ones among them.

    A kind whose form stands as built in has no layout.
    """

    fields: dict[str, tuple[CustomField, ...]] = field(default_factory=dict)
    layouts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def definitions_for(user: User | None) -> dict[str, tuple[CustomField, ...]]:
    """Return the fields in use by kind of record, in their order: every kind has its entry.

    One statement, kept on the loaded user like `User.scopes`, which reads the form layouts too.
    """
    return {
        kind: tuple(each for each in found if each.is_active)
        for kind, found in known_to(user).fields.items()
    }


def known_to(user: User | None) -> Definitions:
    """Return every definition, with the retired ones; read once per loaded user."""
    if user is None:
        return _read()
    kept: Definitions | None = getattr(user, "custom_definitions", None)
    if kept is None:
        kept = user.custom_definitions = _read()  # type: ignore[attr-defined]
    return kept


def forget(user: User) -> None:
    """Let the next question of `user` read the definitions again: they have changed."""
    user.custom_definitions = None  # type: ignore[attr-defined]


def suppose(user: User, kind: str, sections: list[dict[str, Any]]) -> None:
    """Let `user` see the form of `kind` as if it were laid out like this; nothing is stored."""
    known = known_to(user)
    layouts = {**known.layouts, kind: sections}
    user.custom_definitions = replace(known, layouts=layouts)  # type: ignore[attr-defined]


COLUMNS = (
    "id", "kind", "key", "label", "type", "help_text", "is_required", "default", "choices",
    "section", "position", "is_active",
)  # fmt: skip


def _read() -> Definitions:
    """Read fields and layouts with one statement: a layout is a line without a key."""
    text = CharField()
    layouts = FormLayout.objects.annotate(
        key=Value("", text),
        label=Value("", text),
        type=Value("", text),
        help_text=Value("", text),
        is_required=Value(False),
        default=Value({}, JSONField()),
        section=Value("", text),
        position=Value(0),
        is_active=Value(True),
    ).values_list(*("sections" if name == "choices" else name for name in COLUMNS))
    rows = CustomField.objects.values_list(*COLUMNS).union(layouts, all=True)
    found: dict[str, list[CustomField]] = {kind: [] for kind in KINDS}
    sections: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        line = CustomField.from_db(None, COLUMNS, row)
        if not line.key:
            if line.choices:
                sections[line.kind] = line.choices
        elif line.kind in found:
            found[line.kind].append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line.position, line.pk))
    return Definitions({kind: tuple(lines) for kind, lines in found.items()}, sections)


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
    """Return the definition of `custom.<key>`, also when it is retired; None if there is none."""
    key = name.removeprefix(PREFIX)
    if key == name:
        return None
    return next((each for each in known_to(user).fields.get(kind, ()) if each.key == key), None)


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
    label = definition.label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def for_new(kind: str, values: Mapping[str, Any], *, by: User | None) -> dict[str, Any]:
    """Return the custom values of a new record: `values`, and the defaults of what they leave out.

    Whoever says None means it: there the default is not taken, now or when this is asked again.
    """
    given = cleaned(kind, values, by=by) if values else {}
    if kind not in KINDS:
        return given
    defaults = {
        each.key: each.default
        for each in definitions_for(by)[kind]
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
    stay where it is `standing`, but is not chosen anew.
    """
    match definition.type:
        case CustomField.Type.TEXT | CustomField.Type.LONG_TEXT:
            return _text(definition, value)
        case CustomField.Type.WHOLE:
            return _whole(definition, value)
        case CustomField.Type.DECIMAL:
            return _decimal(definition, value)
        case CustomField.Type.DATE:
            return _day(definition, value)
        case CustomField.Type.YES_NO:
            if not isinstance(value, bool):
                raise ValueError(_("Answer %(label)s with yes or no") % _label(definition))
            return value
        case CustomField.Type.CHOICE:
            return _choice(definition, value, [standing])
        case _:
            return _choices(definition, value, standing)


def _label(definition: CustomField) -> dict[str, str]:
    return {"label": definition.label}


def _text(definition: CustomField, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("Enter %(label)s as text") % _label(definition))
    if problem := text_problem(value):
        raise ValueError(problem)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    most = LONGEST[CustomField.Type(definition.type)]
    if len(text) > most:
        raise ValueError(
            _("%(label)s can have at most %(most)d characters; these are %(count)d")
            % {"label": definition.label, "most": most, "count": len(text)}
        )
    return text


def _whole(definition: CustomField, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(_("Enter %(label)s as a whole number, like 250") % _label(definition))
    if abs(value) >= 10**MOST_DIGITS:
        raise ValueError(_too_long(definition))
    return int(value)


def _decimal(definition: CustomField, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError(_("Enter %(label)s as a number, like 12.5") % _label(definition))
    try:
        number = Decimal(str(value).strip()[:60])
    except InvalidOperation as error:
        raise ValueError(
            _("Enter %(label)s as a number, like 12.5") % _label(definition)
        ) from error
    if not number.is_finite() or abs(number.adjusted()) > 2 * MOST_DIGITS:
        raise ValueError(_too_long(definition))
    text = format(number.normalize() + 0, "f")
    if sum(sign.isdigit() for sign in text) > MOST_DIGITS:
        raise ValueError(_too_long(definition))
    return text


def _too_long(definition: CustomField) -> str:
    return _("%(label)s can have at most %(most)d digits") % {
        "label": definition.label,
        "most": MOST_DIGITS,
    }


def _day(definition: CustomField, value: Any) -> str:
    day = value.date() if isinstance(value, datetime) else value
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            day = None
    if not isinstance(day, date):
        raise ValueError(_("Enter %(label)s as a date, like 2026-11-30") % _label(definition))
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(
            _("Choose a date between %(first)d and %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    return day.isoformat()


def _choice(definition: CustomField, value: Any, standing: Iterable[Any]) -> str:
    choices = choices_of(definition)
    if not isinstance(value, str) or value not in choices:
        offered = [key for key, choice in choices.items() if choice["is_active"]]
        raise ValueError(
            _("Choose one of the list for %(label)s: %(keys)s")
            % {"label": definition.label, "keys": ", ".join(offered[:20])}
        )
    if not choices[value]["is_active"] and value not in standing:
        raise ValueError(
            _("%(choice)s is out of use. Choose another %(label)s")
            % {"choice": choices[value]["label"], "label": in_sentence(definition)}
        )
    return value


def _choices(definition: CustomField, value: Any, standing: Any) -> list[str]:
    if not isinstance(value, list | tuple | set):
        raise ValueError(_("Give %(label)s as a list of choices") % _label(definition))
    stands = standing if isinstance(standing, list) else []
    chosen = {_choice(definition, each, stands) for each in value}
    return [key for key in choices_of(definition) if key in chosen]


def choices_of(definition: CustomField) -> dict[str, dict[str, Any]]:
    """Return the choices of a field by key, in order; whatever is no choice is left out."""
    return {
        choice["key"]: {"is_active": True, "label": choice["key"], **choice}
        for choice in definition.choices or ()
        if isinstance(choice, dict) and isinstance(choice.get("key"), str)
    }


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
    match definition.type:
        case CustomField.Type.DECIMAL:
            return Decimal(value)
        case CustomField.Type.DATE:
            return date.fromisoformat(value)
        case _:
            return value


def from_text(definition: CustomField, text: str) -> Any:
    """Return what somebody means by `text`, for `cleaned`: a choice by its key or its label.

    Numbers and days are written as they are stored, yes and no in the language of the page or in
    English, several choices parted by semicolons or commas. What cannot be read comes back as it
    is, to be refused with a sentence.
    """
    text = text.strip()
    match definition.type:
        case CustomField.Type.WHOLE:
            return int(text) if re.fullmatch(r"[+-]?[0-9]{1,40}", text) else text
        case CustomField.Type.YES_NO:
            words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
            words |= {_("Yes").lower(): True, _("No").lower(): False}
            return words.get(text.lower(), text)
        case CustomField.Type.CHOICE:
            return _key_of(definition, text)
        case CustomField.Type.CHOICES:
            parts = [part.strip() for part in re.split(r"[;,\n]", text)]
            return [_key_of(definition, part) for part in parts if part]
        case _:
            return text


def as_text(definition: CustomField, value: Any) -> str:
    """Return a stored value as a text that `from_text` reads: choices by their keys."""
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _key_of(definition: CustomField, text: str) -> str:
    choices = choices_of(definition)
    if text in choices:
        return text
    labels = {str(choice["label"]).casefold(): key for key, choice in choices.items()}
    return labels.get(text.casefold(), text)


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
        return str(value)
    return _fitting_in_words(definition, value)


def _fitting_in_words(definition: CustomField, value: Any) -> str:
    match definition.type:
        case CustomField.Type.WHOLE:
            return formats.number(value)
        case CustomField.Type.DECIMAL:
            return formats.number(Decimal(value))
        case CustomField.Type.DATE:
            return formats.day(date.fromisoformat(value))
        case CustomField.Type.CHOICE:
            return str(choices_of(definition)[value]["label"])
        case CustomField.Type.CHOICES:
            known = choices_of(definition)
            return ", ".join(str(known[key]["label"]) if key in known else key for key in value)
        case _:
            return str(value)


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
