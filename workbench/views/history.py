"""What the fields of a record held, one after the other, and how one gets back what it held."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.forms import ModelChoiceField
from django.http import Http404, HttpResponse, QueryDict
from django.urls import resolve, reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from records import custom
from records.errors import Busy, Refused, Unacceptable
from records.layouts import hidden_in
from records.models import AuditEntry
from records.permissions import fixed_fields, reaches
from workbench.custom import packed
from workbench.forms import LookupField, RecordForm
from workbench.views.conflict import as_sent
from workbench.views.record import RecordPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

SHOWN = 50
# So many of the last changes are looked through for the fields that have a history.
LOOKED_THROUGH = 500
OLD, NEW = "old", "new"


class HistoryView(RecordPage, TemplateView):
    """The values that a field of a record has held, the newest first; by POST one comes back.

    A value is given back by the form and the operation of the record's edit page, so whatever they
    refuse is refused here too, with their sentence. Without `?field=` it says which fields have a
    history. A room names its `words_of`: what lines of the trail say, to whom.
    """

    template_name = "workbench/history.html"
    title = gettext_lazy("History")
    words_of: Any = None

    @cached_property
    def edit_page(self) -> Any:
        """The page on which the whole record is edited."""
        url = reverse(f"{self.namespace}:edit", kwargs={"pk": self.record.pk})
        page = resolve(url).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request, pk=self.record.pk)
        page.record = self.record
        return page

    @cached_property
    def lines(self) -> Any:
        kind = ContentType.objects.get_for_model(self.model)
        rows = AuditEntry.objects.filter(record_type=kind, record_id=self.record.pk)
        return rows.select_related("actor").order_by("-at", "-pk")

    @property
    def may_edit(self) -> bool:
        return reaches(self.user, "change", self.record) and not self.edit_page.closed_because()

    # Reading

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        field = self.request.GET.get("field", "")[:100].replace("\x00", "")
        context = super().get_context_data(field=field, **kwargs)
        return context | (self.values_of(field) if field else {"fields": self.fields()})

    def fields(self) -> list[dict[str, str]]:
        """Return the fields that were changed, with the addresses of their histories."""
        found: dict[str, None] = {}
        for changes in self.lines.exclude(changes={}).values_list("changes", flat=True)[
            :LOOKED_THROUGH
        ]:
            found |= dict.fromkeys(changes)
        told = [
            {"label": self.label_of(name), "url": f"?{urlencode({'field': name})}"}
            for name in found
            if self.is_told(name)
        ]
        return sorted(told, key=lambda each: each["label"].casefold())

    def values_of(self, field: str) -> dict[str, Any]:
        """Return a page of what a field has held. Raises `Http404` for what is no field."""
        if not self.is_told(field):
            raise Http404
        rows = self.lines.filter(changes__has_key=field)
        at = rows.filter(pk=number_of(self.request.GET.get("before", ""))).first()
        if at is not None:
            rows = rows.filter(models.Q(at__lt=at.at) | models.Q(at=at.at, pk__lt=at.pk))
        found = list(rows[: SHOWN + 1])
        has_more, found = len(found) > SHOWN, found[:SHOWN]
        words = self.words_of(self.model, found, field, self.user)
        values = [
            {
                "value": new,
                "at": line.at,
                "by": line.actor,
                "entry": line.pk,
                "take": NEW,
                "is_current": number == 0 and at is None,
            }
            for number, (line, (_old, new)) in enumerate(zip(found, words, strict=True))
        ]
        if found and not has_more:
            # What it began with: nobody wrote a line about that.
            values.append(
                {
                    "value": words[-1][0],
                    "at": self.record.created_at,
                    "by": self.record.created_by,
                    "entry": found[-1].pk,
                    "take": OLD,
                    "is_current": False,
                }
            )
        more = urlencode({"field": field, "before": found[-1].pk}) if has_more else ""
        return {
            "label": self.label_of(field),
            "values": values,
            "older_url": f"?{more}" if more else "",
            "may_restore": self.may_edit and self.can_restore(field),
        }

    def is_told(self, name: str) -> bool:
        """Say whether a name of the trail is a field that is shown to the user."""
        if name in hidden_in(self.kind, self.user):
            return False
        if name.startswith(custom.PREFIX):
            return any(each.name == name for each in self.definitions)
        return column_of(self.model, name) is not None

    @cached_property
    def definitions(self) -> Any:
        return custom.known_to(self.user).fields.get(self.kind, ())

    def label_of(self, name: str) -> str:
        if name.startswith(custom.PREFIX):
            return next((each.label for each in self.definitions if each.name == name), name)
        return str(capfirst(str(getattr(column_of(self.model, name), "verbose_name", name))))

    def can_restore(self, name: str) -> bool:
        """Say whether the edit page of the record asks the user for this field."""
        if name in fixed_fields(self.user, self.kind):
            return False
        if name.startswith(custom.PREFIX):
            return any(each.name == name and each.is_active for each in self.definitions)
        return name != "owner" and name in type(self.edit_page).form_class.base_fields

    # Restoring

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not reaches(self.user, "change", self.record):
            raise PermissionDenied(_("You can read this but not change it."))
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = {
            name: (request.POST.get(name) or request.GET.get(name, ""))[:100]
            for name in ("entry", "field", "take", "version")
        }
        line = self.lines.filter(pk=number_of(asked["entry"])).first()
        name, version = asked["field"], number_of(asked["version"])
        if line is None or name not in line.changes or not self.is_told(name):
            raise Http404
        change = line.changes[name]
        if not (isinstance(change, list) and len(change) == 2):
            raise Http404
        value = change[1 if asked["take"] == NEW else 0]
        try:
            saved = self.give_back(name, value, version)
        except Busy:
            raise
        except Refused as refusal:
            messages.error(request, self.because(name, refusal))
            return self.go(self.back())
        self.say(name, saved, is_undo=version > 0)
        return self.go(self.back())

    def give_back(self, name: str, value: Any, version: int) -> Any:
        """Set a field to a value of the trail, as if somebody had typed it into the edit page."""
        if closed := self.edit_page.closed_because():
            raise Refused(closed)
        if name == "owner":
            raise Refused(_("Assign it to give it to somebody else."))
        make: Any = type(self.edit_page).form_class
        empty: RecordForm = make(instance=self.record, user=self.user)
        if name not in empty.fields:
            raise Refused(_("This field is not asked for here any more, so it stays as it is."))
        data = QueryDict(mutable=True)
        for each in empty.fields:
            data.setlist(each, as_sent(empty, each))
        data["version"] = str(self.record.version)
        data.setlist(name, sent_as(empty, name, value))
        form: RecordForm = make(data, instance=self.record, user=self.user)
        if not form.is_valid():
            told = form.errors.get(name) or [_("Something else is missing. Edit the whole record.")]
            raise Unacceptable(errors={name: [str(each) for each in told]})
        changes = {each: given for each, given in form.changes.items() if each == name}
        return type(self.edit_page).operation(
            self.record, by=self.user, version=version or self.record.version, **packed(changes)
        )

    def because(self, name: str, refusal: Refused) -> str:
        return _("%(field)s stays as it is. %(why)s") % {
            "field": self.label_of(name),
            "why": " ".join(refusal.reasons),
        }

    def say(self, name: str, saved: Any, *, is_undo: bool) -> None:
        """Say what was done, with the way back."""
        label = self.label_of(name)
        if saved.version == self.record.version:
            messages.info(self.request, _("%(field)s has this value already") % {"field": label})
            return
        if is_undo:
            messages.success(self.request, _("%(field)s is as before") % {"field": label})
            return
        line = self.lines.filter(changes__has_key=name).first()
        undo = urlencode({"entry": line.pk, "field": name, "take": OLD, "version": saved.version})
        messages.success(
            self.request,
            _("%(field)s restored") % {"field": label},
            extra_tags=f"undo:{self.request.path}?{undo}",
        )

    def back(self) -> str:
        came_from = self.request.headers.get("referer", "")
        is_ours = url_has_allowed_host_and_scheme(
            came_from, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return came_from if is_ours else str(self.record.get_absolute_url())


def number_of(text: str) -> int:
    """Return the number that an address gives, 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def column_of(model: type[models.Model], name: str) -> Any:
    """Return the column or relation of this name, if the model has one of its own."""
    with suppress(FieldDoesNotExist):
        column = model._meta.get_field(name)
        return column if hasattr(column, "attname") else None
    return None


