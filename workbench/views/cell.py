"""One cell of a list, changed in its place, by the form and the operation of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import resolve, reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from django_htmx.http import trigger_client_event

from records.custom import PREFIX
from records.errors import Busy, Refused, Stale, Unacceptable
from records.operations.tags import in_order
from records.permissions import reaches
from workbench.custom import packed
from workbench.forms import RecordForm
from workbench.forms.tags import names_in
from workbench.views.record import Page, as_sent
from workbench.views.saved_views import kind_named

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from records.models import Record
    from workbench.tables import RecordTable


TAGS = "tags"


class CellPage(Page, TemplateView):
    """A cell of a list: its field to fill in by GET, the cell as it is then by POST.

    What the form and the operation of the record's edit page say holds here as well; the version
    that was read goes along. Whoever comes without scripts is sent to that page.
    """

    template_name = "workbench/cell.html"

    @cached_property
    def model(self) -> type[Record]:
        return kind_named(self.kwargs["kind"])

    @cached_property
    def record(self) -> Any:
        rows = self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        return get_object_or_404(rows.for_list(), pk=self.kwargs["pk"])

    @property
    def edit_url(self) -> str:
        return reverse(f"{self.namespace}:edit", kwargs={"pk": self.record.pk})

    @cached_property
    def edit_page(self) -> Any:
        """The page on which the whole record is edited."""
        page = resolve(self.edit_url).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request, pk=self.record.pk)
        page.record = self.record
        return page

    @cached_property
    def table(self) -> RecordTable:
        page = resolve(reverse(f"{self.namespace}:list")).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request)
        found = page.columns.get(self.kwargs["column"])
        if found is None or not found.edits:
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
    def field_name(self) -> str:
        return str(self.bound.column.edits)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.table  # noqa: B018  there has to be such a column
        if not reaches(self.user, "change", self.record):
            raise PermissionDenied(_("You can read this but not change it."))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.htmx:  # type: ignore[attr-defined]
            return HttpResponseRedirect(f"{self.edit_url}#id_{self.field_name}")
        if request.GET.get("cancel") or self.edit_page.closed_because():
            return self.drawn()
        return self.shown(self.form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if before := request.GET.get("undo", ""):
            return self.undone(before)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.shown(form, status=422)
        old = self.record.version
        undo = {"undo": str(old)}
        if self.field_name == TAGS:
            # No version knows the tags that it had: the way back says them itself.
            undo["was"] = ", ".join(in_order(self.record.tags.all()))
        try:
            self.record = self.change(form, int(form.cleaned_data["version"]))
        except Stale as refusal:
            fresh = self.form(QueryDict(mutable=True), typed=request.POST)
            return self.shown(
                fresh, status=409, told=[str(refusal), _("Save again to keep yours.")]
            )
        except Busy:
            raise
        except Refused as refusal:
            return self.shown(form, status=422, told=sentences_of(refusal))
        answer = self.drawn()
        if self.record.version != old:
            text = _("%(record)s was saved") % {"record": self.record}
            way_back = f"{request.path}?{urlencode(undo)}"
            trigger_client_event(answer, "toast", {"text": text, "undo": way_back})
        return answer

    def change(self, form: RecordForm, version: int) -> Any:
        saved = type(self.edit_page).operation(
            self.record, by=self.user, version=version, **packed(form.changes)
        )
        rows = self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        return rows.for_list().filter(pk=saved.pk).first() or saved

    def form(self, data: QueryDict | None = None, typed: QueryDict | None = None) -> RecordForm:
        """Return the record's form; of what was sent only this field counts."""
        make: Any = type(self.edit_page).form_class
        empty: RecordForm = make(instance=self.record, user=self.user)
        if self.field_name not in empty.fields:
            raise Http404
        if data is None:
            return empty
        sent = QueryDict(mutable=True)
        for name in empty.fields:
            sent.setlist(name, as_sent(empty, name))
        given = typed if typed is not None else data
        sent.setlist(self.field_name, given.getlist(self.field_name))
        sent["version"] = data.get("version", "") if typed is None else str(self.record.version)
        form: RecordForm = make(sent, instance=self.record, user=self.user)
        return form

    def shown(self, form: Any, *, status: int = 200, told: list[str] | None = None) -> HttpResponse:
        field = form[self.field_name]
        errors = list(told or [])
        if form.is_bound and not errors:
            errors = [str(text) for text in form.errors.get(self.field_name, ())]
            if form.errors and not errors:
                errors = [_("Something else is missing. Edit the whole record.")]
        field.field.widget.attrs |= {"class": "c-input", "autofocus": True}
        context = {
            "field": field,
            "label": self.bound.column.verbose_name,
            "version": form["version"].value(),
            "errors": errors,
            "edit_url": self.edit_url,
            "url": self.request.path,
        }
        return self.render_to_response(context, status=status)

    def drawn(self) -> HttpResponse:
        return HttpResponse(str(self.table.drawer_of(self.bound)(self.record)))

    def undone(self, before: str) -> HttpResponse:
        """Give the field back what it held at a version, unless somebody has changed it since."""
        column = self.field_name.partition(".")[0]
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 0
        row = self.record.history.filter(version=number).order_by("-history_id").first()
        if row is None:
            raise Http404
        try:
            changes = self.held_by(row, column)
        except ObjectDoesNotExist:
            messages.error(self.request, _("What stood here before is gone for good."))
            return HttpResponseRedirect(self.back())
        try:
            type(self.edit_page).operation(self.record, by=self.user, version=number + 1, **changes)
            messages.success(self.request, _("%(record)s is as before") % {"record": self.record})
        except Busy:
            raise
        except Refused as refusal:
            messages.error(self.request, str(refusal))
        return HttpResponseRedirect(self.back())

    def held_by(self, row: Any, column: str) -> dict[str, Any]:
        """Return what the field held at a version, as the operation takes it."""
        if self.field_name == TAGS:
            return {TAGS: names_in(self.request.GET.get("was", ""))}
        value = getattr(row, column)
        if self.field_name.startswith(PREFIX):
            key = self.field_name.removeprefix(PREFIX)
            return {"custom": {key: (value or {}).get(key)}}
        return {column: value}

    def back(self) -> str:
        came_from = self.request.headers.get("referer", "")
        is_ours = url_has_allowed_host_and_scheme(
            came_from, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return came_from if is_ours else str(self.record.get_absolute_url())


def sentences_of(refusal: Refused) -> list[str]:
    if isinstance(refusal, Unacceptable) and refusal.errors:
        return [text for texts in refusal.errors.values() for text in texts]
    return list(refusal.reasons)
