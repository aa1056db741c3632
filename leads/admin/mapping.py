"""The mapping in the administration: which field of a lead goes where, tried on a real lead."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import FieldMapping, Lead
from leads.operations import preview
from leads.operations.carrying import destination_of, label_of, save_mapping, sources_for
from leads.operations.destinations import destinations_for
from leads.rules import with_rules
from records.errors import Refused
from records.models import CustomField
from workbench.admin import SettingAdmin, VersionedForm, user_of
from workbench.forms import LookupField

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from leads.operations.destinations import Destination


class MappingForm(VersionedForm):
    """A line of the mapping: both ends are chosen from what there is."""

    source = forms.ChoiceField(label=gettext_lazy("Field of the lead"))
    destination = forms.ChoiceField(label=gettext_lazy("Field that it fills"))

    class Meta:
        model = FieldMapping
        fields = ("source", "policy", "default", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gone = _("%(name)s, out of use")
        sources = sources_for(self.user)
        choices = [(name, f"{each.label} ({name})") for name, each in sources.items()]
        if self.instance.source and self.instance.source not in sources:
            name = label_of(self.instance.source, self.user)
            choices.append((self.instance.source, gone % {"name": name}))
        self.destinations = {
            f"{kind}.{name}": each for (kind, name), each in destinations_for(self.user).items()
        }
        places: list[Any] = [("", "---------"), *grouped(self.destinations)]
        stands = self.instance.destination if self.instance.pk else ""
        if stands and stands not in self.destinations:
            places.append((stands, gone % {"name": self.instance.target or stands}))
        if "source" in self.fields:
            self.fields["source"].choices = choices  # type: ignore[attr-defined]
            self.fields["destination"].choices = places  # type: ignore[attr-defined]
            self.initial["destination"] = stands

    def clean_destination(self) -> str:
        chosen: str = self.cleaned_data["destination"]
        if (place := self.destinations.get(chosen)) is not None:
            self.instance.target = place.definition
            self.instance.column = "" if place.is_custom else chosen
        return chosen


def grouped(destinations: dict[str, Destination]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return fields to choose from, by the kind of record that has them."""
    lines = sorted(destinations.items(), key=lambda pair: pair[1].kind)
    return [
        (kind, [(name, f"{each.label} ({each.name})") for name, each in found])
        for kind, found in groupby(lines, key=lambda pair: pair[1].kind_label)
    ]


class TrialForm(forms.Form):
    """Which lead to try the mapping on."""

    lead = LookupField(Lead.objects.all(), label=gettext_lazy("Name of an open lead"))

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = rows  # type: ignore[attr-defined]


@admin.register(FieldMapping)
class FieldMappingAdmin(SettingAdmin):
    """Which field of a lead fills which field when the lead is qualified."""

    form = MappingForm
    change_list_template = "admin/mapping_list.html"
    list_display = ("source_name", "target_name", "kind", "policy", "default", "is_active")
    list_filter = ("is_active", "policy")
    list_select_related = ("target",)
    search_fields = ("source", "target__label", "target__key", "column")
    ordering = ("target__kind", "target__position", "column", "pk")
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": ["source", "destination", "policy", "default", "is_active"],
                "description": gettext_lazy(
                    "A built-in field is filled from the lead's own by itself, and a custom field "
                    "from the lead's custom field of the same key and type. A line here takes "
                    "another field instead, or says what happens to a value that is there."
                ),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_mapping(obj, by=user_of(request))

    @admin.display(description=gettext_lazy("field of the lead"))
    def source_name(self, mapping: Any) -> str:
        return label_of(mapping.source, mapping.reader)

    @admin.display(description=gettext_lazy("field that it fills"))
    def target_name(self, mapping: Any) -> str:
        place = destination_of(mapping, mapping.reader)
        return str(place or mapping.target or mapping.column.partition(".")[2])

    @admin.display(description=gettext_lazy("belongs to"))
    def kind(self, mapping: FieldMapping) -> str:
        return str(CustomField.Kind(mapping.destination.partition(".")[0]).label)

    # The trial

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.trial_view)
        return [path("try/", view, name="leads_fieldmapping_try"), *super().get_urls()]

    def trial_view(self, request: HttpRequest) -> HttpResponse:
        """Say what would become of a lead's fields if it were qualified now; nothing is stored."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        user = user_of(request)
        rows = Lead.objects.permitted(user, "view").open()
        form = TrialForm(request.GET if "lead" in request.GET else None, rows=rows)
        context: dict[str, Any] = {
            "form": form,
        }
        if form.is_valid():
            pk = form.cleaned_data["lead"].pk
            lead = with_rules(rows).select_related("owner", "account", "contact").get(pk=pk)
            context["lead"] = lead
            try:
                found = preview(lead, by=user)
            except Refused as refusal:
                context["refusal"] = str(refusal)
            else:
                context |= {"steps": found.steps, "lines": self.lines(lead, request)}
        return self.own_page(request, "mapping_try", _("Try the mapping on a lead"), context)

    def lines(self, lead: Lead, request: HttpRequest) -> list[dict[str, str]]:
        """Return what each line of the mapping finds on a lead."""
        user = user_of(request)
        sources, told = sources_for(user), []
        for line in self.get_queryset(request).filter(is_active=True):
            source, target = sources.get(line.source), destination_of(line, user)
            value = source.in_words(lead) if source else ""
            told.append(
                {
                    "source": label_of(line.source, user),
                    "value": value,
                    "target": f"{target.kind_label}: {target}" if target else line.destination,
                    "policy": str(line.get_policy_display()),
                    "default": line.default,
                }
            )
        return told
