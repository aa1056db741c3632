"""Conditions in forms: a field, and the editor of rows and groups that it wears.

The editor works without scripts: its buttons send the form, which comes back with a row more or
less, neither checked nor saved. Rows are named by their place: `condition-1-0-field` is the field
of the first row in the second part, which is a group. What the editor hands on, and takes, is the
JSON that `records.conditions` reads, with values as they were typed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.utils import ErrorDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.conditions import (
    DEEPEST,
    LABELS,
    LONGEST_TEXT,
    MOST_TESTS,
    PERIODS,
    WITH_DAYS,
    WITH_MANY,
    WITHOUT_VALUE,
    ConditionIsWrong,
    Field,
    Test,
    as_data,
    contradictions,
    parse,
    problems_of,
    stored,
    words,
)
from records.custom import PREFIX
from records.vocabulary import fields_of
from users import formats
from workbench.custom import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from users.models import User

Steps = tuple[int, ...]
KINDS = ("all", "any")
BLANK = {"field": "", "is": ""}


# What was sent


def kind_of(group: Mapping[str, Any]) -> str:
    return "any" if "any" in group else "all"


def parts_of(group: Mapping[str, Any]) -> list[Any]:
    parts = group.get(kind_of(group))
    return parts if isinstance(parts, list) else []


def is_group(part: Any) -> bool:
    return isinstance(part, dict) and "field" not in part


def part_at(condition: dict[str, Any], steps: Sequence[int]) -> Any:
    """Return the group or test at a place, or None where there is none.

    >>> part_at({"any": [{"all": ["here"]}]}, [0, 0]), part_at({"any": []}, [0])
    ('here', None)
    """
    part: Any = condition
    for step in steps:
        parts = parts_of(part) if is_group(part) else []
        if step >= len(parts):
            return None
        part = parts[step]
    return part


def place_of(part: Any, group: dict[str, Any]) -> Steps | None:
    """Return where this very part stands in a group, or None when it is not there."""
    for number, each in enumerate(parts_of(group)):
        if each is part:
            return (number,)
        inner = place_of(part, each) if is_group(each) else None
        if inner is not None:
            return (number, *inner)
    return () if group is part else None


def is_blank(condition: Any) -> bool:
    """Say whether nothing is asked: no part at all, or only rows whose field nobody chose."""
    if not isinstance(condition, dict):
        return not condition
    parts = parts_of(condition)
    return all(isinstance(part, dict) and part.get("field") == "" for part in parts)


def edited(condition: dict[str, Any], edits: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Return a condition after buttons were pressed, and where the next thing is typed.

    All places are those of the rows that the person saw, who may be quicker than the answer.

    >>> edited({"all": []}, ["add "])
    ({'all': [{'field': '', 'is': ''}]}, '0-field')
    >>> rows = [{"field": "a", "is": "known"}, {"field": "b", "is": "known"}]
    >>> edited({"all": rows}, ["remove 0", "remove 1"])
    ({'all': []}, 'add')
    """
    focus = ""
    meant = []
    for edit in edits[:MOST_TESTS]:
        verb, _blank, place = edit.partition(" ")
        is_place = re.fullmatch(r"(\d{1,3}(\.\d{1,3})*)?", place)
        steps = [int(step) for step in place.split(".") if step] if is_place else [MOST_TESTS]
        meant.append((verb, part_at(condition, steps), part_at(condition, steps[:-1])))
    for verb, part, around in meant:
        if verb in {"add", "group"} and is_group(part):
            row = dict(BLANK)
            other = "any" if kind_of(part) == "all" else "all"
            parts_of(part).append(row if verb == "add" else {other: [row]})
            focus = _focus_on(row, condition, "field")
        elif verb == "remove" and part is not None and part is not condition:
            around[kind_of(around)] = [each for each in parts_of(around) if each is not part]
            focus = _focus_on(around, condition, "add")
        elif verb == "apply" and isinstance(part, dict):
            focus = _focus_on(part, condition, "value")
    return condition, focus


