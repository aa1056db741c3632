"""Form layouts in the administration: the sections and fields of each form, to put in order."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import AccountForm, ContactForm
from leads.forms import LeadForm
from leads.rules import rules_in_force
from opportunities.forms import OpportunityForm
from opportunities.models import Step
from records import custom
from records.errors import Refused
from records.layouts import needed_of, parts_for, quick_parts_for
from records.models import CustomField, FormLayout
from records.operations.conditions import labels_ever
from records.operations.layouts import roll_back_layout, versions_of
from records.operations.shaping import (
    LONGEST_TITLE,
    MOST_EVER,
    MOST_SECTIONS,
    delete_layout,
    save_draft,
    save_layout,
)
from users import formats
from workbench.admin import Button, SettingAdmin, TellingForm, VersionedForm, user_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest, HttpResponse

    from users.models import User
    from workbench.forms import RecordForm

FORMS: dict[str, type[RecordForm]] = {
    CustomField.Kind.LEAD: LeadForm,
    CustomField.Kind.ACCOUNT: AccountForm,
    CustomField.Kind.CONTACT: ContactForm,
    CustomField.Kind.OPPORTUNITY: OpportunityForm,
}
BLANK_SECTIONS = 2
STEP = 10  # between two positions, so that something fits in
MOST_ROWS = MOST_EVER + 200
DRAFT = "_draft"  # the button that keeps what is typed without publishing it


def laid_out(kind: str, user: User) -> list[dict[str, Any]]:
    """Return the form of `kind` as `user` has it, with hidden fields, as a layout stores it."""
    model = FORMS[kind]._meta.model
    columns = {each.name for each in model._meta.get_fields()}
    standard = [
        (section.title, [name for row in section.rows for name in _named(row) if name in columns])
        for section in FORMS[kind].sections
    ]
    return [
        {
            "title": str(part.title),
            "fields": [
                {
                    "name": place.name,
                    "is_visible": place.is_visible,
                    "is_required": place.is_required,
                }
                for place in part.places
            ],
        }
        for part in parts_for(kind, user, standard)
        if part.places
    ]


def suppose(layout: FormLayout, user: User, sections: Any = None) -> None:
    """Let `user` see a form as those for whom it is laid out, with these sections or its own."""
    found = sections or layout.sections
    if layout.role_id and not layout.is_quick and not found:
        found = FormLayout.objects.get(kind=layout.kind, role=None, is_quick=False).sections
    custom.suppose(user, layout.kind, found, is_quick=layout.is_quick)


def shown_in(layout: FormLayout, user: User) -> list[dict[str, Any]]:
    """Return the sections that the editor shows: those of the draft, if there is one.

    A short form has what is not in it as a last section, with nothing of it shown.
    """
    suppose(layout, user, layout.draft)
    every = laid_out(layout.kind, user)
    if not layout.is_quick:
        return every
    quick = [
        {"title": str(part.title), "fields": [asdict(place) for place in part.places]}
        for part in quick_parts_for(layout.kind, user, FORMS[layout.kind].quick)
    ]
    named = {line["name"] for line in _lines(quick)}
    others = [line | {"is_visible": False} for line in _lines(every) if line["name"] not in named]
    return [*quick, {"title": _("Not in the short form"), "fields": others}]


def _named(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row


def fields_of(kind: str, user: User) -> dict[str, dict[str, Any]]:
    """Return what the editor says of each field of a form: its label, and what stays as it is."""
    form = FORMS[kind]
    needed = needed_of(form._meta.model)
    built_in = {
        name: {
            "label": field.label,
            "note": _("Always shown: nothing can be saved without it") if name in needed else "",
            "is_shown_always": name in needed,
            "is_required_always": field.required,
            "is_box": type(field) is forms.BooleanField,
        }
        for name, field in form.base_fields.items()
    }
    own = {
        each.name: {
            "label": each.label,
            "note": _("Custom field %(key)s") % {"key": each.key},
            "is_shown_always": each.is_required,
            "is_required_always": each.is_required,
            "is_box": False,
        }
        for each in custom.definitions_for(user).get(kind, ())
    }
    return built_in | own


class LayoutRows(forms.Widget):
    """The sections of a form with their fields in rows, and empty sections for more."""

    def __init__(self, fields: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__()
        self.fields = fields or {}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        sections: list[dict[str, Any]] = [
            {
                "title": str(data.get(f"{name}-{number}-title", "")).strip(),
                "place": _whole(data.get(f"{name}-{number}-place")),
                "lines": [],
            }
            for number in range(_count(data, f"{name}-sections", MOST_SECTIONS + BLANK_SECTIONS))
        ]
        for number in range(_count(data, f"{name}-fields", MOST_ROWS)):
            row = f"{name}-field-{number}"
            field = str(data.get(f"{row}-name", ""))
            chosen = _whole(data.get(f"{row}-section"))
            if field and chosen < len(sections):
                line = {
                    "name": field,
                    "is_visible": f"{row}-is_visible" in data,
                    "is_required": f"{row}-is_required" in data and f"{row}-is_visible" in data,
                }
                sections[chosen]["lines"].append((_whole(data.get(f"{row}-place")), line))
        return [
            {
                "title": section["title"],
                "fields": [line for _place, line in sorted(section["lines"], key=_by_place)],
            }
            for section in sorted(sections, key=lambda section: section["place"])
            if section["lines"]
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-sections" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        blank = [{"title": "", "fields": [], "is_new": True}] * BLANK_SECTIONS
        sections: list[dict[str, Any]] = []
        count = 0
        for number, section in enumerate([*(value or ()), *blank]):
            rows = []
            for place, line in enumerate(section["fields"], start=1):
                known = self.fields.get(line["name"], {"label": line["name"]})
                key = f"{name}-field-{count}"
                rows.append({**line, **known, "input": key, "place": place * STEP})
                count += 1
            place = (number + 1) * STEP
            sections.append({**section, "number": number, "place": place, "rows": rows})
        return render_to_string(
            "admin/layout_rows.html",
            {"name": name, "sections": sections, "count": count, "longest": LONGEST_TITLE},
        )


def _by_place(pair: tuple[int, Any]) -> int:
    return pair[0]


def _whole(text: Any) -> int:
    """Read a small number; whatever is none stands last."""
    text = str(text or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 10**6


def _count(data: Mapping[str, Any], name: str, most: int) -> int:
    told = _whole(data.get(name))
    return 0 if told == 10**6 else min(told, most)


class LayoutField(forms.Field):
    """The sections of a form; the operation says what is wrong with them."""

    widget = LayoutRows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != (data or []))


class FormLayoutForm(VersionedForm):
    """The layout of one form."""

    sections = LayoutField(
        label=gettext_lazy("Sections"),
        required=False,
    )

    class Meta:
        model = FormLayout
        fields = ("sections",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sections" in self.fields:
            kind = self.instance.kind
            self.fields["sections"].widget = LayoutRows(fields_of(kind, self.user))
            self.initial["sections"] = shown_in(self.instance, self.user)

    def clean_sections(self) -> Any:
        sections = self.cleaned_data["sections"]
        if self.instance.is_quick:
            sections = without_hidden(sections)
        form = FORMS[self.instance.kind]
        visible = {line["name"] for line in _lines(sections) if line["is_visible"]}
        if form.one_of and not visible & set(form.one_of):
            labels = ", ".join(str(form.base_fields[name].label) for name in form.one_of)
            raise forms.ValidationError(
                _("Show at least one of these, or nothing can be saved: %(fields)s")
                % {"fields": labels}
            )
        return sections

    def standing(self, name: str) -> str:
        known = fields_of(self.instance.kind, self.user)
        told = []
        for section in shown_in(self.as_it_stands(), self.user):
            labels = [
                str(known.get(line["name"], {"label": line["name"]})["label"])
                for line in section["fields"]
                if line["is_visible"]
            ]
            told.append(f"{section['title'] or _('Without a heading')} ({', '.join(labels)})")
        return "; ".join(told)

    def _get_validation_exclusions(self) -> set[str]:
        # The operation says it in words.
        return {*super()._get_validation_exclusions(), "sections"}  # type: ignore[misc]


def in_words(
    sections: Iterable[Mapping[str, Any]], labels: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Say which fields stand where: the title of each section, and what is shown in it."""
    return [
        (
            str(section.get("title") or _("Without a heading")),
            ", ".join(
                labels.get(line["name"], line["name"])
                for line in section["fields"]
                if line.get("is_visible", True)
            ),
        )
        for section in sections
    ]


