"""Records as CSV that a spreadsheet opens safely and the import takes again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from records.custom import KINDS, definitions_for, kind_of, natural
from records.models import CustomField
from workbench.operations.exports import note_export
from workbench.transfer.cells import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User
    from workbench.transfer.rows import Importer


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
    columns = {
        "id": "pk",
        **{name: name for name in importer.columns},
        "owner.email": "owner__email",
        **importer.exports,
    }
    kind = kind_of(importer.model)
    fields = definitions_for(by)[kind] if kind in KINDS else ()
    rows = importer.model.objects.all() if records is None else records
    rows = rows.permitted(by, "view").order_by("pk")
    note_export(importer.model, by=by, rows=rows.count(), filters=filters)
    writer = csv.writer(_Echo())
    yield writer.writerow([*columns, *(each.name for each in fields)])
    for *values, custom in rows.values_list(*columns.values(), "custom").iterator(chunk_size=2000):
        yield writer.writerow(
            [
                *(safe_cell(value, name) for name, value in zip(columns, values, strict=True)),
                *(custom_cell(each, custom.get(each.key)) for each in fields),
            ]
        )


def custom_cell(definition: CustomField, value: Any) -> str:
    """Return the cell of a custom value: as it is stored, several choices with semicolons."""
    if isinstance(value, list):
        return safe_cell("; ".join(map(str, value)))
    if definition.type == CustomField.Type.DECIMAL and natural(definition, value) is not None:
        return str(value)  # a number: its minus runs nothing
    return safe_cell(value)