def _focus_on(part: Any, condition: dict[str, Any], control: str) -> str:
    return "-".join([*map(str, place_of(part, condition) or ()), control])


def texts_under(data: Any, key: str) -> list[str]:
    """Return all that was sent under a name, also where a plain dict holds it."""
    found = data.getlist(key) if hasattr(data, "getlist") else data.get(key, [])
    return [str(text) for text in (found if isinstance(found, list | tuple) else [found])]


class Sent:
    """A condition as a browser sent it under a name."""

    def __init__(self, data: Any, name: str, fields: Mapping[str, Field]) -> None:
        self.data = data
        self.name = name
        self.fields = fields
        # Deeper than it may be, so that it is refused and not lost.
        pattern = re.compile(
            rf"{re.escape(name)}((?:-\d{{1,3}}){{0,{DEEPEST + 1}}})-(?:field|kind)"
        )
        found = (pattern.fullmatch(str(key)) for key in data)
        places = {tuple(int(n) for n in each[1].split("-")[1:]) for each in found if each}
        self.children: dict[Steps, list[Steps]] = {}
        for place in sorted(places):
            if place:
                self.children.setdefault(place[:-1], []).append(place)

    def condition(self, place: Steps = ()) -> dict[str, Any]:
        if "field" in self._sent_at(place):
            return self._test(place)
        kind = "any" if self._text(place, "kind") == "any" else "all"
        return {kind: [self.condition(each) for each in self.children.get(place, ())]}

    def _sent_at(self, place: Steps) -> set[str]:
        return {part for part in ("field", "kind") if self._key(place, part) in self.data}

    def _key(self, place: Steps, part: str) -> str:
        return "-".join([self.name, *map(str, place), part])

    def _texts(self, place: Steps, part: str) -> list[str]:
        # Browsers send the ends of lines as two characters.
        return [
            text.replace("\r\n", "\n") for text in texts_under(self.data, self._key(place, part))
        ]

    def _text(self, place: Steps, part: str) -> str:
        return (self._texts(place, part) or [""])[-1]

    def _test(self, place: Steps) -> dict[str, Any]:
        field, comparison = self._text(place, "field"), self._text(place, "is")
        about = self.fields.get(field)
        is_edited = f"{self.name}-edit" in self.data
        if is_edited and about is not None and comparison not in about.comparisons:
            comparison = about.comparisons[0]
        test = {"field": field, "is": comparison}
        if comparison in WITHOUT_VALUE:
            return test
        typed = [text for text in self._texts(place, "value") if text.strip()]
        for lines in self._texts(place, "lines"):
            typed += [line for line in lines.split("\n") if line.strip()]
        was = self._text(place, "was")
        if is_edited and about is not None and was and was != written_as(about, comparison):
            typed = []  # what stands in a date field is no number of days
        if about is not None and control_for(about, comparison) == "number":
            typed = [plain_number(text) for text in typed]
        return {**test, "value": typed if comparison in WITH_MANY else (typed or [""])[0]}


# How values are typed


def control_for(about: Field, comparison: str) -> str:
    """Return what a value is typed into: text, lines, number, date, days, choice, several, none."""
    if comparison in WITHOUT_VALUE:
        return "none"
    if comparison in WITH_DAYS:
        return "days"
    is_many = comparison in WITH_MANY
    match about.type:
        case "choice" | "choices" | "person":
            return "several" if is_many else "choice"
        case "date" | "moment" if comparison == "during":
            return "choice"
        case "text":
            return "lines" if is_many else "text"
        case "moment":
            return "date"
        case "money" | "link":
            return "number"
    return about.type


def written_as(about: Field, comparison: str) -> str:
    """Return a word that stays the same as long as a typed value keeps its sense."""
    control = control_for(about, comparison)
    if comparison == "during":
        return "period"
    if control in {"choice", "several"}:
        return f"choice of {about.name}"
    return {"lines": "text", "none": ""}.get(control, control)


