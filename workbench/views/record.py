"""Pages about one record, and the forms that make and change one."""

from __future__ import annotations

import json
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

from records.errors import Busy, KeyReused, NotPermitted, Refused, Stale, Unacceptable
from records.operations import once
from records.operations.merging import survivor_of
from records.permissions import may, reaches, restrict, unnamed
from workbench.custom import packed
from workbench.forms import LookupField, RecordForm, error_links, is_editing_only
from workbench.views.conflict import as_sent, merge_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet
    from django.forms import BaseForm
    from django.http import QueryDict

    from records.models import Record
    from users.models import User


# Where a page puts a dialog.
DIALOG = "dialog"


class Page(ContextMixin, View):
    """A page about a kind of record."""

    model: ClassVar[type[Record]]
    title: ClassVar[Any] = ""
    list_name: ClassVar[str] = "list"  # of the page that shows all of them

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
            list_url=reverse(f"{self.namespace}:{self.list_name}"),
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
        try:
            self.record  # noqa: B018  kept for the page
        except Http404:
            gone = gone_record(self.model, self.kwargs["pk"], self.user)
            if gone is None:
                raise
            return self.gone(gone)
        if not reaches(self.user, self.action, self.record):
            raise PermissionDenied(
                _("You can read this %(kind)s but not do this. Ask %(owner)s.")
                % {
                    "kind": self.model._meta.verbose_name,
                    "owner": self.record.owner or _("your manager"),
                }
            )
        return super().dispatch(request, *args, **kwargs)

    def gone(self, record: Any) -> HttpResponse:
        """Say what became of a record that is in the bin, or part of another one by now."""
        context = gone_context(record, self.user)
        if context["is_merged"]:
            is_read = self.request.method in ("GET", "HEAD")
            return render(
                self.request, "workbench/merged.html", context, status=200 if is_read else 404
            )
        htmx = self.request.htmx  # type: ignore[attr-defined]
        is_dialog = bool(htmx) and htmx.target == DIALOG
        context |= {
            "layout": "workbench/dialog.html" if is_dialog else "base.html",
            "is_dialog": is_dialog,
            "typed": self.typed_for(record),
        }
        # A dialog is shown only where the answer is no plain "not found".
        status = 409 if is_dialog else 404
        return render(self.request, "workbench/gone.html", context, status=status)

    def typed_for(self, record: Any) -> list[dict[str, str]]:
        """Return what was typed for a record that is gone, so that it can be taken along."""
        return []

    def page_title(self) -> str:
        return str(self.title) or str(self.record)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            record=self.record,
            may={action: reaches(self.user, action, self.record) for action in self.actions},
            **{self.kind: self.record, **kwargs},
        )


def gone_record(model: type[Record], pk: int, user: User) -> Any:
    """Return a record that lies in the bin and that the user could see; else nothing."""
    rows = model._base_manager.filter(pk=pk, deleted_at__isnull=False)
    return restrict(rows, user, "view").select_related("owner", "deleted_by").first()


def merged_page(model: type[Record], pk: int, user: User) -> dict[str, Any] | None:
    """Return what `workbench/merged.html` shows of a record that is part of another one by now.

    Nothing is returned for one that is not, and for one that the user may not see.
    """
    gone = gone_record(model, pk, user)
    context = gone_context(gone, user) if gone is not None else {}
    return context if context.get("is_merged") else None


