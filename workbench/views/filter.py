"""The page on which a list is narrowed by any field, with groups of all and any."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, QueryDict
from django.urls import resolve, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import trigger_client_event

from records.conditions import stored
from workbench.filters import WHERE, fields_for, written
from workbench.filters.conditions import read_all
from workbench.forms.conditions import BLANK, is_group, kind_of, parts_of
from workbench.forms.filter import FilterForm
from workbench.templatetags.workbench import address
from workbench.views.kept import FROM, PAGING
from workbench.views.record import FormPage
from workbench.views.saved_views import kind_named

OWN = ("add", "at")  # parameters of this page that are none of the list
PANEL = "filter-panel"  # where the menu of a list puts what it fetches


class FilterPage(FormPage):
    """The conditions of a list, whose query string is that of this page, to change them.

    `?add=company` begins with a row for that field, `?at=1` is about the second of the conditions.
    What is applied stands in the address of the list, so nothing is changed here. The menu of the
    list fetches what there is to choose from.
    """

    template_name = "workbench/filter.html"
    form_class = FilterForm
    submit_label = gettext_lazy("Apply filters")

    @cached_property
    def model(self) -> Any:
        return kind_named(self.kwargs["kind"])

    def page_title(self) -> str:
        return _("Filter %(names)s") % {"names": self.model._meta.verbose_name_plural}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "model": self.model}

    def get_initial(self) -> dict[str, Any]:
        try:
            data = read_all(self.request.GET.getlist(WHERE))
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict) or "field" in data:
            data = {"all": []}
        added = {**BLANK, "field": self.request.GET.get("add", "")}
        if added["field"] or not parts_of(data):
            parts = parts_of(data) if kind_of(data) == "all" else [data]
            data = {"all": [*parts, added]}
        return {**super().get_initial(), WHERE: data}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        if not form.is_bound:
            form.fields[WHERE].widget.focus = self.first_focus(form.initial[WHERE])
        return form

    def first_focus(self, data: dict[str, Any]) -> str:
        """Return where one begins: in the row that was added, or the one that was asked for."""
        parts = parts_of(data)
        if not parts:
            return ""
        at = self.request.GET.get("at", "")
        place = int(at) if at.isascii() and at.isdigit() and int(at[:4]) < len(parts) else 0
        place = len(parts) - 1 if self.request.GET.get("add") else place
        part, steps = parts[place], [str(place)]
        while is_group(part) and parts_of(part):
            part = parts_of(part)[0]
            steps.append("0")
        is_asked = isinstance(part, dict) and part.get("field")
        return "-".join([*steps, "value" if is_asked else "field"])

    @property
    def is_panel(self) -> bool:
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and htmx.target == PANEL

    def get_template_names(self) -> list[str]:
        return ["workbench/filter_panel.html"] if self.is_panel else super().get_template_names()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("kind", None)  # of the address; the page says it itself
        if not self.is_dialog:
            kwargs |= self.common()
        if self.is_panel:
            kwargs |= {"fields": self.fields(), "all_url": self.request.get_full_path()}
        return super().get_context_data(**kwargs)

    def common(self) -> dict[str, Any]:
        """Return the form of the filters that the list offers, and what of the address stays."""
        place = self.list_address
        page: Any = resolve(place).func.view_class  # type: ignore[attr-defined]
        rows = self.model.objects.permitted(self.user, "view")
        offered = page.filter_class(self.request.GET, rows, user=self.user).offered
        names = {*PAGING, *OWN, *(field.name for field in offered)}
        kept = [
            (name, value)
            for name, values in self.request.GET.lists()
            for value in values
            if name not in names and value
        ]
        number = self.request.GET.get(FROM)
        clear = f"{place}?{FROM}={number}" if number else f"{place}?view=all"
        return {"common": offered, "kept": kept, "list_address": place, "clear_url": clear}

    def fields(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return what can be asked, under what it belongs to, each with the page that asks it."""
        data = self.request.GET.copy()
        for name in OWN:
            data.pop(name, None)
        begin = f"{self.request.path}?{data.urlencode()}"
        menu = self.get_form().fields[WHERE].widget.menu
        return [
            (title, [(label, f"{begin}&add={quote(name)}") for name, label in lines])
            for title, lines in menu
        ]

    def run(self, form: FilterForm) -> list[str]:
        said = form.cleaned_data[WHERE]
        if not said:
            return []
        condition = stored(said, fields_for(self.model, self.user))
        parts = condition.parts if condition.kind == "all" else (condition,)
        if condition.kind == "any" and len(condition.parts) == 1:
            parts = condition.parts
        return [written(part) for part in parts]

    def success_url_for(self, outcome: list[str]) -> str:
        return self.list_with(outcome)

    def cancel_url(self) -> str:
        return self.list_with(self.request.GET.getlist(WHERE))

    def go(self, url: str) -> HttpResponse:
        """Have the list under the dialog shown anew: its page stays, and the place in it."""
        if not self.is_dialog:
            return super().go(url)
        return trigger_client_event(HttpResponse(status=204), "filtered", {"url": url})

    def list_with(self, where: list[str]) -> str:
        data = QueryDict(self.request.GET.urlencode(), mutable=True)
        for name in (*PAGING, *OWN):
            data.pop(name, None)
        data.setlist(WHERE, where)
        return f"{self.list_address}?{data.urlencode() or 'view=all'}"

    @property
    def list_address(self) -> str:
        """Return the list that is narrowed, or its board, where the address says so."""
        board = address(f"{self.namespace}:board") if self.request.GET.get("board") == "1" else ""
        return board or reverse(f"{self.namespace}:list")
