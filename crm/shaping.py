"""Custom fields in the administration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.field_jobs import MOST_AT_ONCE, retype_later
from crm.field_uses import uses_of
from intake.rules import forms_left_out
from leads.rules import rules_in_force
from opportunities.models import Step
from records import custom
from records.errors import Refused
from records.models import CustomField
from records.operations import MOST_USES
from records.operations.deleting_fields import KEPT_FOR, delete_field
from records.operations.retyping import of_type, preview_of, retype_field, words_in
from records.operations.shaping import MOST_CHOICES, count_without, has_values, save_field
from users import formats
from workbench.admin import Button, SettingAdmin, VersionedForm, user_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

BLANK_ROWS = 6
Type = CustomField.Type
LIMITS = ("least", "most", "longest", "pattern")


# Custom fields


class ChoiceRows(forms.Widget):
    """The choices of a field, a row each, and some empty rows for more."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        text = str(data.get(f"{name}-count", ""))
        count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        rows = []
        for number in range(min(count, MOST_CHOICES + 2 * BLANK_ROWS)):
            row = {
                part: str(data.get(f"{name}-{number}-{part}", "")).strip()
                for part in ("key", "label", "place")
            }
            if row["key"] or row["label"]:
                place = row.pop("place")
                is_place = place.isascii() and place.isdigit()
                order = (int(place[:4]) if is_place else 9999, number)
                is_active = f"{name}-{number}-is_active" in data
                rows.append((order, {**row, "is_active": is_active}))
        return [row for _order, row in sorted(rows, key=lambda pair: pair[0])]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-count" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        lines = [line for line in value or () if isinstance(line, dict)]
        rows = [
            {"is_active": True, **line, "number": number, "place": number + 1}
            for number, line in enumerate(lines)
        ]
        rows += [{"number": len(lines) + number, "is_active": True} for number in range(BLANK_ROWS)]
        return render_to_string(
            "admin/choice_rows.html", {"name": name, "rows": rows, "count": len(rows)}
        )


class ChoicesField(forms.Field):
    """The choices of a custom field; the operation says what is wrong with them."""

    widget = ChoiceRows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != (data or []))


