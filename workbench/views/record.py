"""The page of one record, and the forms that make and change one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from django.views.generic.base import ContextMixin, View
from django.views.generic.edit import FormMixin
from django_htmx.http import HttpResponseClientRedirect

from records import custom
from records.errors import Busy, KeyReused, NotPermitted, Refused, Stale, Unacceptable
from records.models import TimelineRecord
from records.operations import once
from records.operations.merging import survivor_of
from records.operations.tags import in_order
from records.permissions import may, reaches, restrict, unnamed
from workbench.custom import Fitting, packed
from workbench.forms import LookupField, RecordForm, error_links, is_editing_only
from workbench.views.timeline import restoring_of, timeline_context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet
    from django.forms import BaseForm

    from records.models import Record
    from users.models import User


# Where a page puts a dialog.
DIALOG = "dialog"
# What htmx gets instead of a record's page, by the place that it goes to.
TIMELINE_PARTS = {
    "timeline-part": "components/timeline.html",
    "timeline-more": "components/timeline.html#older",
    "composer": "components/composer.html",
}


class Page(ContextMixin, View):
    """A page about a kind of record."""

    model: ClassVar[type[Record]]
    title: ClassVar[Any] = ""

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]

    @cached_property
    def namespace(self) -> str:
        return self.model().url_namespace

    @property
    def kind(self) -> str:
        return str(self.model._meta.model_name)

    def page_title(self) -> str:
        return str(self.title) or str(self.model._meta.verbose_name_plural).capitalize()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            kind=self.kind,
            title=self.page_title(),
            namespace=self.namespace,
            list_url=reverse(f"{self.namespace}:list"),
            names=self.model._meta.verbose_name_plural,
            name=self.model._meta.verbose_name,
            **kwargs,
        )

    def go(self, url: str) -> HttpResponse:
        """Send the browser on, also when htmx asked."""
        if self.request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(url)
        return HttpResponseRedirect(url)


class RecordPage(Page):
    """A page about one record: outside the scope of the user it does not exist.

    `action` is what the page does. A record that one may see but not do this to is forbidden.
    `related` names what to fetch along with the record, `actions` what `may` tells the template.
    """

    action: ClassVar[str] = "view"
    related: ClassVar[Sequence[str]] = ("owner",)
    actions: ClassVar[Sequence[str]] = ("change", "delete", "assign")

    def get_rows(self) -> QuerySet[Any, Any]:
        return self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def record(self) -> Any:
        rows = self.get_rows().select_related(*self.related)
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reaches(self.user, self.action, self.record):
            raise PermissionDenied(
                _("You can read this %(kind)s but not do this. Ask %(owner)s.")
                % {
                    "kind": self.model._meta.verbose_name,
                    "owner": self.record.owner or _("your manager"),
                }
            )
        return super().dispatch(request, *args, **kwargs)

    def page_title(self) -> str:
        return str(self.title) or str(self.record)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            record=self.record,
            may={action: reaches(self.user, action, self.record) for action in self.actions},
            **{self.kind: self.record, **kwargs},
        )


class RecordView(RecordPage, TemplateView):
    """One record, to read and to act on. Its template is `<room>/detail.html`.

    A room whose records have a timeline names `timeline_of` and `next_up`; the page then answers
    `?kind=`, `?text=` and `?before=` (what the timeline shows) and `?compose=` (what to add), and
    htmx gets only that part.
    """

    timeline_of: ClassVar[Callable[..., Any] | None] = None
    next_up: ClassVar[Callable[..., Any] | None] = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Say of a record that was merged what it is part of, to those who could see it."""
        try:
            self.record  # noqa: B018  kept for the page
        except Http404:
            if (merged := merged_page(self.model, self.kwargs["pk"], self.user)) is None:
                raise
            return render(request, "workbench/merged.html", merged)
        return super().dispatch(request, *args, **kwargs)

    def get_rows(self) -> QuerySet[Any, Any]:
        rows: Any = super().get_rows()
        return rows.with_tag_names() if issubclass(self.model, TimelineRecord) else rows  # type: ignore[no-any-return]

    def get_template_names(self) -> list[str]:
        target = self.request.htmx and self.request.htmx.target  # type: ignore[attr-defined]
        if target in TIMELINE_PARTS:
            return [TIMELINE_PARTS[target]]
        return [self.template_name or f"{self.namespace}/detail.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.timeline_of is not None and self.next_up is not None:
            kwargs |= timeline_context(
                self.record,
                self.request.GET,
                viewer=self.user,
                timeline_of=self.timeline_of,
                next_up=self.next_up,
                restoring=restoring_of(self.record, self.user) if kwargs.get("edit_url") else None,
            )
        return super().get_context_data(**kwargs)


def merged_page(model: type[Record], pk: int, user: User) -> dict[str, Any] | None:
    """Return what `workbench/merged.html` shows of a record that is part of another one by now.

    Nothing is returned for one that is not, and for one that the user may not see.
    """
    gone = restrict(model._base_manager.filter(pk=pk), user, "view").first()
    found = None if gone is None else survivor_of(gone)
    if gone is None or found is None:
        return None
    merge, survivor = found
    is_seen = survivor is not None and reaches(user, "view", survivor)
    return {
        "kind": model._meta.model_name,
        "record": gone,
        "names": model._meta.verbose_name_plural,
        "survivor": survivor if is_seen else unnamed(model),
        "survivor_url": survivor.get_absolute_url() if is_seen else "",
        "merge_url": merge.get_absolute_url() if is_seen else "",
        "list_url": reverse(f"{model().url_namespace}:list"),
    }


class FormPage(Page, FormMixin[Any], TemplateView):
    """A page with a form: shown, handed on, or back again with its errors."""

    submit_label: ClassVar[Any] = ""
    # Whether the page says beside the form what looks like the record that is typed.
    has_hints: ClassVar[bool] = False

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.user}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.closed_because():
            return self.render_to_response(self.get_context_data(), status=409)
        form = self.get_form()
        if is_editing_only(form):
            return self.form_invalid(form, status=200)
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            outcome = self.run(form)
        except Stale as refusal:
            return self.is_stale(form, refusal)
        except NotPermitted as refusal:
            # It may be about another record than this one: what was typed stays in the form.
            self.add_refusal(form, refusal)
            return self.form_invalid(form, status=403)
        except Busy:
            raise
        except Refused as refusal:
            self.add_refusal(form, refusal)
            return self.form_invalid(form)
        if message := self.success_message(outcome):
            undo = self.undo_url(outcome)
            messages.success(self.request, message, extra_tags=f"undo:{undo}" if undo else "")
        return self.go(self.success_url_for(outcome))

    def form_invalid(self, form: Any, status: int = 422, **more: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **more), status=status)

    def add_refusal(self, form: BaseForm, refusal: Refused) -> None:
        """Put the sentences of a refusal where they belong: at their fields, else on top."""
        if isinstance(refusal, Unacceptable) and refusal.errors:
            for name, sentences in refusal.errors.items():
                for sentence in sentences:
                    form.add_error(name if name in form.fields else None, sentence)
        elif refusal.field in form.fields:
            form.add_error(refusal.field, str(refusal))
        else:
            for sentence in refusal.reasons:
                form.add_error(None, sentence)

    def is_stale(self, form: Any, refusal: Stale) -> HttpResponse:
        form.add_error(None, str(refusal))
        return self.form_invalid(form, status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            submit_label=self.submit_label,
            cancel_url=self.cancel_url(),
            closed=self.closed_because(),
            has_hints=self.has_hints,
            form_url=self.form_url(),
            layout="workbench/dialog.html" if self.is_dialog else "base.html",
            is_dialog=self.is_dialog,
            **kwargs,
        )
        form = context.get("form")
        context["errors"] = error_links(form) if form is not None and form.is_bound else []
        return context

    @property
    def is_dialog(self) -> bool:
        """Say whether htmx asks for the page as a dialog over another one."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and htmx.target == DIALOG

    # What a page says for itself

    def closed_because(self) -> str:
        """Return a sentence when this cannot be done now: the page shows it instead of its form."""
        return ""

    def run(self, form: Any) -> Any:
        raise NotImplementedError

    def success_message(self, outcome: Any) -> str:
        return ""

    def undo_url(self, outcome: Any) -> str:
        return ""

    def success_url_for(self, outcome: Any) -> str:
        raise NotImplementedError

    def cancel_url(self) -> str:
        return reverse(f"{self.namespace}:list")

    def form_url(self) -> str:
        """Return where the form goes."""
        return self.request.get_full_path()


class CreateView(FormPage):
    """A form that makes a record. Sent twice it makes one: each form carries a key of its own."""

    template_name = "workbench/form.html"
    operation: ClassVar[Callable[..., Any]]
    prefilled: ClassVar[Sequence[str]] = ()
    offers_another: ClassVar[bool] = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, "add", self.model):
            raise PermissionDenied(
                _("You may not add %(kind)s.") % {"kind": self.model._meta.verbose_name_plural}
            )
        return super().dispatch(request, *args, **kwargs)

    def page_title(self) -> str:
        return str(self.title) or _("New %(kind)s") % {"kind": self.model._meta.verbose_name}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        for name in self.prefilled:
            text = self.request.GET.get(name, "")
            field = form.fields.get(name)
            if isinstance(field, LookupField) and text.isascii() and text.isdigit():
                form.initial[name] = field.rows.filter(pk=int(text[:18])).first()
            elif field is not None and text:
                form.initial[name] = text[:300]
        return form

    def get_initial(self) -> dict[str, Any]:
        return {"owner": self.user.pk, **super().get_initial()}

    def run(self, form: RecordForm) -> Any:
        key = form.cleaned_data.get("submission")
        if not key:
            return self.operation(by=self.user, **packed(form.values))
        made: dict[str, Any] = {}

        def work() -> tuple[int, Any]:
            made["record"] = self.operation(by=self.user, **packed(form.values))
            return 201, {"pk": made["record"].pk}

        sent: dict[str, Any] = {name: self.request.POST.getlist(name) for name in form.fields}
        for name, files in self.request.FILES.lists():
            sent[name] = [[file.name, file.size] for file in files]
        try:
            _status, body, is_repeat = once(
                f"form:{key}", by=self.user, request=[self.kind, sent], work=work
            )
        except KeyReused as reuse:
            # The form went out once and came back changed: a second record has to be meant.
            data = self.request.POST.copy()
            data["submission"] = str(form.fields["submission"].initial())
            form.data = data
            raise Refused(
                _("This form was saved already. Save again to make another %(kind)s.")
                % {"kind": self.model._meta.verbose_name}
            ) from reuse
        if is_repeat:
            return self.model._base_manager.get(pk=body["pk"])
        return made["record"]

    def success_message(self, outcome: Any) -> str:
        return _("%(record)s was created") % {"record": outcome}

    def success_url_for(self, outcome: Any) -> str:
        if self.request.POST.get("then") == "new":
            return self.request.get_full_path()
        return str(outcome.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            is_new=True,
            offers_another=self.offers_another,
            **kwargs,
        )


class EditView(RecordPage, FormPage):
    """A form that changes a record; who saves what somebody else has changed is shown both.

    Fields that only the other changed become theirs, fields that only the user changed stay; for a
    field that both changed the page asks, and nothing that was typed is lost.
    """

    template_name = "workbench/form.html"
    action = "change"
    operation: ClassVar[Callable[..., Any]]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.record}

    def page_title(self) -> str:
        return str(self.title) or _("Edit %(record)s") % {"record": self.record}

    def run(self, form: RecordForm) -> Any:
        changes = {
            name: value
            for name, value in form.changes.items()
            if self.request.POST.get(f"merge-{name}") != "theirs"
        }
        return self.operation(
            self.record, by=self.user, version=form.cleaned_data["version"], **packed(changes)
        )

    def is_stale(self, form: RecordForm, refusal: Stale) -> HttpResponse:
        merge = merge_of(form, self.record, form.cleaned_data["version"])
        data = self.request.POST.copy()
        data["version"] = str(self.record.version)
        for line in merge:
            if line["taken"] == "theirs":
                data.setlist(line["name"], as_sent(form, line["name"]))
        form = self.get_form_class()(data, instance=self.record, user=self.user)
        form.is_valid()
        return self.form_invalid(form, status=409, merge=merge, stale=refusal)

    def success_message(self, outcome: Any) -> str:
        return _("%(record)s was saved") % {"record": outcome}

    def success_url_for(self, outcome: Any) -> str:
        if self.request.POST.get("then") == "close":
            return reverse(f"{self.namespace}:list")
        return str(outcome.get_absolute_url())

    def cancel_url(self) -> str:
        return str(self.record.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(is_new=False, **kwargs)


def merge_of(form: RecordForm, record: Record, version: int) -> list[dict[str, Any]]:
    """Compare what the user read, what he typed and what stands now, field by field.

    `taken` says what the merge takes: mine, theirs, or "ask" where both changed it differently.
    """
    read = record.history.filter(version=version).order_by("history_id").last()
    lines = []
    for name in form.changed_data:
        if name not in form.values:
            continue
        mine, theirs = _stored(form, name), _value_of(record, name)
        if _same(mine, theirs):
            continue
        many = name in {field.name for field in record._meta.many_to_many}
        before = None if read is None or many else _value_of(read, name)
        is_known = read is not None and not many
        lines.append(
            {
                "name": name,
                "label": form.fields[name].label,
                "taken": taken_of(mine, theirs, before) if is_known else "ask",
                "mine": _shown(form, name, mine),
                "theirs": _shown(form, name, theirs),
            }
        )
    return lines


def taken_of(mine: Any, theirs: Any, before: Any) -> str:
    """Say what a merge takes of a field that was `before`: mine, theirs, or "ask" for both."""
    if _same(mine, before):
        return "theirs"
    return "mine" if _same(theirs, before) else "ask"


def _value_of(record: Any, name: str) -> Any:
    if name.startswith(custom.PREFIX):
        return record.custom.get(name.removeprefix(custom.PREFIX))
    value: Any = getattr(record, name, None)
    if name == "tags":
        return in_order(value.all()) if value is not None else []
    return list(value.all()) if hasattr(value, "all") else value


def _same(one: Any, other: Any) -> bool:
    def plain(value: Any) -> Any:
        if hasattr(value, "pk"):
            return value.pk
        if isinstance(value, list | tuple) or hasattr(value, "values_list"):
            return sorted(getattr(item, "pk", item) for item in value)
        return value

    one, other = plain(one), plain(other)
    return bool(one == other or (one in (None, "", []) and other in (None, "", [])))


def _stored(form: RecordForm, name: str) -> Any:
    """Return what was typed as the record would hold it."""
    field, value = form.fields[name], form.values[name]
    if not isinstance(field, Fitting) or custom.is_empty(value):
        return value
    return custom.stored(field.definition, value, standing=field.standing)


def _shown(form: RecordForm, name: str, value: Any) -> str:
    if value in (None, "") or value == []:
        return _("empty")
    if isinstance(field := form.fields[name], Fitting):
        return custom.in_words(field.definition, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple) or hasattr(value, "values_list"):
        return ", ".join(str(item) for item in value)
    choices = dict(getattr(form.fields[name], "choices", ()) or ())
    return str(choices.get(value, form.fields[name].prepare_value(value)))


def as_sent(form: RecordForm, name: str) -> list[str]:
    """Return what the record holds in a field as the form would send it."""
    field = form.fields[name]
    value = field.prepare_value(form.initial.get(name))
    if isinstance(value, list | tuple):
        return [str(getattr(item, "pk", item)) for item in value]
    if isinstance(value, bool):
        return ["on"] if value else []
    formatted = field.widget.format_value(value) if value not in (None, "") else ""
    if isinstance(formatted, list | tuple):
        return [str(item) for item in formatted]
    return [str(formatted or "")]
