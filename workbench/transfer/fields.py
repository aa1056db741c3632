"""Custom fields that a file needs and that nobody has defined yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from records.custom import KINDS, PREFIX, definitions_for
from records.errors import Unacceptable
from records.models import CustomField
from records.operations import operation
from records.operations.shaping import save_field
from workbench.transfer.cells import plain_cell
from workbench.transfer.mapping import MappingIsWrong

if TYPE_CHECKING:
    from users.models import User
    from workbench.transfer.mapping import ColumnMapping
    from workbench.transfer.tables import Table

TERMS = frozenset({"label", "type", "help_text", "section", "choices"})


@operation
def create_fields(table: Table, kind: str, mapping: ColumnMapping, *, by: User) -> None:
    """Define the fields in which `mapping` wants columns to go, where they are not there.

    A choice without `choices` offers the words that its column has. Raises `MappingIsWrong` for a
    field that cannot be defined, and `NotPermitted` unless `by` may define fields.
    """
    if mapping.fields and kind not in KINDS:
        raise MappingIsWrong(f"A {kind} has no custom fields.")
    known = {each.key for each in definitions_for(by).get(kind, ())}
    for place, (key, stated) in enumerate(mapping.fields.items(), start=len(known) + 1):
        if key in known:
            continue
        if unknown := stated.keys() - TERMS:
            raise MappingIsWrong(
                f"The field {key} has unknown parts: {', '.join(sorted(unknown))}. "
                f"There are: {', '.join(sorted(TERMS))}."
            )
        terms: dict[str, Any] = {"label": key.replace("_", " ").capitalize(), "type": "text"}
        field = CustomField(kind=kind, key=key, position=place, **{**terms, **stated})
        if field.has_choices:
            labels = stated.get("choices") or _words(table, f"{PREFIX}{key}", mapping)
            field.choices = [{"label": label} for label in labels]
        try:
            save_field(field, by=by)
        except Unacceptable as refusal:
            reasons = " ".join(reason for told in refusal.errors.values() for reason in told)
            raise MappingIsWrong(f"The field {key} cannot be defined: {reasons}") from refusal


def _words(table: Table, name: str, mapping: ColumnMapping) -> list[str]:
    """Return the different words of the columns that fill a field, as the mapping translates."""
    headers = [header for header, target in mapping.columns.items() if target == name]
    words: dict[str, str] = {}
    for row in table.rows():
        for header in headers:
            text = plain_cell(row.cells.get(header, ""))
            text = mapping.values.get(name, {}).get(text, text)
            if text:
                words.setdefault(text.casefold(), text)
    return sorted(words.values())
