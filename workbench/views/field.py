"""One value on the page of a record, changed in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.functional import cached_property
from django_htmx.http import reswap

from workbench.forms import RecordForm
from workbench.views.inplace import InPlace

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse


class FieldPage(InPlace):
    """A value of a record: its form by GET; by POST it, and all that the page shows because of it.

    What the answer holds goes to its place by its id, as `<room>/changed.html` says.
    """

    template_name = "workbench/field.html"

    @property
    def name(self) -> str:
        return str(self.kwargs["field"])

    @cached_property
    def names(self) -> tuple[str, ...]:
        make: Any = type(self.page).form_class
        return make.names_with(self.name) if issubclass(make, RecordForm) else (self.name,)

    @cached_property
    def detail(self) -> Any:
        """The page of the record."""
        url = reverse(f"{self.namespace}:detail", kwargs={"pk": self.kwargs["pk"]})
        page = resolve(url).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request, pk=self.kwargs["pk"])
        return page

    def get_rows(self) -> QuerySet[Any, Any]:
        return self.detail.fetched()  # type: ignore[no-any-return]

    def drawn(self) -> HttpResponse:
        self.detail.record = self.record
        summary = self.detail.summary()
        wanted = {self.name, *self.touched}
        rows = [row for group in summary["groups"] for row in group["rows"] if row.get("name")]
        context = {**summary, "record": self.record, "is_swapped": True}
        context["changed_rows"] = [row for row in rows if wanted & self.told_in(row["name"])]
        answer = render(self.request, f"{self.namespace}/changed.html", context)
        return reswap(answer, "none")

    def told_in(self, name: str) -> set[str]:
        """Return the fields that a row tells, which is called by the first of them."""
        url = reverse(f"{self.namespace}:edit", kwargs={"pk": self.record.pk})
        make: type[RecordForm] = resolve(url).func.view_class.form_class  # type: ignore[attr-defined]
        return set(make.names_with(name))
