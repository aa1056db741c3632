"""Records as CSV that a spreadsheet opens safely and the import takes again."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, Any

from records.custom import KINDS, as_text, definitions_for, is_empty, kind_of, natural
from records.models import CustomField, TimelineRecord
from records.permissions import hidden_fields
from workbench.operations.exports import note_export
from workbench.transfer.cells import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User
    from workbench.transfer.rows import Importer


CHUNK = 2000  # rows that are read, and whose tags are looked up, at a time


class _Echo:
    """A file that gives back what is written to it, for streaming."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    importer: type[Importer], *, by: User, records: Any = None, filters: str = ""
) -> Iterator[str]:
    """Give the records that `by` may see as CSV, line by line, in the columns of the import.

    The custom fields in use come last, under the names by which mappings know them. Of `records`,
    if they are given, those alone; `filters` says what they were narrowed by. Before the first line
    is given the trail says who takes how many: who breaks off has been told of all the same.
    """
    kind = kind_of(importer.model)
    hidden = hidden_fields(by, kind)
    columns = {
        "id": "pk",
        **{name: name for name in importer.columns if name not in hidden},
        "owner.email": "owner__email",
        **importer.exports,
    }
    has_tags = issubclass(importer.model, TimelineRecord)
    heads = [*columns, *(["tags"] if has_tags else [])]
    fields = definitions_for(by)[kind] if kind in KINDS else ()
    rows = importer.model.objects.all() if records is None else records
    rows = rows.permitted(by, "view").order_by("pk")
    note_export(importer.model, by=by, rows=rows.count(), filters=filters)
    writer = csv.writer(_Echo())
    yield writer.writerow([*heads, *(each.name for each in fields)])
    found = rows.values_list(*columns.values(), "custom").iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        tags = _tags_on(importer.model, [values[0] for values in chunk]) if has_tags else {}
        for *values, custom in chunk:
            told = [*values, "; ".join(tags.get(values[0], ()))] if has_tags else values
            yield writer.writerow(
                [
                    *(safe_cell(value, name) for name, value in zip(heads, told, strict=True)),
                    *(custom_cell(each, custom.get(each.key)) for each in fields),
                ]
            )


def _tags_on(model: type[TimelineRecord], pks: list[int]) -> dict[int, list[str]]:
    """Return the names of the tags on records by their numbers. One statement."""
    column: Any = model._meta.get_field("tags")
    own = column.m2m_field_name()
    links = column.remote_field.through._base_manager.filter(**{f"{own}__in": pks})
    tags: dict[int, list[str]] = {}
    for pk, name in links.order_by("tag__name_key").values_list(f"{own}_id", "tag__name"):
        tags.setdefault(pk, []).append(name)
    return tags


def custom_cell(definition: CustomField, value: Any) -> str:
    """Return the cell of a custom value: as it is stored, several choices with semicolons."""
    is_person = definition.type == CustomField.Type.USER
    if is_empty(value) or (isinstance(value, bool | int) and not is_person):
        return safe_cell(value)
    if definition.type == CustomField.Type.DECIMAL and natural(definition, value) is not None:
        return str(value)  # a number: its minus runs nothing
    is_phone = definition.type == CustomField.Type.PHONE
    return safe_cell(as_text(definition, value), "phone" if is_phone else "")
