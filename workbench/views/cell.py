"""One cell of a list, changed in its place, by the form and the operation of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.urls import resolve, reverse
from django.utils.functional import cached_property

from workbench.views.inplace import InPlace

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponseBase

    from workbench.tables import RecordTable


class CellPage(InPlace):
    """A cell of a list: its field to fill in by GET, the cell as it is then by POST."""

    template_name = "workbench/cell.html"

    def get_rows(self) -> QuerySet[Any, Any]:
        return super().get_rows().for_list()  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def table(self) -> RecordTable:
        page = resolve(reverse(f"{self.namespace}:list")).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request)
        found = page.columns.get(self.kwargs["column"])
        if found is None or not page.may_edit(found):
            raise Http404
        own = page.table_class.base_columns
        column = self.kwargs["column"]
        extra = [] if column in own else [(column, found)]
        hidden = [name for name in own if name != column]
        table: RecordTable = page.table_class(
            [], user=self.user, exclude=hidden, extra_columns=extra
        )
        return table

    @property
    def bound(self) -> Any:
        return next(iter(self.table.columns))

    @property
    def name(self) -> str:
        return str(self.bound.column.edits)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.table  # noqa: B018  there has to be such a column
        return super().dispatch(request, *args, **kwargs)

    def shown(self, form: Any, **options: Any) -> HttpResponse:
        form.fields[self.name].widget.attrs["class"] = "c-input"
        return super().shown(form, **options)

    def drawn(self) -> HttpResponse:
        return HttpResponse(str(self.table.drawer_of(self.bound)(self.record)))

    def out_of_sight(self, saved: Any, message: str) -> HttpResponse:
        """Show the cell once more: the row leaves the list when that is shown anew."""
        self.record = saved
        return self.drawn()
