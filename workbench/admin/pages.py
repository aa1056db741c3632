"""What the pages of every kind share: one transaction a request, refusals told, a history to read.

What an operation refuses becomes an error of the form or a message, and nothing is half done: the
whole request is one transaction, which is tried again when the database asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records.errors import Busy, Refused
from records.models import Record
from records.operations import run_atomically
from records.permissions import name_for, scope_of
from users.models import Grant, User
from workbench.admin.forms import TellingForm
from workbench.admin.history import MOST_OF_A_HISTORY, trail_of, versions_of
from workbench.admin.names import is_record, veil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django import forms
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

MOST_COUNTED = 10_000
MOST_AT_ONCE = 200  # more belong into a job
# What Django's own filters of a list ask.
COMPARISONS = {"exact", "isnull", "isempty", "gte", "lt", "lte", "in", "year", "month", "day"}


class CappedPaginator(Paginator):
    """Pages that never count a large table to its end: beyond the cap one searches instead."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST_COUNTED].count())


@dataclass(frozen=True)
class Button:
    """Something to do with one record beside saving it: an action of the list, or a page."""

    label: Any
    action: str = ""
    url: str = ""


class OperatedAdmin(admin.ModelAdmin[Any]):
    """What the pages of every kind share: one transaction, refusals told, a history to read."""

    form = TellingForm
    change_form_template = "admin/operated_form.html"
    delete_confirmation_template = "admin/operated_delete.html"
    delete_selected_confirmation_template = "admin/operated_delete_selected.html"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a facet counts to the end
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = MOST_AT_ONCE
    save_on_top = True

    # Permissions

    def allows(self, request: HttpRequest, action: str, obj: Any = None) -> bool:
        """Say whether the user may do `action` to all lines of this kind."""
        return scope_of(request.user, action, self.model) == Grant.Scope.ALL

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Whoever fills in a form may choose among the names that the form offers.
        if is_lookup(request):
            return True
        return self.allows(request, "view", obj) or self.allows(request, "change", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # Requests

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let an address ask what the filters of the page ask, and nothing more.

        Django lets it ask for any column, as far as it begins: so secrets could be guessed, and
        what a role hides.
        """
        names = {self.date_hierarchy}
        for one in self.get_list_filter(request):
            name = one[0] if isinstance(one, tuple) else one
            names.add(name if isinstance(name, str) else getattr(name, "parameter_name", None))
        asked, _dash, comparison = lookup.rpartition("__")
        return lookup in names or (
            comparison in COMPARISONS and (asked in names or asked.removesuffix("__id") in names)
        )

    def carried_out(
        self,
        request: HttpRequest,
        view: Callable[[], HttpResponse],
        refused: Callable[[Refused], HttpResponse],
    ) -> HttpResponse:
        """Answer with `view` in one transaction; with `refused` when an operation says no."""
        if request.method != "POST":
            return view()
        try:
            return run_atomically(view)
        except Busy:
            raise  # answered for the whole product, with "try again in a moment"
        except Refused as refusal:
            return refused(refusal)
        except IntegrityError:
            return refused(Refused(_("Another line has these values already. Nothing was saved.")))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        def view() -> Any:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

        def again(refusal: Refused) -> Any:
            request.refusal = refusal  # type: ignore[attr-defined]
            return view()

        return self.carried_out(request, view, again)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        def refused(refusal: Refused) -> HttpResponse:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(self.address("change", object_id))

        return self.carried_out(
            request,
            lambda: self._delete_view(request, object_id, extra_context),  # type: ignore[attr-defined]
            refused,
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        def refused(refusal: Refused) -> HttpResponse:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

        context = {"most_counted": MOST_COUNTED, **(extra_context or {})}
        changelist = super().changelist_view
        return self.carried_out(request, lambda: changelist(request, context), refused)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            veil([obj], user_of(request))
        return obj

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        veil(changelist.result_list, user_of(request))
        return changelist

    def get_inline_formsets(
        self, request: HttpRequest, formsets: Any, inline_instances: Any, obj: Any = None
    ) -> Any:
        for formset in formsets:
            veil([form.instance for form in formset.initial_forms], user_of(request))
        return super().get_inline_formsets(request, formsets, inline_instances, obj)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        is_all = request.POST.get("select_across") == "1"
        if is_all and queryset.order_by().values("pk")[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE:
            self.message_user(
                request,
                _("At most %(most)d at once. Search or filter, then choose again.")
                % {"most": MOST_AT_ONCE},
                messages.ERROR,
            )
            return HttpResponseRedirect(request.get_full_path())
        response = super().response_action(request, queryset)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            # The only page that an action shows is the one that asks before something goes.
            response.context_data |= {"is_kept": self.is_kept, "title": _("Are you sure?")}
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the trail of operations, and each version of the fields. Nothing changes here."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(name)s") % {"name": obj},
            "subtitle": None,
            "opts": self.opts,
            "object": obj,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "trail": trail_of(obj, viewer=user_of(request)),
            "versions": versions_of(obj, viewer=user_of(request)),
            "most": MOST_OF_A_HISTORY,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/operated_history.html", context)

    def own_page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        context: Mapping[str, Any],
        *,
        original: Any = None,
    ) -> TemplateResponse:
        """Answer with a page of the administration's own, about one line or about the list."""
        whole = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": None,
            "opts": self.opts,
            "original": original,
            **context,
        }
        return TemplateResponse(request, f"admin/{template}.html", whole)

    def line_for(self, request: HttpRequest, pk: int, *, may_change: bool = False) -> Any:
        """Return the line that a page of one's own is about, unless it is hidden from the user."""
        line = self.get_object(request, str(pk))
        if line is None:
            raise Http404
        allows = self.has_change_permission if may_change else self.has_view_or_change_permission
        if not allows(request, line):
            raise PermissionDenied
        return line

    def address(self, page: str, *args: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    # Forms

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        form.refusal = getattr(request, "refusal", None)
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        obj = kwargs.get("obj")
        context["buttons"] = self.get_buttons(request, obj) if obj is not None else []
        context["buttons_url"] = f"{self.address('changelist')}?{self.everything}"
        return super().render_change_form(request, context, *args, **kwargs)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> Any:
        context["is_kept"] = self.is_kept
        context["buttons"] = self.get_buttons(request, context["object"])
        context["buttons_url"] = f"{self.address('changelist')}?{self.everything}"
        return super().render_delete_form(request, context)

    # The query with which the list shows every line, also those that it leaves out by itself.
    everything = ""
    # Whether what is deleted waits in the recycle bin.
    is_kept = False

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        """Return what else may be done with this one."""
        return []

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # A form about one thing offers no button to delete or change another.
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_change_related = widget.can_delete_related = False
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs and (rows := self.choices_for(db_field, request)) is not None:
            kwargs["queryset"] = rows
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        rows = getattr(field, "queryset", None)
        if rows is not None and is_record(db_field.related_model):
            # What stands may lie outside the scope of who changes something else beside it.
            field.queryset = rows.select_related("owner")
            field.label_from_instance = partial(name_for, user_of(request))
        return field

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if "queryset" not in kwargs and (rows := self.choices_for(db_field, request)) is not None:
            kwargs["queryset"] = rows
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_for(self, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Return what a relation may be: visible, in use, or what it is already."""
        model: Any = db_field.related_model
        names = {field.name for field in model._meta.concrete_fields}
        rows = model._default_manager.all()
        if issubclass(model, Record):
            allowed = Q(pk__in=model._default_manager.permitted(request.user).values("pk"))
            rows = model._base_manager.all()
        elif issubclass(model, User):
            allowed = Q(is_machine=False, is_active=True)
        elif "is_active" in names:
            allowed = Q(is_active=True)
            rows = rows.order_by(*(n for n in ("position", "name") if n in names), "pk")
        else:
            return None
        pk = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if pk is None or not str(pk).isdigit() or db_field.model is not self.model:
            return rows.filter(allowed)  # type: ignore[no-any-return]
        standing = self.model._base_manager.filter(pk=int(pk)).values(db_field.name)
        return rows.filter(allowed | Q(pk__in=standing))  # type: ignore[no-any-return]


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; the admin site lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def is_lookup(request: HttpRequest) -> bool:
    """Say whether a form asks for names to choose from."""
    return bool(request.resolver_match and request.resolver_match.url_name == "autocomplete")
