"""Form conditions in the administration: when a field is shown, and when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records import custom
from records.conditions import problems_of, stored, words
from records.models import CustomField, FormCondition
from records.operations.conditions import delete_condition, labels_ever, labels_of, save_condition
from records.vocabulary import fields_of
from users import formats
from workbench.admin import SettingAdmin, VersionedForm, met_now, user_of
from workbench.forms import ConditionField

if TYPE_CHECKING:
    from django.http import HttpRequest

    from records.conditions import Field
    from users.models import User


class FormConditionForm(VersionedForm):
    """A condition of the form of `kind`, with the editor that rules have."""

    kind: str
    field = forms.ChoiceField(label=gettext_lazy("Field"))
    effect = forms.ChoiceField(label=gettext_lazy("Effect"), choices=FormCondition.Effect)

    class Meta:
        model = FormCondition
        fields = ("field", "effect")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.kind = self.kind
        if "field" in self.fields:
            labels = labels_of(self.kind, self.user)
            if self.instance.field and self.instance.field not in labels:
                known = labels_ever(self.kind, self.user)
                name = known.get(self.instance.field, self.instance.field)
                gone = _("%(name)s, out of use") % {"name": name}
                labels[self.instance.field] = gone
            choices = [(name, f"{label} ({name})") for name, label in labels.items()]
            choices.sort(key=lambda pair: pair[1].casefold())
            self.fields["field"].choices = choices  # type: ignore[attr-defined]
            self.initial.setdefault("condition", self.instance.condition)

    def standing(self, name: str) -> str:
        line = self.as_it_stands()
        return said(line, self.user) if name == "condition" else super().standing(name)


def asked_of(line: FormCondition, user: User) -> dict[str, Field]:
    return fields_of(custom.model_of(line.kind), user)


def said(line: FormCondition, user: User) -> str:
    """Say a condition as a person reads it."""
    fields = asked_of(line, user)
    return words(stored(line.condition, fields), fields, translate=_, write=formats.value)


@admin.register(FormCondition)
class FormConditionAdmin(SettingAdmin):
    """When fields are shown and asked for: on the page, inline, in bulk, by program and by file."""

    form = FormConditionForm
    change_list_template = "admin/condition_list.html"
    list_display = ("field_name", "kind", "effect", "when", "state")
    list_filter = ("kind", "effect")
    search_fields = ("field",)
    ordering = ("kind", "field", "effect", "pk")
    sortable_by = ()
    readonly_fields = ("met",)
    fieldsets = (
        (
            None,
            {
                "fields": ["field", "effect", "condition", "met"],
                "description": gettext_lazy(
                    "What is not shown keeps what is stored in it, and is not asked for. What is "
                    "asked for has to be filled in by every change that has to do with it: on the "
                    "page, in a list, on the board, by programs and by files. Rules, machines and "
                    "qualifying are not stopped."
                ),
            },
        ),
    )

    def kind_of(self, request: HttpRequest, obj: FormCondition | None) -> str:
        """Return which form a condition is of: of a new one the address says it."""
        kind = request.GET.get("kind", "") if obj is None else obj.kind
        return kind if kind in dict(CustomField.LAID_OUT) else CustomField.Kind.LEAD.value

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kind = self.kind_of(request, obj)
        asks = ConditionField(custom.model_of(kind), label=_("Condition"))
        kwargs["form"] = type("ConditionOfKind", (self.form,), {"kind": kind, "condition": asks})
        kwargs["fields"] = ["field", "effect"]
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.condition = form.cleaned_data["condition"]
        save_condition(obj, by=user_of(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_condition(obj, by=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for line in queryset:
            delete_condition(line, by=user_of(request))

    @admin.display(description=gettext_lazy("holds now for"))
    def met(self, line: Any) -> str:
        if line.pk is None:
            return _("Save it, and it is counted")
        return met_now(custom.model_of(line.kind), line.condition, by=line.reader)

    # The list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"kinds": CustomField.LAID_OUT, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("field"))
    def field_name(self, line: Any) -> str:
        return labels_ever(line.kind, line.reader).get(line.field, str(line.field))

    @admin.display(description=gettext_lazy("condition"))
    def when(self, line: Any) -> str:
        return said(line, line.reader)

    @admin.display(description=gettext_lazy("state"))
    def state(self, line: Any) -> str:
        if line.field not in labels_of(line.kind, line.reader):
            return _("Without effect: the field is gone")
        found = problems_of(line.condition, asked_of(line, line.reader), translate=_)
        return _("Without effect: %(why)s") % {"why": found[0][1]} if found else _("In force")
