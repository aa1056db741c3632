"""How any kind of record and any list of settings is administered: through the same operations.

What an operation refuses becomes an error of the form or a message, and nothing is half done: the
whole request is one transaction, which is tried again when the database asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.errors import Busy, Refused, Stale, Unacceptable
from records.models import AuditEntry, Record
from records.operations import assign, delete_setting, run_atomically, save_setting, uses_of
from records.permissions import may, reaches, scope_of
from users.models import Grant, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

MOST_COUNTED = 10_000
MOST_AT_ONCE = 200  # more belong into a job
MOST_OF_A_HISTORY = 100
# What the machine fills in on every record.
SYSTEM = ("created_at", "created_by", "changed_at", "changed_by", "version")
# What a new version changes by itself, and what only the machine reads.
UNSAID = {"search", "version", "changed_at", "changed_by_id", "custom", "rate"}


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


# Forms


class TellingForm(forms.ModelForm[Any]):
    """A form that tells what the operation refused, beside the fields that it is about."""

    user: User
    refusal: Refused | None = None

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.refusal is not None:
            self.tell(self.refusal)

    def tell(self, refusal: Refused) -> None:
        """Put each sentence of a refusal beside its field, or at the top where there is none."""
        errors: Mapping[str | None, Iterable[str]] = {refusal.field: refusal.reasons}
        if isinstance(refusal, Unacceptable) and refusal.errors:
            errors = dict(refusal.errors)
        for name, sentences in errors.items():
            is_here = name in self.fields
            for sentence in sentences:
                self.add_error(name if is_here else None, sentence)


class RecordAdminForm(TellingForm):
    """A record's fields, and the version that was read. Operations change the record, not the form.

    A stale form keeps what was typed, says what stands by now, and may then be sent once more.
    """

    known_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if isinstance(self.refusal, Stale) and data is not None and instance is not None:
            data = data.copy()
            data["known_version"] = instance.version
        super().__init__(data, *args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = False  # what changed is told by the record, not the page
        if self.instance.pk:
            self.fields["known_version"].initial = self.instance.version

    @property
    def values(self) -> dict[str, Any]:
        """The cleaned data: columns under the names by which the operation takes them."""
        return {name: v for name, v in self.cleaned_data.items() if name != "known_version"}

    @property
    def changes(self) -> dict[str, Any]:
        """The cleaned data of the fields that somebody changed, and what was only asked."""
        columns = {field.name for field in self.instance._meta.get_fields()}
        return {
            name: value
            for name, value in self.values.items()
            if name in self.changed_data or name not in columns
        }

    def clean_external_id(self) -> str:
        external_id: str = self.cleaned_data["external_id"].strip()
        others = self._meta.model._base_manager.exclude(pk=self.instance.pk)
        if external_id and others.filter(external_id=external_id).exists():
            raise forms.ValidationError(_("Another record has this external id already."))
        return external_id

    def _post_clean(self) -> None:
        """Leave the instance alone: the operation changes it, under a lock."""
        if self.refusal is not None:
            self.tell(self.refusal)

    def tell(self, refusal: Refused) -> None:
        if not isinstance(refusal, Stale):
            super().tell(refusal)
            return
        at = refusal.at or self.instance.changed_at
        self.add_error(
            None,
            _("%(who)s changed this %(kind)s (%(at)s). What you typed is below and not saved.")
            % {
                "who": refusal.by or self.instance.changed_by or _("Somebody"),
                "kind": self.instance._meta.verbose_name,
                "at": formats.date_format(timezone.localtime(at), "DATETIME_FORMAT"),
            },
        )
        for name in self.changed_data:
            if name in self.fields and name != "known_version":
                self.add_error(name, _("It is now: %(value)s") % {"value": self._standing(name)})
        self.add_error(None, _("Save once more to replace what stands with what you typed."))

    def _standing(self, name: str) -> str:
        shown = getattr(self.instance, f"get_{name}_display", None)
        value: Any = shown() if shown else getattr(self.instance, name, None)
        if hasattr(value, "all"):
            value = ", ".join(map(str, value.all()))
        return said(value)


# Pages


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
            "trail": trail_of(obj),
            "versions": versions_of(obj),
            "most": MOST_OF_A_HISTORY,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/operated_history.html", context)

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

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if "queryset" not in kwargs and (rows := self.choices_for(db_field, request)) is not None:
            kwargs["queryset"] = rows
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

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
            rows = rows.order_by("position", "name", "pk")
        else:
            return None
        pk = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        if pk is None or not str(pk).isdigit() or db_field.model is not self.model:
            return rows.filter(allowed)  # type: ignore[no-any-return]
        standing = self.model._base_manager.filter(pk=int(pk)).values(db_field.name)
        return rows.filter(allowed | Q(pk__in=standing))  # type: ignore[no-any-return]


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
        return names

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


class SettingAdmin(OperatedAdmin):
    """A list that an administrator shapes. A line in use is taken out of use, never deleted."""

    show_facets = admin.ShowFacets.ALLOW
    # Relations whose lines belong to this one and go with it.
    parts: ClassVar[Sequence[str]] = ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_setting(obj, by=user_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the lines of an inline, each by the operation for settings."""
        gone, changed, new = lines_of(formset)
        for line in gone:
            delete_setting(line, by=user_of(request))
        for line in [*changed, *new]:
            save_setting(line, by=user_of(request))

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
            f"{setting}: {count:,} {name}"
            for setting in settings
            for name, count in uses_of(setting, parts=self.parts).items()
        ]
        counted = {str(self.opts.verbose_name_plural): len(settings)}
        return [str(setting) for setting in settings], counted, forbidden, in_use


