"""Form layouts in the administration: the sections and fields of each form, to put in order."""

from __future__ import annotations

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
from records.layouts import needed_of, parts_for
from records.models import CustomField, FormLayout
from records.operations.layouts import roll_back_layout, versions_of
from records.operations.shaping import LONGEST_TITLE, MOST_EVER, MOST_SECTIONS, save_layout
from users import formats
from workbench.admin import Button, SettingAdmin, VersionedForm, user_of

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
            self.initial["sections"] = laid_out(kind, self.user)

    def clean_sections(self) -> Any:
        sections = self.cleaned_data["sections"]
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
        for section in laid_out(self.instance.kind, self.user):
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


def in_words(sections: Iterable[Mapping[str, Any]]) -> str:
    """Say in a line which fields stand where."""
    told = [
        f"{section.get('title') or _('Without a heading')}: "
        + ", ".join(line["name"] for line in section["fields"] if line.get("is_visible", True))
        for section in sections
    ]
    return "; ".join(told) or _("As built in")


def _lines(sections: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [line for section in sections for line in section["fields"]]


@admin.register(FormLayout)
class FormLayoutAdmin(SettingAdmin):
    """How the forms are laid out: there is one line for each form, neither more nor less."""

    form = FormLayoutForm
    change_form_template = "admin/layout_form.html"
    list_display = ("kind", "state")
    ordering = ("pk",)
    sortable_by = ()
    actions = ("put_back",)
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
        return _("Laid out here") if layout.sections else _("As built in")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        buttons = [Button(_("Versions"), url=self.address("versions", obj.pk))]
        if obj.sections and self.has_change_permission(request, obj):
            buttons.append(Button(_("Back to the default"), "put_back"))
        return buttons

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "sections" not in form.changed_data:
            return  # a form that stands as built in goes on standing so
        save_layout(obj, by=user_of(request))
        self.tell_what_asks(request, obj)

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
        context = {
            "may_change": self.has_change_permission(request, layout),
            "versions": [
                {
                    "number": version.number,
                    "at": formats.moment(version.at),
                    "by": version.by,
                    "told": in_words(version.sections),
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
        user = user_of(request)
        if request.method == "POST":
            sections = LayoutRows().value_from_datadict(request.POST, {}, "sections")
            custom.suppose(user, layout.kind, sections)
        form = FORMS[layout.kind](user=user)
        context = {
            "form": form,
            "layout": layout,
            "title": _("Preview: %(form)s") % {"form": layout},
        }
        return TemplateResponse(request, "admin/layout_preview.html", context)
