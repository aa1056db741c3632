"""Lists and tables in the administration: what shapes the business, and what is only looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.conditions import stored
from records.operations import delete_setting, note_parts, save_setting, uses_of
from records.permissions import scope_of
from records.vocabulary import fields_of
from users import formats
from users.models import Grant
from workbench.admin.forms import VersionedForm
from workbench.admin.pages import MOST_COUNTED, Button, OperatedAdmin, is_lookup, user_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model
    from django.http import HttpRequest

    from users.models import User


class SettingAdmin(OperatedAdmin):
    """A list that an administrator shapes. A line in use is taken out of use, never deleted."""

    show_facets = admin.ShowFacets.ALLOW
    # Relations whose lines belong to this one and go with it.
    parts: ClassVar[Sequence[str]] = ()

    # Each line knows its reader, in whose language and fields it is told.

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        line = super().get_object(request, object_id, from_field)
        if line is not None:
            line.reader = user_of(request)
        return line

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        for line in changelist.result_list:
            line.reader = user_of(request)
        return changelist

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.parts = {
            relation_of(inline, self.model): inline.model._meta.verbose_name_plural
            for inline in self.inlines
        }
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Send the version that was read along, where there is one that may be changed."""
        sections: list[Any] = [
            (name, {**options, "fields": [f for f in options["fields"] if f != "known_version"]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        is_sent = issubclass(self.form, VersionedForm) and obj is not None
        if is_sent and self.has_change_permission(request, obj):
            sections[0][1]["fields"].append("known_version")
        return sections

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_setting(obj, by=user_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the lines of an inline, each by the operation for settings."""
        name = formset.fk.remote_field.get_accessor_name()
        lines = getattr(form.instance, name)
        before = [str(line) for line in lines.order_by("pk")]
        gone, changed, new = lines_of(formset)
        for line in gone:
            delete_setting(line, by=user_of(request))
        for line in [*changed, *new]:
            save_setting(line, by=user_of(request))
        if change and (gone or changed or new) and hasattr(form.instance, "version"):
            now = [str(line) for line in lines.order_by("pk")]
            note_parts(form.instance, by=user_of(request), **{name: [before, now]})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_setting(obj, by=user_of(request), parts=self.parts)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for setting in queryset:
            delete_setting(setting, by=user_of(request), parts=self.parts)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say what would go, and what refers to it and therefore keeps it."""
        settings = list(objs)
        forbidden = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        in_use = [
            f"{setting}: {formats.count(count)} {name}"
            for setting in settings
            for name, count in uses_of(setting, parts=self.parts).items()
        ]
        counted = {str(self.opts.verbose_name_plural): len(settings)}
        return [str(setting) for setting in settings], counted, forbidden, in_use


class ChoiceAdmin(SettingAdmin):
    """A list to choose from: a name to show, a key that stays, an order, and whether it is used."""

    form = VersionedForm
    list_display = ("name", "key", "position", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "key")
    ordering = ("position", "name", "pk")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"key": ("name",)}
    actions = ("put_into_use", "take_out_of_use")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Programs and imports know a line by its key.
        return [*super().get_readonly_fields(request, obj), *(["key"] if obj else [])]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.filter(is_active=True) if is_lookup(request) else rows

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        if not self.has_change_permission(request, obj):
            return []
        if obj.is_active:
            return [Button(_("Take out of use"), "take_out_of_use")]
        return [Button(_("Put back into use"), "put_into_use")]

    @admin.action(permissions=["change"], description=gettext_lazy("Put selected into use"))
    def put_into_use(self, request: HttpRequest, queryset: Any) -> None:
        self._use(request, queryset, is_active=True)

    @admin.action(permissions=["change"], description=gettext_lazy("Take selected out of use"))
    def take_out_of_use(self, request: HttpRequest, queryset: Any) -> None:
        self._use(request, queryset, is_active=False)

    def _use(self, request: HttpRequest, queryset: Any, *, is_active: bool) -> None:
        for choice in queryset:
            choice.is_active = is_active
            save_setting(choice, by=user_of(request))
            told = _("%(choice)s can be chosen.") if is_active else _("%(choice)s is out of use.")
            self.message_user(request, told % {"choice": choice}, messages.SUCCESS)


class ReadOnlyAdmin(OperatedAdmin):
    """Something to look at: it came about by operations and changes by nothing else."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SettingInline(admin.TabularInline[Any, Any]):
    """Lines of a setting; who may change the setting may change them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return scope_of(request.user, "view", self.parent_model) == Grant.Scope.ALL

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return scope_of(request.user, "change", self.parent_model) == Grant.Scope.ALL

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)


def met_now(model: Any, condition: Any, *, by: User) -> str:
    """Say how many records a stored condition holds for now, of those that are not in the bin."""
    fields = fields_of(model, by)
    rows = model.objects.all()
    met, every = (
        each.order_by().values("pk")[: MOST_COUNTED + 1].count()
        for each in (rows.meeting(stored(condition, fields), fields), rows)
    )
    if met > MOST_COUNTED:
        return _("More than %(most)s") % {"most": formats.count(MOST_COUNTED)}
    if every > MOST_COUNTED:
        return formats.count(met)
    return _("%(met)s of %(all)s") % {"met": formats.count(met), "all": formats.count(every)}


def relation_of(inline: Any, model: type[Model]) -> str:
    """Return by which relation a line knows the lines of an inline."""
    found = next(
        field
        for field in inline.model._meta.fields
        if field.is_relation and field.related_model is model
    )
    return str(found.remote_field.get_accessor_name())


def lines_of(formset: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Return what an inline takes away, changes and adds, and tell the formset for its message."""
    gone = [form.instance for form in formset.deleted_forms if form.instance.pk]
    kept = [form for form in formset.initial_forms if form not in formset.deleted_forms]
    changed = [form for form in kept if form.has_changed()]
    new = [
        form.instance
        for form in formset.extra_forms
        if form.has_changed() and form not in formset.deleted_forms
    ]
    formset.deleted_objects = gone
    formset.changed_objects = [(form.instance, form.changed_data) for form in changed]
    formset.new_objects = new
    for line in new:
        setattr(line, formset.fk.name, formset.instance)
    return gone, [form.instance for form in changed], new