class ChoiceAdmin(SettingAdmin):
    """A list to choose from: a name to show, a key that stays, an order, and whether it is used."""

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


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; the admin site lets nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def is_lookup(request: HttpRequest) -> bool:
    """Say whether a form asks for names to choose from."""
    return bool(request.resolver_match and request.resolver_match.url_name == "autocomplete")


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


# Histories


@dataclass(frozen=True)
class Said:
    """One line of a history, in words."""

    at: Any
    who: str
    what: str
    changes: list[tuple[str, str, str]]
    reason: str = ""


def said(value: Any) -> str:
    """Return a value as a person reads it."""
    match value:
        case None | "" | [] | {}:
            return "—"
        case True:
            return _("yes")
        case False:
            return _("no")
        case {"label": label}:
            return str(label)
        case list() | tuple():
            return ", ".join(said(item) for item in value)
        case _:
            return str(value)


def trail_of(obj: Any) -> list[Said]:
    """Return what operations did to `obj`, the latest first. Two statements."""
    rows = AuditEntry.objects.filter(record_type=ContentType.objects.get_for_model(type(obj)))
    if isinstance(obj.pk, int):
        rows = rows.filter(record_id=obj.pk)
    else:
        rows = rows.filter(record_id=0, label=str(obj))
    entries = rows.select_related("actor").order_by("-at", "-pk")[:MOST_OF_A_HISTORY]
    return [
        Said(
            at=entry.at,
            who=str(entry.actor),
            what=entry.event,
            changes=[
                (label_of(type(obj), name), *_pair(pair)) for name, pair in entry.changes.items()
            ],
            reason=entry.reason,
        )
        for entry in entries
    ]


def _pair(pair: Any) -> tuple[str, str]:
    if isinstance(pair, list) and len(pair) == 2:
        return said(pair[0]), said(pair[1])
    return "", said(pair)


def versions_of(obj: Any) -> list[Said]:
    """Return each stored version of the fields of `obj`, the latest first, by what differs."""
    if not hasattr(obj, "history"):
        return []
    columns = [f for f in obj._meta.concrete_fields if f.attname not in UNSAID]
    rows = list(
        obj.history.select_related("history_user").order_by("-history_date", "-history_id")[
            : MOST_OF_A_HISTORY + 1
        ]
    )
    pairs = list(zip(rows, [*rows[1:], None], strict=True))[:MOST_OF_A_HISTORY]
    differing = [
        (
            row,
            [
                (column, getattr(older, column.attname), getattr(row, column.attname))
                for column in columns
                if older is not None
                and getattr(older, column.attname) != getattr(row, column.attname)
            ],
        )
        for row, older in pairs
    ]
    names = _names_of(change for _row, changes in differing for change in changes)
    kinds = {"+": _("Created"), "~": _("Changed"), "-": _("Deleted")}
    return [
        Said(
            at=row.history_date,
            who=str(row.history_user or _("Somebody")),
            what=f"{kinds[row.history_type]} · {_('version')} {row.version}",
            changes=[
                (
                    str(capfirst(column.verbose_name)),
                    *(_shown(column, v, names) for v in (old, new)),
                )
                for column, old, new in changes
            ],
        )
        for row, changes in differing
    ]


def _names_of(changes: Iterable[tuple[Any, Any, Any]]) -> dict[tuple[Any, Any], str]:
    """Return the names of the records that changes speak of: one statement for each kind."""
    wanted: dict[Any, set[Any]] = {}
    for column, *values in changes:
        if column.is_relation:
            wanted.setdefault(column.related_model, set()).update(values)
    return {
        (model, row.pk): str(row)
        for model, keys in wanted.items()
        for row in model._base_manager.filter(pk__in=keys - {None})
    }


def _shown(column: Any, value: Any, names: Mapping[tuple[Any, Any], str]) -> str:
    if column.is_relation and value is not None:
        return names.get((column.related_model, value), f"#{value}")
    if column.choices:
        return str(dict(column.flatchoices).get(value, said(value)))
    if isinstance(column, models.DateTimeField) and value is not None:
        return str(formats.date_format(timezone.localtime(value), "DATETIME_FORMAT"))
    return said(value)


def label_of(model: type[Model], name: str) -> str:
    """Return how people call a field of `model`."""
    field = next((f for f in model._meta.get_fields() if f.name == name), None)
    return str(capfirst(getattr(field, "verbose_name", name.replace("_", " "))))