def plain_number(text: str) -> str:
    """Return a number as conditions keep it, or the text as it is where it is none.

    >>> plain_number("1,250.5"), plain_number("many")
    ('1250.5', 'many')
    """
    number = number_of(text)
    return text if number is None else f"{number:f}"


def number_in_words(text: str) -> str:
    """Return a number as the reader types it, or the text as it is where it is none."""
    is_plain = re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", text)
    return formats.number(Decimal(text)) if is_plain else text


def typed(value: Any) -> list[str]:
    """Return a value, of whatever kind it may be, as the texts that somebody would type."""
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [str(each) for each in values if each != ""]


class ConditionEditor(forms.Widget):
    """Rows and groups, with buttons to add and remove them, and the whole in words."""

    use_fieldset = True
    model: type[Model]
    user: User | None = None
    # Whether people can be "me" and "my team".
    is_for_viewer = False
    # What a check found, by place; None as long as nobody wanted to save.
    problems: Sequence[tuple[str, str]] | None = None
    focus = ""

    @cached_property
    def fields(self) -> dict[str, Field]:
        return fields_of(self.model, self.user, is_for_viewer=self.is_for_viewer, is_editing=True)

    @cached_property
    def menu(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The fields, each under what it belongs to."""
        own = capfirst(str(self.model._meta.verbose_name))
        groups: dict[str, list[tuple[str, str]]] = {own: []}
        for name, about in self.fields.items():
            title = _("Custom fields") if name.startswith(PREFIX) else own
            relation, point, _rest = name.partition(".")
            if point and about.rows is None and not name.startswith(PREFIX):
                title = capfirst(str(self.model._meta.get_field(relation).verbose_name))  # type: ignore[union-attr]
            groups.setdefault(title, []).append((name, capfirst(about.label)))
        return list(groups.items())

    # Reading

    def is_edited(self, data: Mapping[str, Any], name: str) -> bool:
        return f"{name}-edit" in data

    def value_omitted_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-kind" not in data

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if self.value_omitted_from_datadict(data, files, name):
            return None
        condition = Sent(data, name, self.fields).condition()
        if self.is_edited(data, name):
            condition, self.focus = edited(condition, texts_under(data, f"{name}-edit"))
        return condition

    def id_for_label(self, id_: str) -> str:
        return ""  # its controls have names of their own

    # Showing

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        identity = (attrs or {}).get("id") or f"id_{name}"
        return render_to_string(
            "components/condition.html",
            {
                "name": name,
                "id": identity,
                "root": Drawing(self, name, identity, self.shown(value)).group(),
                "sentence": self.in_words(value),
                "warnings": self.warnings_about(value),
                "is_told": self.problems is not None,
            },
        )

    def shown(self, value: Any) -> dict[str, Any]:
        """Return what the editor begins with: a row to fill in where something has to be asked."""
        if isinstance(value, dict) and value:
            return value
        return {"all": [dict(BLANK)] if self.is_required and value is None else []}

    def in_words(self, value: Any) -> str:
        """Say what is complete in words; rows that are not typed yet are left out."""
        if not isinstance(value, dict):
            return ""
        complete = self._complete(value)
        if not parts_of(complete):
            return ""
        told = stored(complete, self.fields)
        return words(told, self.fields, translate=_, write=formats.value)

    def warnings_about(self, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return []
        condition = stored(self._complete(value), self.fields)
        return contradictions(
            condition, self.fields, now=timezone.localtime(), translate=_, write=formats.value
        )

    def _complete(self, group: dict[str, Any]) -> dict[str, Any]:
        parts = []
        for part in parts_of(group):
            if is_group(part):
                inner = self._complete(part)
                parts += [inner] if parts_of(inner) else []
            elif isinstance(part, dict) and part.get("field"):
                [read] = stored({"all": [part]}, self.fields).parts
                # A field that is gone is told; a value that is missing is not.
                is_gone = str(part["field"]) not in self.fields
                parts += [part] if is_gone or (isinstance(read, Test) and read.type) else []
        return {kind_of(group): parts}


class Drawing:
    """What the templates draw of a condition: groups and rows, each with its names and words."""

    def __init__(
        self, editor: ConditionEditor, name: str, identity: str, condition: dict[str, Any]
    ) -> None:
        self.editor = editor
        self.name = name
        self.identity = identity
        self.condition = condition
        self.count = self._count(condition)
        self.problems: dict[str, list[str]] = {}
        for place, sentence in editor.problems or ():
            self.problems.setdefault(place, []).append(sentence)

    def _count(self, group: Mapping[str, Any]) -> int:
        return sum(1 + (self._count(part) if is_group(part) else 0) for part in parts_of(group))

    def _named(self, place: Steps) -> dict[str, Any]:
        dashed = "".join(f"-{step}" for step in place)
        dotted = ".".join(map(str, place))
        return {
            "name": f"{self.name}{dashed}",
            "id": f"{self.identity}{dashed}",
            "place": dotted,
            "number": ".".join(str(step + 1) for step in place),
            "problems": self.problems.get(dotted, []),
            "focus": self._focus_at(dashed),
        }

    def _focus_at(self, dashed: str) -> str:
        """Return which control of this part has the focus, if one has."""
        before, _dash, control = f"-{self.editor.focus}".rpartition("-")
        return control if self.editor.focus and before == dashed else ""

    def group(self, place: Steps = (), data: dict[str, Any] | None = None) -> dict[str, Any]:
        data = self.condition if data is None else data
        has_room = self.count < MOST_TESTS
        return {
            **self._named(place),
            "is_group": True,
            "kind": kind_of(data),
            "can_add": has_room,
            "can_group": has_room and len(place) + 1 < DEEPEST,
            "parts": [
                self.group((*place, number), part)
                if is_group(part)
                else self.row((*place, number), part if isinstance(part, dict) else BLANK)
                for number, part in enumerate(parts_of(data))
            ],
        }

    def row(self, place: Steps, data: Mapping[str, Any]) -> dict[str, Any]:
        field, comparison = str(data.get("field") or ""), str(data.get("is") or "")
        about = self.editor.fields.get(field)
        row = {
            **self._named(place),
            "field": field,
            "menu": self.editor.menu,
            "is_gone": bool(field) and about is None,
        }
        if self.editor.problems is None:
            row["notes"] = self._notes(data, about)
        if about is None:
            values = typed(data.get("value"))
            return {**row, "is": comparison, "values": values, "focus": row["focus"] and "field"}
        if comparison not in about.comparisons:
            comparison = about.comparisons[0]
        value = self._value(about, comparison, typed(data.get("value")))
        if row["focus"] == "value" and value["control"] == "none":
            row["focus"] = "is"
        return {
            **row,
            **value,
            "is": comparison,
            "was": written_as(about, comparison),
            "comparisons": [(each, _(LABELS[each])) for each in about.comparisons],
        }

    def _notes(self, data: Mapping[str, Any], about: Field | None) -> list[str]:
        """Say what has become of a row since it was accepted: what is not typed yet is no news."""
        chosen = {"choice", "choices", "person"}
        is_chosen = about is not None and about.type in chosen and data.get("value")
        if not data.get("field") or not (about is None or is_chosen):
            return []
        found = problems_of({"all": [data]}, self.editor.fields, translate=_)
        return [sentence for _place, sentence in found]

    def _value(self, about: Field, comparison: str, values: list[str]) -> dict[str, Any]:
        control = control_for(about, comparison)
        drawn: dict[str, Any] = {"control": control, "longest": LONGEST_TEXT}
        if comparison == "during":
            periods = [(key, _(label), key in values) for key, label in PERIODS.items()]
            return {**drawn, "options": periods}
        if control == "choice":
            return {**drawn, "options": options_of(about, values[:1])}
        if control == "number":
            return {**drawn, "value": number_in_words(values[0]) if values else ""}
        if control == "several":
            # What is chosen stands first, in its order: a list may be long.
            options = options_of(about, values)
            options.sort(key=lambda each: values.index(each[0]) if each[2] else len(values))
            return {**drawn, "options": options}
        # A line break in a text is part of it; else every line is a text of its own.
        is_split = any("\n" in value for value in values)
        if control == "lines" and not is_split:
            return {**drawn, "value": "\n".join(values)}
        if control == "lines" or (control == "text" and is_split):
            return {**drawn, "control": "texts", "values": values}
        return {**drawn, "value": values[0] if values else ""}


def options_of(about: Field, chosen: list[str]) -> list[tuple[str, str, bool]]:
    """Return key, label and whether it is chosen, of all that can be chosen or still is."""
    labels = {key: str(label) for key, label in about.choices}
    if strange := [key for key in chosen if key not in labels]:
        retired = {key: str(label) for key, label in about.retired}
        for key in strange:
            is_retired = key in retired
            told = _("%(choice)s (out of use)") if is_retired else _("%(choice)s (gone)")
            labels[key] = told % {"choice": retired.get(key, key[:60])}
    return [(key, label, key in chosen) for key, label in labels.items()]


# The field


class ConditionField(forms.Field):
    """A condition on records of a kind, as `records.conditions` keeps it: plain JSON, or {}.

    What the form's user can ask about is what `records.vocabulary` lists, custom fields included;
    `is_for_viewer` where he asks for himself alone.
    """

    widget: Any = ConditionEditor
    default_error_messages = {"required": gettext_lazy("Add at least one condition.")}

    def __init__(
        self,
        model: type[Model],
        *,
        user: User | None = None,
        is_for_viewer: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.widget.model = model
        self.widget.user = user
        self.widget.is_for_viewer = is_for_viewer

    def clean(self, value: Any) -> dict[str, Any]:
        self.widget.problems = None
        try:
            return self._read(value)
        except ConditionIsWrong as wrong:
            self.widget.problems = wrong.problems
            raise ValidationError(wrong.errors["condition"]) from wrong

    def _read(self, value: Any) -> dict[str, Any]:
        if is_blank(value) and not self.required:
            return {}
        if not isinstance(value, dict) or not parts_of(value):
            raise ConditionIsWrong([("", str(self.error_messages["required"]))])
        return as_data(parse(value, self.widget.fields, translate=_))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self._read(data) != (initial or {})
        except ConditionIsWrong:
            return True

    def links(self, name: str, identity: str) -> list[dict[str, str]]:
        """Return each problem with the id of the part that it is about, for the summary."""
        return [
            {
                "text": sentence,
                "target": "-".join([identity, *place.split(".")]) if place else f"{identity}-rows",
                "name": name,
            }
            for place, sentence in self.widget.problems or ()
        ]


class AsksConditions(forms.BaseForm):
    """A form whose conditions are edited row by row: it comes back, neither checked nor saved."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ConditionField) and field.widget.user is None:
                field.widget.user = self.user

    def is_editing_only(self) -> bool:
        """Say whether somebody pressed a button of a condition, and not the one of the form."""
        return self.is_bound and any(
            field.widget.is_edited(self.data, self.add_prefix(name))
            for name, field in self.fields.items()
            if isinstance(field, ConditionField)
        )

    def full_clean(self) -> None:
        if not self.is_editing_only():
            super().full_clean()
            return
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_editing_only()


def is_editing_only(form: Any) -> bool:
    """Say whether a form was sent to edit a condition of it, and is to be shown again."""
    return isinstance(form, AsksConditions) and form.is_editing_only()