def sent_as(form: RecordForm, name: str, value: Any) -> list[str]:
    """Return what the form would send for a value of the trail.

    Raises `Unacceptable` for a record that is gone, or that the user may not see.
    """
    field = form.fields[name]
    if isinstance(field, ModelChoiceField):
        return _records_as_sent(field, name, value)
    if name.startswith(custom.PREFIX):
        definition = getattr(field, "definition", None)
        natural = custom.natural(definition, value) if definition is not None else value
        form.initial[name] = value if natural is None else natural
    else:
        form.initial[name] = typed(column_of(type(form.instance), name), value)
    return as_sent(form, name)


def _records_as_sent(field: Any, name: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    sent = []
    for each in values:
        # A custom field that links has the number alone.
        key = each.get("id") if isinstance(each, dict) else each if isinstance(each, int) else None
        rows = field.queryset
        found = rows.filter(pk=key).first() if key is not None else None
        if key is None:
            # Of several the trail has only the names.
            found = next((row for row in rows if str(row) == str(each)), None)
        if found is None:
            gone = _("What stood here is gone, out of use, or nothing that you can open.")
            raise Unacceptable(errors={name: [gone]})
        sent.append(f"#{found.pk}" if isinstance(field, LookupField) else str(found.pk))
    return sent


def typed(column: Any, value: Any) -> Any:
    """Return a value of the trail, where amounts and moments are text, as its column holds it."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError, InvalidOperation):
        if isinstance(column, models.DecimalField):
            return Decimal(value)
        if isinstance(column, models.DateTimeField):
            return datetime.fromisoformat(value)
        if isinstance(column, models.DateField):
            return date.fromisoformat(value)
    return value
