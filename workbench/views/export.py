"""A list as a file: exactly the rows and columns that it shows, in its order, on all its pages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from users import formats
from workbench.operations.exports import note_export
from workbench.transfer.shown import as_csv, as_xlsx
from workbench.views.kept import kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest

    from users.models import User

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

PIECE = 1000  # rows that are read at once


class Exported:
    """A list that can be taken along as a file, by `POST ?…` with `format` csv or xlsx.

    The trail says who took how many rows, and by which address.
    """

    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "options"]

    def post(self: Any, request: HttpRequest) -> HttpResponseBase:
        kind = request.POST.get("format", "")
        if kind not in TYPES:
            messages.error(request, _("Choose CSV or XLSX."))
            return HttpResponseRedirect(request.get_full_path())
        if not self.filter.is_valid():
            return HttpResponseRedirect(request.get_full_path())
        rows = self.ordered(self.narrowed())
        query = kept(self.data).urlencode()
        note_export(self.model, by=self.user, rows=rows.order_by().count(), filters=query)
        table = self.table([])
        columns = table.plain_columns()
        heads = [head for head, _value in columns]
        values = ([value(row) for _head, value in columns] for row in in_pieces(rows, table))
        title = self.page_title()
        name = f"{self.model._meta.model_name}-{timezone.localdate():%Y-%m-%d}.{kind}"
        pieces: Any = as_csv(heads, values) if kind == "csv" else as_xlsx(title, heads, values)
        pieces = as_read_by(self.user, pieces)
        answer = StreamingHttpResponse(pieces, content_type=TYPES[kind])
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["Cache-Control"] = "no-store"
        return answer


def as_read_by(user: User, pieces: Iterable[Any]) -> Iterator[Any]:
    """Write the pieces of a file as `user` reads: they are made when the page is over already."""
    with formats.written_for(user):
        yield from pieces


def in_pieces(rows: Any, table: Any) -> Iterator[Any]:
    """Give the rows a piece at a time, and let the table read what it needs for each piece."""
    found = rows.iterator(chunk_size=PIECE)
    while piece := list(islice(found, PIECE)):
        table.prepare(piece)
        yield from piece
