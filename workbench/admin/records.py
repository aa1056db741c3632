"""Records in the administration: a room names its operations, and nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.custom import kind_of
from records.operations import assign
from records.permissions import fixed_fields, hidden_fields, may, reaches
from workbench.admin.forms import RecordAdminForm
from workbench.admin.pages import MOST_AT_ONCE, Button, OperatedAdmin, is_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest

# What the machine fills in on every record.
SYSTEM = ("created_at", "created_by", "changed_at", "changed_by", "version")


class RecordAdmin(OperatedAdmin):
    """A kind of record: a room names its operations, and nothing else writes.

    Everybody sees what their roles show them. Deleting puts into the recycle bin, from which the
    list with the filter "in the bin" brings back.
    """

    add_operation: ClassVar[Callable[..., Any] | None] = None
    change_operation: ClassVar[Callable[..., Any]]
    delete_operation: ClassVar[Callable[..., Any]]
    restore_operation: ClassVar[Callable[..., Any]]
    assign_operation: ClassVar[Callable[..., Any] | None] = staticmethod(assign)
    # Fields that the form for a new record leaves out.
    only_existing: ClassVar[Sequence[str]] = ()

    form = RecordAdminForm
    search_fields = ("search",)
    search_help_text = gettext_lazy("Words of a name, a company, an email or a phone number")
    ordering = ("-created_at", "-pk")
    list_select_related = ("owner",)
    readonly_fields = SYSTEM
    actions = ("restore_selected",)
    everything = "bin=all"
    is_kept = True

    def is_changeable(self, obj: Any) -> bool:
        """Say whether the state of a record lets it be changed; a closed one is only shown."""
        return not obj.is_in_bin

    def allows(self, request: HttpRequest, action: str, obj: Any = None) -> bool:
        if obj is None:
            return may(request.user, action, self.model)
        return reaches(request.user, action, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return type(self).add_operation is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and request.method != "POST" and not self.is_changeable(obj):
            return False  # what is sent nevertheless is refused by the operation, with a reason
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_in_bin:
            return False
        return super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        manager: Any = self.model.objects if is_lookup(request) else self.model.all_objects
        rows = manager.permitted(request.user, "view").select_related(*self.list_select_related)
        return rows.order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return (queryset.matching(search_term) if search_term else queryset), False

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), BinFilter]

    # Forms

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            left_out = set(self.only_existing)
        elif self.has_change_permission(request, obj):
            left_out = set()
        else:  # what is only shown has columns alone
            left_out = set(self.form.declared_fields)
        left_out |= hidden_fields(request.user, kind_of(self.model))
        sections: list[Any] = [
            (name, {**options, "fields": [f for f in options["fields"] if f not in left_out]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        if obj is None:
            return sections
        if "known_version" not in left_out:
            sections[0][1]["fields"].append("known_version")
        return [*sections, (_("System"), {"classes": ["collapse"], "fields": list(SYSTEM)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(super().get_readonly_fields(request, obj))
        if obj is not None and not reaches(request.user, "assign", obj):
            names.append("owner")
        return [*names, *fixed_fields(request.user, kind_of(self.model)) & self.columns()]

    def columns(self) -> set[str]:
        return {column.name for column in self.model._meta.get_fields()}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    # Changes

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            version = form.cleaned_data["known_version"] or 0
            saved = self.change(obj, by=request.user, version=version, **form.changes)
        else:
            saved = self.add(by=request.user, **form.values)
        # The rest of the request speaks of what stands now.
        obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is left to do: the operation has seen to relations too, and inlines only show."""
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def add(self, *, by: Any, **values: Any) -> Any:
        operation = type(self).add_operation
        assert operation is not None, "has_add_permission stands before this"  # noqa: S101
        return operation(by=by, **values)

    def change(self, record: Any, *, by: Any, version: int, **changes: Any) -> Any:
        """Change fields, then the owner: each by its own operation, together or not at all."""
        cls = type(self)
        if cls.assign_operation is None or "owner" not in changes:
            return cls.change_operation(record, by=by, version=version, **changes)
        owner = changes.pop("owner")
        saved = cls.change_operation(record, by=by, version=version, **changes)
        return cls.assign_operation(saved, by=by, owner=owner)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        type(self).delete_operation(obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for record in queryset:
            type(self).delete_operation(record, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say what goes into the bin. Nothing goes with it, so nothing can stand in the way."""
        records = list(objs)
        forbidden = {
            str(self.opts.verbose_name)
            for record in records
            if not record.is_in_bin and not reaches(request.user, "delete", record)
        }
        counted = {str(self.opts.verbose_name_plural): len(records)}
        return [str(record) for record in records], counted, forbidden, []

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if "delete_selected" in actions:
            function, name, _description = actions["delete_selected"]
            actions["delete_selected"] = (
                function,
                name,
                _("Put selected %(verbose_name_plural)s into the recycle bin"),
            )
        return actions

    @admin.action(permissions=["delete"], description=gettext_lazy("Restore from the recycle bin"))
    def restore_selected(self, request: HttpRequest, queryset: Any) -> Any:
        records = list(queryset[: MOST_AT_ONCE + 1])
        for record in records:
            type(self).restore_operation(record, by=request.user)
        self.message_user(
            request,
            ngettext("%(count)d record restored.", "%(count)d records restored.", len(records))
            % {"count": len(records)},
            messages.SUCCESS,
        )
        if len(records) == 1:
            return HttpResponseRedirect(self.address("change", records[0].pk))
        return None

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        if obj.is_in_bin and reaches(request.user, "delete", obj):
            return [Button(_("Restore"), "restore_selected")]
        return []

    def view_on_site(self, obj: Any) -> str | None:
        """Return the page of a record, if it has one now."""
        if obj.is_in_bin:
            return None
        try:
            return str(obj.get_absolute_url())
        except NoReverseMatch:
            return None


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Lines of a record, to look at; whoever sees the record sees them."""

    extra = 0
    max_num = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BinFilter(admin.SimpleListFilter):
    """Outside the recycle bin, as everywhere; or in it; or both."""

    title = gettext_lazy("recycle bin")
    parameter_name = "bin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("in", _("In the bin")), ("all", _("Both"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "in")

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            is_default = "bin=" not in choice["query_string"]
            yield {**choice, "display": _("Not in the bin")} if is_default else choice