def gone_context(record: Any, user: User) -> dict[str, Any]:
    """Return what `workbench/gone.html` shows: where it went, and how it comes back."""
    merge, survivor = survivor_of(record) or (None, None)
    is_seen = survivor is not None and reaches(user, "view", survivor)
    restore_url = ""
    if merge is None and reaches(user, "delete", record):
        restore_url = reverse(f"{record.url_namespace}:restore", kwargs={"pk": record.pk})
    return {
        "kind": record._meta.model_name,
        "name": record._meta.verbose_name,
        "names": record._meta.verbose_name_plural,
        "record": record,
        "restore_url": restore_url,
        "is_merged": merge is not None,
        "survivor": survivor if is_seen else unnamed(type(record)),
        "survivor_url": survivor.get_absolute_url() if survivor is not None and is_seen else "",
        "merge_url": merge.get_absolute_url() if merge is not None and is_seen else "",
        "list_url": reverse(f"{record.url_namespace}:list"),
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

    @property
    def is_quick(self) -> bool:
        """Say whether the short form is asked for: over another page there is no room for more."""
        return self.is_dialog and bool(getattr(self.form_class, "quick", ()))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), **({"is_quick": True} if self.is_quick else {})}

    def get_template_names(self) -> list[str]:
        return ["workbench/quick.html"] if self.is_quick else super().get_template_names()

    def get_initial(self) -> dict[str, Any]:
        return {"owner": self.user.pk, **super().get_initial()}

    def values_of(self, form: RecordForm) -> dict[str, Any]:
        """Return what the operation takes; it is one's own where the form does not ask whose."""
        values = packed(form.values)
        if "owner" in form.base_fields and "owner" not in form.fields:
            values["owner"] = self.user
        return values

    def run(self, form: RecordForm) -> Any:
        key = form.cleaned_data.get("submission")
        if not key:
            return self.operation(by=self.user, **self.values_of(form))
        made: dict[str, Any] = {}

        def work() -> tuple[int, Any]:
            made["record"] = self.operation(by=self.user, **self.values_of(form))
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

    def page_title(self) -> str:
        return str(self.title) or _("Edit %(record)s") % {"record": self.record}

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = {**super().get_form_kwargs(), "instance": self.record}
        if "data" in kwargs:
            kwargs["data"] = self.settled(kwargs["data"])
        return kwargs

    def settled(self, data: QueryDict) -> QueryDict:
        """Return what was sent, with mine or theirs in the fields of which a merge says so.

        What I typed came along with the merge; theirs is what stands.
        """
        asked = [name for name in data if name.startswith("merge-")]
        if not asked:
            return data
        sides = {name.removeprefix("merge-"): data[name] for name in asked}
        data = data.copy()
        standing = self.get_form_class()(instance=self.record, user=self.user)
        for name, side in sides.items():
            if side == "theirs" and name in standing.fields:
                data.setlist(name, as_sent(standing, name))
            elif side == "mine" and f"mine-{name}" in data:
                data.setlist(name, [value for value in data.getlist(f"mine-{name}") if value])
            else:
                continue
            data.pop(f"{name}-choice", None)
        return data

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
        """Show mine, theirs and what comes of both, for each field in which we differ.

        Saved is what stands in the last column. It is filled in where only one of us has changed
        the field; where both have, it holds mine until somebody says otherwise.
        """
        if refusal.version != self.record.version:
            # It was changed between reading and saving it: theirs is what stands by now.
            del self.record
            form = self.get_form()
            form.is_valid()
        merge = merge_of(form, self.record, form.cleaned_data["version"])
        sent: Any = form.data
        data = sent.copy()
        data["version"] = str(self.record.version)
        for line in merge:
            name = line["name"]
            stands = as_sent(form, name)
            line["sent"] = sent.getlist(f"{name}-choice") or sent.getlist(name) or [""]
            line["values"] = {"mine": json.dumps(line["sent"]), "theirs": json.dumps(stands)}
            if line["taken"] == "theirs":
                data.setlist(name, stands)
                data.pop(f"{name}-choice", None)
        form = self.get_form_class()(data, instance=self.record, user=self.user)
        form.is_valid()
        form.apart = [line["name"] for line in merge]
        for line in merge:
            line["field"] = form[line["name"]]
        return self.form_invalid(form, status=409, merge=merge, stale=refusal)

    def typed_for(self, record: Any) -> list[dict[str, str]]:
        if self.request.method != "POST":
            return []
        form = self.get_form_class()(self.request.POST, instance=record, user=self.user)
        form.is_valid()
        return [
            {"label": form.fields[name].label, "text": ", ".join(form.data.getlist(name))}
            for name in form.changed_data
            if "".join(form.data.getlist(name)) and not form.fields[name].widget.is_hidden
        ]

    def success_message(self, outcome: Any) -> str:
        return _("%(record)s was saved") % {"record": outcome}

    def success_url_for(self, outcome: Any) -> str:
        if self.request.POST.get("then") == "close":
            return reverse(f"{self.namespace}:list")
        return str(outcome.get_absolute_url())

    def cancel_url(self) -> str:
        return str(self.record.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        typed = self.typed_for(self.record) if self.closed_because() else []
        return super().get_context_data(is_new=False, typed=typed, **kwargs)