def without_hidden(sections: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sections of a short form: it has what it shows, and no more."""
    return [
        {**section, "fields": [line for line in section["fields"] if line["is_visible"]]}
        for section in sections
    ]


def _lines(sections: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [line for section in sections for line in section["fields"]]


class NewLayoutForm(TellingForm):
    """Which form is laid out, and for whom."""

    class Meta:
        model = FormLayout
        fields = ("kind", "role", "is_quick")


@admin.register(FormLayout)
class FormLayoutAdmin(SettingAdmin):
    """How the forms are laid out: one line for each form, and more for roles and short forms."""

    form = FormLayoutForm
    change_form_template = "admin/layout_form.html"
    list_display = ("__str__", "state")
    list_select_related = ("role",)
    ordering = ("pk",)
    sortable_by = ()
    actions = ("put_back", "drop_draft")
    save_on_top = False
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": ["sections"],
                "description": gettext_lazy(
                    "Positions put sections and fields in order: type 15 to stand between 10 and "
                    "20. A section that has no field left goes. What is hidden keeps what is "
                    "stored in it."
                ),
            },
        ),
    )

    @admin.display(description=gettext_lazy("layout"))
    def state(self, layout: FormLayout) -> str:
        standing = _("As for everyone") if layout.role_id else _("As built in")
        told = _("Laid out here") if layout.sections else standing
        return told if layout.draft is None else _("%(state)s, with a draft") % {"state": told}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_own = obj is None or obj.role_id is not None or obj.is_quick
        return is_own and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: FormLayout) -> None:
        delete_layout(obj, by=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for layout in queryset:
            delete_layout(layout, by=user_of(request))

    # A new one

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewLayoutForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["kind", "role", "is_quick"]})]
        return super().get_fieldsets(request, obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Go on where its fields are put in order."""
        return HttpResponseRedirect(self.address("change", obj.pk))

    # Changes

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        buttons = [Button(_("Versions"), url=self.address("versions", obj.pk))]
        if not self.has_change_permission(request, obj):
            return buttons
        if obj.draft is not None:
            buttons.append(Button(_("Discard the draft"), "drop_draft"))
        if obj.sections:
            buttons.append(Button(_("Back to the default"), "put_back"))
        return buttons

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change and "sections" not in form.changed_data and obj.draft is None:
            return  # a form that stands as built in goes on standing so
        if DRAFT in request.POST:
            obj.draft, obj.sections = obj.sections, form.as_it_stands().sections
            save_draft(obj, by=user_of(request))
            return
        save_layout(obj, by=user_of(request))
        self.tell_what_asks(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        if DRAFT not in request.POST:
            return super().response_change(request, obj)
        told = _("The draft is kept. Nobody works with it before you publish it.")
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(self.address("change", obj.pk))

    @admin.action(permissions=["change"], description=gettext_lazy("Discard the draft"))
    def drop_draft(self, request: HttpRequest, queryset: Any) -> None:
        for layout in queryset:
            layout.draft = None
            save_draft(layout, by=user_of(request))
            told = _("The draft is gone: %(form)s") % {"form": layout}
            self.message_user(request, told, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Back to the default"))
    def put_back(self, request: HttpRequest, queryset: Any) -> None:
        for layout in queryset:
            layout.sections = []
            save_layout(layout, by=user_of(request))
            self.message_user(
                request, _("The form stands as built in: %(form)s") % {"form": layout},
                messages.SUCCESS,
            )  # fmt: skip

    def tell_what_asks(self, request: HttpRequest, layout: FormLayout) -> None:
        """Say which rules and steps ask for a field that the form does not show."""
        hidden = {line["name"] for line in _lines(layout.sections) if not line["is_visible"]}
        told: list[str] = []
        if layout.kind == CustomField.Kind.LEAD:
            told = [
                _("The rule “%(rule)s” asks for a field that the form hides.") % {"rule": rule}
                for rule in rules_in_force(by=user_of(request)).active
                if hidden & {rule.field, *rule.asks}
            ]
        elif layout.kind == CustomField.Kind.OPPORTUNITY:
            told = [
                _("The step %(step)s of %(stage)s asks for a field that the form hides.")
                % {"step": step, "stage": step.stage}
                for step in Step.objects.filter(field__in=hidden).select_related("stage")
            ]
        for sentence in told:
            self.message_user(request, sentence, messages.WARNING)

    # The preview

    def get_urls(self) -> Any:
        preview = self.admin_site.admin_view(self.preview_view)
        name = "records_formlayout_preview"
        versions = self.admin_site.admin_view(self.versions_view)
        return [
            path("<int:pk>/preview/", preview, name=name),
            path("<int:pk>/versions/", versions, name="records_formlayout_versions"),
            *super().get_urls(),
        ]

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """List the layouts that the form has had; a post brings one of them back."""
        layout = self.line_for(request, pk)
        if request.method == "POST":
            self.roll_back(request, layout)
            return HttpResponseRedirect(self.address("versions", pk))
        user = user_of(request)
        known = {name: str(each["label"]) for name, each in fields_of(layout.kind, user).items()}
        labels = labels_ever(layout.kind, user) | known
        context = {
            "may_change": self.has_change_permission(request, layout),
            "versions": [
                {
                    "number": version.number,
                    "at": formats.moment(version.at),
                    "by": version.by,
                    "told": in_words(version.sections, labels),
                }
                for version in versions_of(layout)
            ],
        }
        title = _("Versions of the form: %(form)s") % {"form": layout}
        return self.own_page(request, "layout_versions", title, context, original=layout)

    def roll_back(self, request: HttpRequest, layout: FormLayout) -> None:
        text = request.POST.get("number", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        try:
            roll_back_layout(layout, by=user_of(request), number=number)
        except Refused as refusal:
            self.message_user(request, " ".join(refusal.reasons), messages.ERROR)
        else:
            self.message_user(request, _("The form is laid out as it was then."), messages.SUCCESS)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the form as the rows that were sent would lay it out; nothing is stored."""
        layout = self.line_for(request, pk)
        user, sections = user_of(request), layout.draft
        if request.method == "POST":
            sections = LayoutRows().value_from_datadict(request.POST, {}, "sections")
            sections = without_hidden(sections) if layout.is_quick else sections
        suppose(layout, user, sections)
        form = FORMS[layout.kind](user=user, is_quick=layout.is_quick)
        context = {
            "form": form,
            "layout": layout,
            "title": _("Preview: %(form)s") % {"form": layout},
        }
        return TemplateResponse(request, "admin/layout_preview.html", context)
