"""How an administrator shapes the forms: fields of their own, and where each field stands."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records import custom
from records.errors import Unacceptable
from records.field_types import checked_limits, type_of
from records.keys import text_problem
from records.layouts import laid_out, needed_of
from records.models import CustomField, FormLayout
from records.operations import (
    MOST_USES,
    delete_setting,
    operation,
    require_for_all,
    save_setting,
)
from users.models import FieldAccess

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from records.layouts import Part
    from users.models import User

MOST_FIELDS = 100  # in use, of one kind
MOST_EVER = 300  # retired ones among them: their keys are never given out again
MOST_CHOICES = 100
LONGEST_TITLE = 80
LONGEST_HELP = 200
MOST_SECTIONS = 30

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
# What ends a line, or turns the direction of what follows, also far beyond the label itself.
_UNFIT = re.compile("[\x00-\x1f\x7f\x85\u2028-\u202e\u2066-\u2069]")


def line_problem(text: str) -> str:
    """Say in a sentence why `text` cannot be a label; an empty answer means that it can."""
    if problem := text_problem(text):
        return problem
    if not text.strip():
        return _("Enter a label")
    if _UNFIT.search(text):
        return _("Leave out line breaks and control characters")
    if len(text.strip()) > LONGEST_TITLE:
        return _("Use at most %(most)d characters") % {"most": LONGEST_TITLE}
    return ""


# Custom fields


@operation
def save_field(field: CustomField, *, by: User, is_converted: bool = False) -> CustomField:
    """Save the definition of a custom field. Saving what stands writes nothing.

    Without a key it gets one from its label; a choice too. A key is never given out twice, not even
    when its field is retired, and kind and key stay what they are. The type and the choices that
    there are stay as soon as one record has a value; labels may change at any time. Raises
    `Unacceptable` naming the column, and `NotPermitted`. `is_converted` says that the values have
    been given the new type already.
    """
    require_for_all(by, "change" if field.pk else "add", CustomField)
    others = list(CustomField.objects.select_for_update().filter(kind=field.kind))
    standing = next((each for each in others if each.pk == field.pk), None)
    if field.pk and standing is None:
        raise Unacceptable(errors={"kind": [_("A field stays with its kind of record.")]})
    others = [each for each in others if each.pk != field.pk]
    is_fixed = standing is not None and not is_converted and has_values(standing)

    if field.is_active:
        field.deleted_at = None
    errors: dict[str, list[str]] = {}
    for name, problem in (
        ("label", _label_problem(field, others)),
        ("key", _key_problem(field, standing, others)),
        ("type", _type_problem(field, standing, is_fixed=is_fixed) or _found_problem(field)),
        ("target", _target_problem(field, standing, is_fixed=is_fixed)),
        ("kind", "" if field.kind in custom.KINDS else _("Choose a kind of record")),
        ("section", line_problem(field.section) if field.section else ""),
        ("is_active", _number_problem(field, others, is_new=standing is None)),
    ):
        if problem:
            errors[name] = [problem]
    if not errors:
        field.choices = _choices(field, standing if is_fixed else None, errors)
    if not errors:
        _set_limits(field, errors)
    if not errors:
        _set_translations(field, errors)
    if not errors:
        _set_default(field, standing, errors, by=by)
    if errors:
        raise Unacceptable(errors=errors)
    saved = save_setting(field, by=by, standing=standing)
    custom.forget(by)
    return saved


def has_values(field: CustomField) -> bool:
    """Say whether a record has a value of this field, in the recycle bin or not."""
    model: Any = custom.model_of(field.kind)
    return bool(model._base_manager.filter(custom__has_key=field.key).exists())


def count_without(field: CustomField) -> int:
    """Return how many records have no value of this field; no more are counted than `MOST_USES`."""
    model: Any = custom.model_of(field.kind)
    rows = model._base_manager.filter(deleted_at=None).exclude(custom__has_key=field.key)
    return int(rows[:MOST_USES].count())


def _label_problem(field: CustomField, others: Iterable[CustomField]) -> str:
    field.label = str(field.label).strip()
    if problem := line_problem(field.label):
        return problem
    label = field.label.casefold()
    if field.is_active and any(o.is_active and o.label.casefold() == label for o in others):
        return _("Another field is called %(label)s already. Choose another label") % {
            "label": f"“{field.label}”"
        }
    return ""


def _key_problem(
    field: CustomField, standing: CustomField | None, others: Sequence[CustomField]
) -> str:
    if standing is not None:
        if field.key != standing.key:
            return _("The key stays %(key)s: records and programs know the field by it") % {
                "key": standing.key
            }
        return ""
    if field.kind not in custom.KINDS:
        return ""
    taken = {other.key: other for other in others}
    field.key = str(field.key).strip()
    if not field.key:
        field.key = custom.key_from(field.label, taken=_not_free(field, taken))
    if problem := custom.key_problem(field.key):
        return problem
    if custom.is_column(field.kind, field.key):
        return _("%(key)s is a field that there is already. Choose another key") % {
            "key": field.key
        }
    if other := taken.get(field.key):
        sentence = _("%(key)s is the key of %(field)s. Choose another key")
        if not other.is_active:
            sentence = _(
                "%(key)s was the key of %(field)s, and a key is never used twice. Choose another "
                "key, or put that field back into use"
            )
        return sentence % {"key": field.key, "field": f"“{other.label}”"}
    return ""


def _not_free(field: CustomField, taken: Iterable[str]) -> set[str]:
    """Return every key that a proposal for `field` has to go around."""
    columns = {
        name
        for column in custom.model_of(field.kind)._meta.get_fields()
        for name in (column.name, getattr(column, "attname", ""))
    }
    return {*taken, *columns, *custom.RESERVED}


def _found_problem(field: CustomField) -> str:
    """Say that a search would tell what a role hides; also of a field that is gone, by its key."""
    if not field.key or not type_of(field).is_searched:
        return ""
    lines = FieldAccess.objects.filter(kind=field.kind, field=field.name)
    if not lines.filter(level=FieldAccess.Level.HIDDEN).exists():
        return ""
    return _("A role hides a field of this key, and a search finds values of this type")


def _type_problem(field: CustomField, standing: CustomField | None, *, is_fixed: bool) -> str:
    if standing is not None and is_fixed and field.type != standing.type:
        return _(
            "Records have values, so this field stays a %(type)s. “Change the type” in the "
            "administration shows what would become of them"
        ) % {"type": str(standing.get_type_display()).lower()}
    return "" if field.type in CustomField.Type.values else _("Choose a type")


def _target_problem(field: CustomField, standing: CustomField | None, *, is_fixed: bool) -> str:
    if field.type != CustomField.Type.RECORD:
        field.target = ""
        return ""
    if standing is not None and is_fixed and field.target != standing.target:
        return _("Records have values, so it stays what this field links to. Define another field")
    is_known = field.target in dict(CustomField.LAID_OUT)
    return "" if is_known else _("Choose what kind of record it links to")


def _number_problem(field: CustomField, others: Sequence[CustomField], *, is_new: bool) -> str:
    if field.is_active and sum(other.is_active for other in others) >= MOST_FIELDS:
        return _("At most %(most)d fields of one kind are in use. Take another one out of use") % {
            "most": MOST_FIELDS
        }
    if is_new and len(others) >= MOST_EVER:
        return _("At most %(most)d fields of one kind can be defined") % {"most": MOST_EVER}
    return ""


def _choices(
    field: CustomField, standing: CustomField | None, errors: dict[str, list[str]]
) -> list[dict[str, Any]]:
    """Return the choices as they are stored; with `standing` none of its choices may be missing."""
    if not field.has_choices:
        return []
    stated: Any = field.choices
    given: list[Any] = list(stated) if isinstance(stated, list | tuple) else []
    problems: list[str] = []
    choices: list[dict[str, Any]] = []
    keys = {str(line.get("key") or "").strip() for line in given if isinstance(line, dict)}
    labels: set[str] = set()
    for line in given:
        label = str(line.get("label") or "").strip() if isinstance(line, dict) else ""
        if problem := line_problem(label):
            problems.append(problem if label else _("Enter a label for every choice"))
            continue
        key = str(line.get("key") or "").strip()
        if not key:
            key = custom.key_from(label, taken=keys, otherwise="choice")
            keys.add(key)
        if not custom.KEY.fullmatch(key):
            problems.append(
                _("%(key)s cannot be a key: use small letters, digits and underscores")
                % {"key": f"“{key[:60]}”"}
            )
        if label.casefold() in labels:
            problems.append(_("%(label)s is there twice") % {"label": f"“{label}”"})
        labels.add(label.casefold())
        choices.append({"key": key, "label": label, "is_active": bool(line.get("is_active", True))})
    if len({choice["key"] for choice in choices}) < len(choices):
        problems.append(_("Two choices have the same key"))
    if not any(choice["is_active"] for choice in choices) and not problems:
        problems.append(_("Enter at least one choice that can be chosen"))
    if len(choices) > MOST_CHOICES:
        problems.append(_("At most %(most)d choices") % {"most": MOST_CHOICES})
    if standing is not None:
        kept = {choice["key"] for choice in choices}
        problems += [
            _("Records may have %(label)s: take it out of use instead of removing it")
            % {"label": f"“{choice['label']}”"}
            for key, choice in custom.choices_of(standing).items()
            if key not in kept
        ]
    if problems:
        errors["choices"] = list(dict.fromkeys(problems))
    return choices


def _set_limits(field: CustomField, errors: dict[str, list[str]]) -> None:
    kind = type_of(field)
    if not isinstance(field.limits or {}, dict):
        errors["limits"] = [_("Send the limits as an object by name")]
        return
    try:
        field.limits = checked_limits(kind.limited_by, kind.longest, field.limits)
    except ValueError as problem:
        errors["limits"] = [str(problem)]


def _set_translations(field: CustomField, errors: dict[str, list[str]]) -> None:
    """Keep what is said in other languages: of the choices that there are, and nothing empty."""
    problems: list[str] = []
    stated: Any = field.translations or {}
    kept: dict[str, Any] = {}
    for language, words in stated.items() if isinstance(stated, dict) else [("", None)]:
        if not _LANGUAGE.fullmatch(str(language)) or not isinstance(words, dict):
            problems.append(_("Send the translations by the code of a language, like de"))
            continue
        stated_choices = words.get("choices")
        choices = stated_choices if isinstance(stated_choices, dict) else {}
        labels = {key: str(choices.get(key) or "").strip() for key in field.known_choices}
        told = {name: str(words.get(name) or "").strip() for name in ("label", "help")}
        for text in (told["label"], *labels.values()):
            problems += [problem] if text and (problem := line_problem(text)) else []
        if problem := text_problem(told["help"]):
            problems.append(problem)
        if len(told["help"]) > LONGEST_HELP:
            problems.append(_("Use at most %(most)d characters") % {"most": LONGEST_HELP})
        spoken: dict[str, Any] = {name: text for name, text in told.items() if text}
        if labels := {key: label for key, label in labels.items() if label}:
            spoken["choices"] = labels
        if spoken:
            kept[str(language)] = spoken
    field.translations = kept
    if problems:
        errors["translations"] = list(dict.fromkeys(problems))


def _set_default(
    field: CustomField, standing: CustomField | None, errors: dict[str, list[str]], *, by: User
) -> None:
    """Check the default as a value that `by` would choose today; a link may stay as it stands."""
    field.viewer = by
    is_link = standing is not None and field.type == standing.type == CustomField.Type.RECORD
    before = standing.default if standing is not None and is_link else None
    if isinstance(field.default, str):
        field.default = custom.from_text(field, field.default)
    if custom.is_empty(field.default):
        field.default = None
        return
    try:
        field.default = custom.stored(field, field.default, standing=before)
    except ValueError as problem:
        errors["default"] = [str(problem)]


# Layouts


@operation
def save_layout(layout: FormLayout, *, by: User) -> FormLayout:
    """Save how the form of a kind is laid out, for everyone or a role; a draft of it goes.

    Without sections a form stands as built in, and for a role as it does for everyone. Saving what
    stands writes nothing, and no stored value is touched. A field that is out of use keeps its
    place for the day on which it comes back. Raises `Unacceptable` for what is no section or no
    field, a field in two places, a box to tick that would be required, and for hiding what no form
    can do without; and `NotPermitted`.
    """
    layout.draft = None
    return _saved(layout, "sections", by=by)


@operation
def save_draft(layout: FormLayout, *, by: User) -> FormLayout:
    """Keep the sections in `layout.draft` for later: nobody works with them before `save_layout`.

    None takes the draft away. Raises what `save_layout` raises.
    """
    return _saved(layout, "draft", by=by)


@operation
def delete_layout(layout: FormLayout, *, by: User) -> None:
    """Delete the layout of a role, or of a short form. Those of the forms themselves stay."""
    if layout.role_id is None and not layout.is_quick:
        raise Unacceptable(_("Every form has a layout for everyone. Put it back to the default."))
    delete_setting(layout, by=by)
    custom.forget(by)


def _saved(layout: FormLayout, name: str, *, by: User) -> FormLayout:
    """Check the sections of this name and save the layout."""
    require_for_all(by, "change" if layout.pk else "add", FormLayout)
    if layout.kind not in dict(CustomField.LAID_OUT):
        raise Unacceptable(errors={"kind": [_("Choose a kind of record")]})
    if (stated := getattr(layout, name)) is not None:
        problems: list[str] = []
        sections = _sections(layout, stated, problems)
        if problems:
            raise Unacceptable(errors={"sections": list(dict.fromkeys(problems))})
        standing = FormLayout.objects.select_for_update(of=("self",)).filter(pk=layout.pk).first()
        if standing is not None and sections:
            sections = _with_retired(sections, standing.sections, kind=layout.kind)
        setattr(layout, name, sections)
    saved = save_setting(layout, by=by)
    custom.forget(by)
    return saved


def _sections(layout: FormLayout, stated: Any, problems: list[str]) -> list[dict[str, Any]]:
    """Return the sections as they are stored: those that have fields, under different titles."""
    sections: list[dict[str, Any]] = []
    for section in stated if isinstance(stated, list) else []:
        title = str(section.get("title") or "").strip() if isinstance(section, dict) else ""
        if title and (problem := line_problem(title)):
            problems.append(problem)
        fields = section.get("fields") if isinstance(section, dict) else None
        if not isinstance(fields, list):
            problems.append(_("A section is a title with a list of fields"))
        elif fields:
            sections.append({"title": title, "fields": _places(layout.kind, fields, problems)})
    titles = [section["title"].casefold() for section in sections if section["title"]]
    if len(set(titles)) < len(titles):
        problems.append(_("Two sections have the same title"))
    if len(sections) > MOST_SECTIONS:
        problems.append(_("At most %(most)d sections") % {"most": MOST_SECTIONS})
    names = [place["name"] for section in sections for place in section["fields"]]
    if len(set(names)) < len(names):
        problems.append(_("A field stands in two places"))
    return sections


def _with_retired(
    sections: list[dict[str, Any]], standing: Any, *, kind: str
) -> list[dict[str, Any]]:
    """Put the fields that are out of use, and left out, back behind what they stood behind."""
    own = {each.name: each for each in CustomField.objects.filter(kind=kind)}
    named = {place["name"] for section in sections for place in section["fields"]}
    sections = [{**section, "fields": list(section["fields"])} for section in sections]
    for part in laid_out(standing, known=set(own)):
        for number, place in enumerate(part.places):
            if place.name in own and not own[place.name].is_active and place.name not in named:
                _put_back(sections, part, number)
                named.add(place.name)
    return sections


def _put_back(sections: list[dict[str, Any]], part: Part, number: int) -> None:
    """Insert a place of an old section behind the nearest neighbor before it, else before one."""
    names = [place.name for place in part.places]
    before = [(name, 1) for name in reversed(names[:number])]
    after = [(name, 0) for name in names[number + 1 :]]
    line = asdict(part.places[number])
    for neighbor, step in before + after:
        for section in sections:
            stand = [other["name"] for other in section["fields"]]
            if neighbor in stand:
                section["fields"].insert(stand.index(neighbor) + step, line)
                return
    alike = [each for each in sections if each["title"].casefold() == part.title.casefold()]
    (alike or sections)[-1]["fields"].append(line)


def _places(kind: str, stated: list[Any], problems: list[str]) -> list[dict[str, Any]]:
    model = custom.model_of(kind)
    every = [*model._meta.concrete_fields, *model._meta.many_to_many]
    columns = {column.name: column for column in every if column.editable}
    own = {each.name: each for each in CustomField.objects.filter(kind=kind)}
    places = []
    for line in stated:
        name = line.get("name") if isinstance(line, dict) else None
        if not isinstance(name, str) or not (name in own or name in columns):
            problems.append(_("There is no field %(name)s") % {"name": f"“{str(name)[:60]}”"})
            continue
        is_visible = line.get("is_visible", True) is not False
        is_required = is_visible and line.get("is_required") is True
        label = own[name].label if name in own else _label_of(columns[name])
        if not is_visible and name in needed_of(model):
            problems.append(
                _("%(label)s cannot be hidden: nothing can be saved without it") % {"label": label}
            )
        if not is_visible and name in own and own[name].is_required and own[name].is_active:
            problems.append(
                _("%(label)s is required: show it, or let the field no longer be required")
                % {"label": label}
            )
        if is_required and isinstance(columns.get(name), BooleanField):
            problems.append(
                _("%(label)s is a box to tick, so it cannot be required") % {"label": label}
            )
        places.append({"name": name, "is_visible": is_visible, "is_required": is_required})
    return places


def _label_of(column: Any) -> str:
    return str(capfirst(getattr(column, "verbose_name", column.name)))
