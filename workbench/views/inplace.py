"""Fields of a record that are changed where they are shown, on its page or in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import resolve, reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from records.custom import PREFIX
from records.errors import Busy, NotPermitted, Refused, Stale
from records.permissions import reaches
from workbench.custom import packed
from workbench.forms import RecordForm
from workbench.rows import PAGES, read_only
from workbench.templatetags.workbench import address
from workbench.views.conflict import merge_of, value_of
from workbench.views.record import Page, gone_context, gone_record
from workbench.views.saved_views import kind_named

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponseBase, QueryDict

    from records.models import Record

NO_VALUES = ("version", "is_different")  # of the form, and of no record
TRIES = 3  # while others go on changing other fields
SEVERAL = gettext_lazy("%(by)s changed %(label)s to “%(value)s”.")


class InPlace(Page, TemplateView):
    """A field, or some that say one thing: to fill in by GET, what is shown then by POST.

    Its form, its operation and its permission are those of the page on which it is changed without
    scripts, which whoever comes without them is sent to. The version that was read goes along; it
    stands in the way only of whoever changes what somebody else has changed since.
    """

    @cached_property
    def model(self) -> type[Record]:
        return kind_named(self.kwargs["kind"])

    def get_rows(self) -> QuerySet[Any, Any]:
        return self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def record(self) -> Any:
        return get_object_or_404(self.get_rows(), pk=self.kwargs["pk"])

    @property
    def name(self) -> str:
        """The field, the first one of several."""
        raise NotImplementedError

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every field that is asked for."""
        return (self.name,)

    # What the last save has changed.
    touched: Collection[str] = ()
    # Fields that somebody else has changed since they were read, as `merge_of` says it.
    differing: Sequence[dict[str, Any]] = ()

    def drawn(self) -> HttpResponse:
        """Return what is shown of the record as it is now."""
        raise NotImplementedError

    @cached_property
    def page(self) -> Any:
        """The page on which this is changed otherwise."""
        url = address(f"{self.namespace}:{PAGES.get(self.name, 'edit')}", self.record.pk)
        if not url:
            raise Http404
        page = resolve(url).func.view_class()  # type: ignore[attr-defined]
        page.setup(self.request, pk=self.record.pk)
        page.record = self.record
        page.url = url
        return page

    @property
    def asks_whole_record(self) -> bool:
        """Say whether the field is one of the form in which the whole record is changed."""
        return issubclass(type(self.page).form_class, RecordForm)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.record  # noqa: B018  kept for the answer
        except Http404:
            gone = gone_record(self.model, self.kwargs["pk"], self.user)
            if gone is None or not request.htmx:  # type: ignore[attr-defined]
                raise
            context = gone_context(gone, self.user)
            return render(request, "workbench/gone_notice.html", context, status=409)
        if not reaches(self.user, self.page.action, self.record):
            raise PermissionDenied(read_only(self.record))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form()
        if not request.htmx:  # type: ignore[attr-defined]
            return HttpResponseRedirect(f"{self.page.url}#id_{self.name}")
        if request.GET.keys() & {"cancel", "theirs"} or self.page.closed_because():
            return self.drawn()
        return self.shown(form)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if before := request.GET.get("undo", ""):
            return self.undone(before)
        form = self.form(request.POST)
        if not self.is_fine(form):
            return self.shown(form, status=422)
        before, was = self.record, self.many_in(self.record)
        try:
            saved = self.save(form)
        except Stale as refusal:
            return self.conflict(refusal)
        except Busy:
            raise
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
            return self.shown(form, status=422)
        except Refused as refusal:
            self.page.add_refusal(form, refusal)
            return self.shown(form, status=422)
        return self.answered(saved, before=before, was=was)

    # The form

    def form(self, data: QueryDict | None = None) -> Any:
        make: Any = type(self.page).form_class
        if not self.asks_whole_record:
            return make(data, record=self.record, user=self.user)
        # Whether somebody is another one than their twin is asked where it matters.
        form = make(data, instance=self.record, user=self.user, only=(*self.names, "is_different"))
        if self.name not in form.fields or self.name in NO_VALUES:
            raise Http404
        return form

    def is_fine(self, form: Any) -> bool:
        """Say whether what was typed can be saved; the version is the operation's to judge."""
        form.errors.pop("version", None)
        return not form.errors

    @property
    def version(self) -> int:
        """The version that was read; 0, which never was, for what is no number."""
        text = self.request.POST.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def save(self, form: Any) -> Any:
        """Save what was typed, also where somebody has changed other fields since it was read.

        Raises `Stale` where the same field was changed: `self.differing` says how.
        """
        version, names = self.version, self.names
        for _try in range(TRIES):
            try:
                return self.operate(form, version, names)
            except Stale as refusal:
                stale = refusal
                form = self.fresh_form()
                lines = merge_of(form, self.record, self.version)
                self.differing = [line for line in lines if line["name"] in self.names]
                if any(line["taken"] == "ask" for line in self.differing):
                    raise
                names = tuple(x["name"] for x in self.differing if x["taken"] == "mine")
                if not names:
                    return self.record
                version = self.record.version
        raise stale

    def fresh_form(self) -> Any:
        """Return what was typed over the record as it stands by now."""
        del self.record, self.page
        form = self.form(self.request.POST)
        self.is_fine(form)
        return form

    def operate(self, form: Any, version: int, names: tuple[str, ...]) -> Any:
        if not self.asks_whole_record:
            form.cleaned_data["version"] = version
            return self.page.run(form)
        changes = {n: v for n, v in form.changes.items() if n in (*names, "is_different")}
        return type(self.page).operation(
            self.record, by=self.user, version=version, **packed(changes)
        )

    # The answer

    def conflict(self, refusal: Stale) -> HttpResponse:
        """Show what somebody else has made of the field, beside what was typed."""
        form = self.fresh_form()
        is_one = len(self.names) == 1
        told = [
            (_("%(by)s changed this to “%(value)s”.") if is_one else SEVERAL)
            % {
                "by": line["by"] or refusal.by or _("Somebody"),
                "label": line["label"],
                "value": line["theirs"],
            }
            for line in self.differing
            if line["taken"] == "ask"
        ]
        return self.shown(form, status=409, conflict=told or [str(refusal)])

    def shown(self, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
        names = [n for n in (*self.names, "is_different") if n in form.fields]
        form.fields[names[0]].widget.attrs["autofocus"] = True
        context = {
            "fields": [form[name] for name in names],
            "label": form.fields[names[0]].label,
            "version": self.record.version if "conflict" in more else self.version_read,
            "errors": [str(text) for text in form.non_field_errors()] if form.is_bound else [],
            "page_url": self.page.url,
            "url": self.request.path,
            **more,
        }
        return self.render_to_response(context, status=status)

    @property
    def version_read(self) -> int:
        """The version that the form is about: it goes on to be the one that was read first."""
        return self.version or self.record.version

    def answered(self, saved: Any, *, before: Any, was: list[str]) -> HttpResponse:
        message = self.page.success_message(saved)
        seen = self.get_rows().filter(pk=saved.pk).first()
        if seen is None:
            return self.out_of_sight(saved, message)
        self.record = seen
        self.touched = differing_in(before, seen)
        answer = self.drawn()
        if seen.version != before.version:
            undo = self.page.undo_url(saved) if not self.asks_whole_record else ""
            query = urlencode({"undo": before.version, "was": was}, doseq=True)
            toast = {"text": message, "undo": undo or f"{self.request.path}?{query}"}
            trigger_client_event(answer, "toast", toast)
        return answer

    def out_of_sight(self, saved: Any, message: str) -> HttpResponse:
        """Answer when the record has gone where the user does not see it any more."""
        messages.success(self.request, message)
        return HttpResponseClientRedirect(reverse(f"{self.namespace}:list"))

    # Taking it back

    def many_in(self, record: Any) -> list[str]:
        """Return what a field sends of a relation to many, which the history does not keep."""
        if self.name not in {field.name for field in record._meta.many_to_many}:
            return []
        return [str(getattr(each, "pk", each)) for each in value_of(record, self.name)]

    def undone(self, before: str) -> HttpResponse:
        """Give the field back what it held at a version, unless somebody has changed it since."""
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 0
        row = self.record.history.filter(version=number).order_by("-history_id").first()
        if row is None:
            raise Http404
        try:
            values = self.values_at(row)
            type(self.page).operation(self.record, by=self.user, version=number + 1, **values)
        except (ObjectDoesNotExist, ValidationError):
            messages.error(self.request, _("What stood here before is gone for good."))
        except Busy:
            raise
        except Refused as refusal:
            messages.error(self.request, str(refusal))
        else:
            messages.success(self.request, _("%(record)s is as before") % {"record": self.record})
        return HttpResponseRedirect(self.back())

    def values_at(self, row: Any) -> dict[str, Any]:
        """Return what the fields held in a line of the history, as the operation takes it."""
        values: dict[str, Any] = {}
        many = {field.name for field in self.record._meta.many_to_many}
        fields = self.form().fields
        for name in (name for name in self.names if name in fields):
            if name.startswith(PREFIX):
                key = name.removeprefix(PREFIX)
                values["custom"] = {key: (row.custom or {}).get(key)}
            elif name in many:
                values[name] = list(fields[name].clean(self.request.GET.getlist("was")))
            else:
                values[name] = getattr(row, name)
        return values

    def back(self) -> str:
        came_from = self.request.headers.get("referer", "")
        is_ours = url_has_allowed_host_and_scheme(
            came_from, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return came_from if is_ours else str(self.record.get_absolute_url())


def differing_in(one: Any, other: Any) -> set[str]:
    """Return the fields in which two states of a record differ, custom ones by their names."""
    names = {
        column.name
        for column in one._meta.concrete_fields
        if getattr(one, column.attname) != getattr(other, column.attname)
    }
    keys = {*one.custom, *other.custom}
    return names | {f"{PREFIX}{k}" for k in keys if one.custom.get(k) != other.custom.get(k)}