def other_languages() -> list[tuple[str, str]]:
    """Return the languages beside that in which fields are defined."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class TranslationRows(forms.Widget):
    """What a field is called in other languages: label, help and choices, a column each."""

    field: CustomField | None = None

    def lines(self) -> list[tuple[str, Any]]:
        """Return what is translated: the name of the input, and how it is called now."""
        field = self.field
        lines: list[tuple[str, Any]] = [("label", _("Label")), ("help", _("Help"))]
        if field is not None:
            lines += [(f"choice-{k}", each["label"]) for k, each in field.known_choices.items()]
        return lines

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        told: dict[str, Any] = {}
        for code, _language in other_languages():
            words = told[code] = {"choices": {}}
            for line, _label in self.lines():
                text = str(data.get(f"{name}-{code}-{line}", "")).strip()
                is_choice = line.startswith("choice-")
                (words["choices"] if is_choice else words)[line.removeprefix("choice-")] = text
        return told

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(each.startswith(f"{name}-") for each in data)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        told = value if isinstance(value, dict) else {}
        languages = other_languages()

        def text_of(code: str, line: str) -> str:
            words = told.get(code) or {}
            found = words.get("choices", {}) if line.startswith("choice-") else words
            return str(found.get(line.removeprefix("choice-")) or "")

        rows = [
            {
                "label": label,
                "cells": [
                    {
                        "name": f"{name}-{code}-{line}",
                        "value": text_of(code, line),
                        "label": f"{label}, {language}",
                        "code": code,
                    }
                    for code, language in languages
                ],
            }
            for line, label in self.lines()
        ]
        return render_to_string(
            "admin/translation_rows.html", {"languages": languages, "rows": rows}
        )


class TranslationsField(forms.Field):
    """What a custom field is called in other languages; the operation says what is wrong."""

    widget = TranslationRows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _spoken(initial) != _spoken(data)


def _spoken(told: Any) -> dict[str, Any]:
    """Return translations without what is empty, to compare them."""
    return {
        code: found
        for code, words in (told or {}).items()
        if (
            found := {
                **{name: text for name, text in words.items() if name != "choices" and text},
                **{f"choice-{k}": v for k, v in words.get("choices", {}).items() if v},
            }
        )
    }


class CustomFieldForm(VersionedForm):
    """A custom field; what is left empty is proposed, and what is wrong the operation says."""

    key = forms.CharField(
        label=gettext_lazy("Key"),
        required=False,
        max_length=60,
        help_text=gettext_lazy(
            "Programs, imports and rules know the field by it, for good. Leave it empty, and it is "
            "made from the label."
        ),
    )
    default = forms.CharField(
        label=gettext_lazy("Default"),
        required=False,
        max_length=10_000,
        help_text=gettext_lazy(
            "What a new record starts with: a text, 12.5, 2026-11-30, yes, or the choice; several "
            "choices parted by semicolons."
        ),
    )
    choices = ChoicesField(
        label=gettext_lazy("Choices"),
        required=False,
        help_text=gettext_lazy(
            "For a choice or several. Save and continue, and there are more empty rows. A label "
            "may change; what was chosen once is taken out of use instead of removed."
        ),
    )

    translations = TranslationsField(
        label=gettext_lazy("In other languages"),
        required=False,
        help_text=gettext_lazy("What is left empty reads as above."),
    )
    least = forms.CharField(label=gettext_lazy("At least"), required=False, max_length=60)
    most = forms.CharField(
        label=gettext_lazy("At most"),
        required=False,
        max_length=60,
        help_text=gettext_lazy(
            "For numbers and amounts, like 12.5, and for dates, like 2026-11-30."
        ),
    )
    longest = forms.CharField(
        label=gettext_lazy("Characters at most"), required=False, max_length=5
    )
    pattern = forms.CharField(
        label=gettext_lazy("Pattern"),
        required=False,
        max_length=100,
        help_text=gettext_lazy(
            "The form of a text in one line, like [A-Z]{2}-[0-9]+ for DE-42. Say it in words under "
            "help: whoever types something else is shown these. What stands already stays."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "translations" in self.fields:
            self.fields["translations"].widget.field = self.instance if self.instance.pk else None
        limits = self.instance.limits if isinstance(self.instance.limits, dict) else {}
        for name in LIMITS:
            self.initial.setdefault(name, limits.get(name, ""))
        if self.instance.pk and "default" in self.fields:
            self.initial["default"] = custom.as_text(self.instance, self.instance.default)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("translations") is not None:
            # Of a language that cannot be chosen now, nothing is lost.
            here, standing = dict(other_languages()), self.instance.translations or {}
            kept = {code: words for code, words in standing.items() if code not in here}
            data["translations"] = {**kept, **data["translations"]}
        if any(name in self.fields for name in LIMITS):
            self.instance.limits = {name: data[name] for name in LIMITS if data.get(name)}
        return data

    def standing(self, name: str) -> str:
        field: CustomField = self.as_it_stands()
        if name in LIMITS:
            return str((field.limits or {}).get(name, "")) or "—"
        if name == "default":
            return custom.as_text(field, field.default) or super().standing(name)
        if name == "choices" and field.choices:
            return ", ".join(str(choice["label"]) for choice in field.choices)
        return super().standing(name)

    def _get_validation_exclusions(self) -> set[str]:
        # The operation says it in words, and of retired fields too.
        left_out = super()._get_validation_exclusions()  # type: ignore[misc]
        return {*left_out, "key", "default", "choices", "translations"}


class TypeForm(forms.Form):
    """Which type a field is to have."""

    type = forms.ChoiceField(label=gettext_lazy("New type"))

    def __init__(self, *args: Any, field: CustomField, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A link stays one, and nothing else can become one.
        others = [each for each in Type.choices if each[0] not in {field.type, Type.RECORD}]
        self.fields["type"].choices = others  # type: ignore[attr-defined]


@admin.register(CustomField)
class CustomFieldAdmin(SettingAdmin):
    """Fields of one's own. Taken out of use the data stays; deleted, it stays for 30 days."""

    is_kept = True

    form = CustomFieldForm
    list_display = (
        "label",
        "key",
        "kind",
        "type",
        "section",
        "position",
        "is_required",
        "is_active",
        "deleted_at",
    )
    list_filter = ("kind", "is_active", "type")
    search_fields = ("label", "key")
    ordering = ("kind", "position", "pk")
    actions = ("put_into_use", "take_out_of_use")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ["kind", "label", "key", "type", "target", "choices"]}),
        (
            gettext_lazy("In the form"),
            {"fields": ["section", "position", "help_text", "is_required", "default"]},
        ),
        (gettext_lazy("Limits"), {"fields": [("least", "most"), ("longest", "pattern")]}),
        (gettext_lazy("In other languages"), {"fields": ["translations"]}),
        (gettext_lazy("Use"), {"fields": ["is_active"]}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out translations where there is one language alone."""
        sections = super().get_fieldsets(request, obj)
        if other_languages():
            return sections
        return [each for each in sections if each[1]["fields"] != ["translations"]]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_deleted = obj is not None and obj.deleted_at is not None
        return not is_deleted and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_field(obj, by=user_of(request))
        told = _("What is stored stays until %(day)s. Put %(field)s back into use until then.")
        day = formats.day(timezone.localtime(obj.deleted_at + KEPT_FOR))
        self.message_user(request, told % {"day": day, "field": obj}, messages.WARNING)
        self.tell_uses(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Say beforehand what asks about the field."""
        field = self.get_object(request, object_id)
        uses = uses_of(field, by=user_of(request)) if field is not None else []
        return super().delete_view(request, object_id, {**(extra_context or {}), "uses": uses})

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for field in queryset:
            self.delete_model(request, field)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return []
        return ["kind", "key", *(["type"] if has_values(obj) else [])]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        helps = {
            "section": _(
                "The heading under which it stands in forms and on pages: one that is there, or a "
                "new one. A form layout may put it elsewhere."
            ),
            "is_required": _(
                "Asked of everybody who fills in the form, and of programs and imports. What is "
                "stored already, and what rules write, is not stopped by it."
            ),
            "is_active": _("Out of use it is hidden everywhere, and what is stored stays."),
        }
        if field is not None and db_field.name in helps:
            field.help_text = helps[db_field.name]
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "position": CustomField.objects.count() + 1,
            **super().get_changeform_initial_data(request),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_field(obj, by=user_of(request))
        if not obj.is_active and "is_active" in form.changed_data:
            self.tell_uses(request, obj)
        if obj.is_active and obj.is_required and "is_required" in form.changed_data:
            self.tell_what_lacks_it(request, obj)

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        if not self.has_change_permission(request, obj):
            return []
        use = (
            Button(_("Take out of use"), "take_out_of_use")
            if obj.is_active
            else Button(_("Put back into use"), "put_into_use")
        )
        if obj.type == Type.RECORD:
            return [use]
        return [Button(_("Change the type"), url=self.address("retype", obj.pk)), use]

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.retype_view)
        name = "records_customfield_retype"
        return [path("<int:pk>/retype/", view, name=name), *super().get_urls()]

    def retype_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would become of every value; the button under that does it."""
        field = self.line_for(request, pk, may_change=True)
        if field.type == Type.RECORD:
            raise Http404
        user, sent = user_of(request), request.POST or request.GET
        form = TypeForm(sent if "type" in sent else None, field=field)
        context: dict[str, Any] = {
            "form": form,
        }
        if form.is_valid():
            type_ = form.cleaned_data["type"]
            is_text = not field.has_choices and type_ in {Type.CHOICE, Type.CHOICES}
            new = of_type(field, type_, words_in(field, type_) if is_text else ())
            try:
                found = preview_of(field, new, by=user)
                if request.method == "POST" and found.count > MOST_AT_ONCE and found.is_possible:
                    job = retype_later(field, new, count=found.count, by=user)
                    told = _("The values of %(field)s go along now. The job says how far it is.")
                    self.message_user(request, told % {"field": field}, messages.INFO)
                    return redirect(job.get_absolute_url())
                if request.method == "POST":
                    retype_field(field, new, by=user)
                    told = _("%(field)s is a %(type)s now. Every value went along.")
                    words = {"field": new, "type": str(new.get_type_display()).lower()}
                    self.message_user(request, told % words, messages.SUCCESS)
                    return redirect(self.address("change", field.pk))
                uses, left = uses_of(field, by=user), forms_left_out(field, new)
                context |= {"found": found, "new": new, "uses": uses, "left": left}
            except Refused as refusal:
                form.add_error("type", list(refusal.reasons))
        title = _("Change the type of %(field)s") % {"field": field}
        return self.own_page(request, "retype", title, context, original=field)

    @admin.action(permissions=["change"], description=gettext_lazy("Put selected into use"))
    def put_into_use(self, request: HttpRequest, queryset: Any) -> None:
        self._use(request, queryset, is_active=True)

    @admin.action(permissions=["change"], description=gettext_lazy("Take selected out of use"))
    def take_out_of_use(self, request: HttpRequest, queryset: Any) -> None:
        self._use(request, queryset, is_active=False)

    def _use(self, request: HttpRequest, queryset: Any, *, is_active: bool) -> None:
        for field in queryset:
            field.is_active = is_active
            save_field(field, by=user_of(request))
            told = (
                _("%(field)s can be filled in.")
                if is_active
                else _("%(field)s is out of use. What is stored stays.")
            )
            self.message_user(request, told % {"field": field}, messages.SUCCESS)
            if not is_active:
                self.tell_uses(request, field)

    def tell_what_lacks_it(self, request: HttpRequest, field: CustomField) -> None:
        """Say how many records that stand have no value of a field that is required now."""
        count = count_without(field)
        if not count:
            return
        told = ngettext(
            "%(count)s %(kind)s has no %(field)s yet. It stays as it is, and whoever edits it in a "
            "form is asked for it.",
            "%(count)s %(kinds)s have no %(field)s yet. They stay as they are, and whoever edits "
            "one in a form is asked for it.",
            count,
        )
        meta = custom.model_of(field.kind)._meta
        words = {"kind": meta.verbose_name, "kinds": meta.verbose_name_plural, "field": field}
        many = (
            formats.count(count)
            if count < MOST_USES
            else _("At least %(most)s") % {"most": formats.count(count)}
        )
        self.message_user(request, told % {"count": many, **words}, messages.WARNING)

    def tell_uses(self, request: HttpRequest, field: CustomField) -> None:
        """Say which rules, and which steps of a process, asked for a field that is out of use."""
        told: list[str] = []
        if field.kind == CustomField.Kind.LEAD:
            told = [
                _("The rule “%(rule)s” asks for it and cannot be met. A manager can mend it.")
                % {"rule": rule}
                for rule in rules_in_force(by=user_of(request)).active
                if field.name in rule.asks
            ]
        elif field.kind == CustomField.Kind.OPPORTUNITY:
            told = [
                _("The step %(step)s of %(stage)s asked for it. It is a box to tick from now on.")
                % {"step": step, "stage": step.stage}
                for step in Step.objects.filter(field=field.name).select_related("stage")
            ]
        for sentence in told:
            self.message_user(request, sentence, messages.WARNING)
