"""Records as CSV that a spreadsheet opens safely and the import takes again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from workbench.transfer.cells import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from users.models import User
    from workbench.transfer.rows import Importer


class _Echo:
    """A file that gives back what is written to it, for streaming."""

    def write(self, text: str) -> str:
        return text


def csv_lines(importer: type[Importer], *, by: User) -> Iterator[str]:
    """Give the records that `by` may see as CSV, line by line, in the columns of the import."""
    columns = {
        "id": "pk",
        **{name: name for name in importer.columns},
        "owner.email": "owner__email",
        **importer.exports,
    }
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    records = importer.model.objects.permitted(by, "view").order_by("pk")
    for values in records.values_list(*columns.values()).iterator(chunk_size=2000):
        yield writer.writerow(
            [safe_cell(value, header) for header, value in zip(columns, values, strict=True)]
        )
