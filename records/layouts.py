"""Where each field of a form and of a record's page stands: as built in, or as laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import CharField
from django.utils.translation import gettext as _

from records.custom import PREFIX, asked_for, definitions_for, is_empty, known_to, model_of
from records.permissions import fixed_fields, hidden_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model

    from records.models import CustomField
    from users.models import User

# Left out, it is whoever makes the record.
SELF_FILLED = frozenset({"owner"})


@dataclass(frozen=True)
class Place:
    """Where a field stands, and whether it is shown and asked for."""

    name: str
    is_visible: bool = True
    is_required: bool = False


@dataclass(frozen=True)
class Part:
    """A section: its title, and the fields in their order."""

    title: Any
    places: tuple[Place, ...]


def parts_for(
    kind: str, user: User | None, standard: Iterable[tuple[Any, Iterable[str]]]
) -> list[Part]:
    """Return the sections of a form or of a page for `kind`, hidden fields among them.

    `standard` are titles and names as built in. Where a layout is stored it decides on order,
    sections, visibility and need; a field that it does not know yet, built in or custom, stands
    where it would without one. Retired fields are left out. No statement of its own: layouts come
    with the definitions that `user` has loaded.
    """
    parts = [Part(title, tuple(Place(name) for name in names)) for title, names in standard]
    fields = definitions_for(user).get(kind, ())
    layout = known_to(user).layouts.get(kind)
    if layout is not None:
        placed = laid_out(layout, known={each.name for each in fields})
        parts = _with_the_rest(placed, parts)
    return _as_seen(_with_custom(parts, fields), kind, user)


def _as_seen(parts: Iterable[Part], kind: str, user: User | None) -> list[Part]:
    """Hide what the roles of `user` hide, and ask for nothing that they may not fill in."""
    hidden, fixed = hidden_fields(user, kind), fixed_fields(user, kind)
    if not fixed:
        return list(parts)

    def seen(place: Place) -> Place:
        return replace(
            place,
            is_visible=place.is_visible and place.name not in hidden,
            is_required=place.is_required and place.name not in fixed,
        )

    return [replace(part, places=tuple(map(seen, part.places))) for part in parts]


def quick_parts_for(kind: str, user: User | None, standard: Iterable[str]) -> list[Part]:
    """Return the sections of the short form in which a new record begins: only what is named.

    Without a layout of its own it has the fields that are `standard`.
    """
    stored = known_to(user).quick.get(kind)
    if stored is None:
        parts = [Part("", tuple(Place(name) for name in standard))]
    else:
        parts = laid_out(stored, known={each.name for each in definitions_for(user).get(kind, ())})
    return _as_seen(parts, kind, user)


def laid_out(sections: Any, *, known: set[str]) -> list[Part]:
    """Read a stored layout, and leave out custom fields that are not `known`.

    What is stored is trusted as little as any data: whatever is no section or no field is skipped.
    """
    parts: list[Part] = []
    seen: set[str] = set()
    for section in sections if isinstance(sections, list) else []:
        if not isinstance(section, dict) or not isinstance(section.get("fields"), list):
            continue
        places = []
        for line in section["fields"]:
            name = line.get("name") if isinstance(line, dict) else None
            if not isinstance(name, str) or name in seen:
                continue
            if name.startswith(PREFIX) and name not in known:
                continue
            seen.add(name)
            is_visible = line.get("is_visible", True) is not False
            places.append(Place(name, is_visible, is_visible and line.get("is_required") is True))
        parts.append(Part(str(section.get("title") or ""), tuple(places)))
    return parts


def hidden_in(kind: str, user: User | None) -> frozenset[str]:
    """Return the fields that the layout of `kind` hides, and those that the roles of `user` hide.

    No statement of its own.
    """
    fields = {each.name for each in definitions_for(user).get(kind, ())}
    layout = laid_out(known_to(user).layouts.get(kind), known=fields)
    laid = (place.name for part in layout for place in part.places if not place.is_visible)
    return hidden_fields(user, kind).union(laid)


def _with_the_rest(parts: list[Part], standard: list[Part]) -> list[Part]:
    """Add the built-in fields that a layout does not know, in the section of that title."""
    known = {place.name for part in parts for place in part.places}
    for part in standard:
        for place in part.places:
            if place.name not in known:
                parts = _added(parts, part.title, place)
    return parts


def _with_custom(parts: list[Part], fields: Iterable[CustomField]) -> list[Part]:
    """Add the custom fields that have no place yet, each in its own section."""
    known = {place.name for part in parts for place in part.places}
    for each in fields:
        if each.name not in known:
            parts = _added(parts, each.section or _("More"), Place(each.name))
    return parts


def _added(parts: list[Part], title: Any, place: Place) -> list[Part]:
    """Put a field at the end of the section of this title, which is made when there is none."""
    for number, part in enumerate(parts):
        if str(part.title).casefold() == str(title).casefold():
            more = replace(part, places=(*part.places, place))
            return [*parts[:number], more, *parts[number + 1 :]]
    return [*parts, Part(title, (place,))]


def needed_of(model: type[Model]) -> set[str]:
    """Return the fields that no form can do without: texts that only a person can give."""
    return {
        column.name
        for column in model._meta.concrete_fields
        if isinstance(column, CharField)
        and column.editable
        and not column.blank
        and not column.has_default()
    }


def required_of(kind: str, values: Mapping[str, Any], *, by: User | None) -> dict[str, list[str]]:
    """Return what a person who makes a record has left out: name → sentences.

    `values` are those that the operation takes, custom ones by key in `custom`. Forms ask by
    themselves; doors for programs and files ask this. What the layout hides is asked of nobody.
    Operations do not ask, so that what rules, machines and qualifying make is never stopped by a
    field that nobody could fill in. What a role keeps from whoever makes the record is not asked
    for either.
    """
    fields = {each.name: each for each in definitions_for(by).get(kind, ())}
    layout = _as_seen(laid_out(known_to(by).layouts.get(kind), known=set(fields)), kind, by)
    places = {place.name: place for part in layout for place in part.places}
    fixed = fixed_fields(by, kind)
    missing: dict[str, list[str]] = {}
    own = values.get("custom") or {}
    for name, each in fields.items():
        place = places.get(name, Place(name))
        is_asked = place.is_visible and (each.is_required or place.is_required)
        is_asked = is_asked and name not in fixed
        if is_asked and each.default is None and is_empty(own.get(each.key)):
            missing[name] = [asked_for(each)]
    for name, place in places.items():
        is_asked = place.is_required and not name.startswith(PREFIX)
        if is_asked and name not in SELF_FILLED and is_empty(values.get(name)):
            missing |= asked_for_column(kind, name, is_sent=name in values)
    return missing


def asked_for_column(kind: str, name: str, *, is_sent: bool) -> dict[str, list[str]]:
    """Say that a built-in field is to be filled in, unless it fills itself when it is left out."""
    columns = {column.name: column for column in model_of(kind)._meta.get_fields()}
    column: Any = columns.get(name)
    if column is None or (not is_sent and column.concrete and column.has_default()):
        return {}
    is_chosen = column.is_relation or getattr(column, "choices", None)
    words = _("Choose the %(label)s") if is_chosen else _("Enter the %(label)s")
    return {name: [words % {"label": column.verbose_name}]}


def groups_for(
    kind: str,
    user: User | None,
    standard: Iterable[tuple[Any, Mapping[str, Any]]],
    custom_rows: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return the fields of a record's page in their sections: `{title, rows}`.

    `standard` are the sections as built in, each with its rows by the name of the field. What the
    page shows elsewhere has no row here, and a section without rows is left out.
    """
    sections = [(title, dict(rows)) for title, rows in standard]
    rows = {name: row for _title, each in sections for name, row in each.items()}
    rows |= custom_rows
    parts = parts_for(kind, user, sections)
    groups = [
        {
            "title": part.title,
            "rows": [
                rows[place.name] for place in part.places if place.is_visible and place.name in rows
            ],
        }
        for part in parts
    ]
    return [group for group in groups if group["rows"]]
