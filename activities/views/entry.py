"""The pages of one entry: written, completed, corrected, deleted."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from activities import operations
from activities.forms import ENTRY_FORMS, ActivityForm, CompleteForm
from activities.models import Activity
from activities.operations.changing import origin_of
from activities.operations.writing import TO_DO
from records.models import TimelineRecord
from records.permissions import may, reaches
from workbench.views import CreateView, DeleteView, EditView, OperationView, RecordPage, RestoreView
from workbench.views.list import record_kinds

# Pages of one entry are no place to come back to.
ENTRY = re.compile(r"/activities/(\d+|new)/")


def way_back(request: HttpRequest) -> str:
    """Return the path of ours to go back to: the one that was asked for, or came from."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return asked
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        place = urlsplit(came_from)
        if not ENTRY.match(place.path):
            return f"{place.path}?{place.query}".rstrip("?")
    return ""


def add_meeting(record: Any, *, by: Any, due_at: Any = None, **values: Any) -> Activity:
    """Plan a meeting that is to come, log one that has passed."""
    if due_at is not None and due_at > timezone.now():
        return operations.plan_meeting(record, by=by, due_at=due_at, **values)
    return operations.log_meeting(record, by=by, done_at=due_at, **values)


WRITERS = {
    "note": operations.log_note,
    "call": operations.log_call,
    "task": operations.add_task,
    "meeting": add_meeting,
    "email": operations.log_email,
}


class ActivityCreate(CreateView):
    """Write on the timeline of `?on=lead:7`; the composer of every record posts here."""

    model = Activity
    template_name = "activities/form.html"
    offers_another = False

    @cached_property
    def on(self) -> Any:
        """The record to write on, among those that the user may see."""
        kind, _colon, pk = self.request.GET.get("on", "").partition(":")
        model = record_kinds().get(kind)
        if model is None or not issubclass(model, TimelineRecord):
            raise Http404
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            raise Http404
        rows = model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        record = rows.select_related("owner").filter(pk=int(pk)).first()
        if record is None:
            raise Http404
        return record

    @property
    def entry_kind(self) -> str:
        asked = self.request.POST.get("kind") or self.request.GET.get("kind", "")
        return asked if asked in ENTRY_FORMS else "note"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.on  # noqa: B018  a record that is not to be seen comes before what one may not do
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> Any:
        return ENTRY_FORMS[self.entry_kind]

    def operation(self, *, by: Any, **values: Any) -> Activity:
        return WRITERS[self.entry_kind](self.on, by=by, **values)  # type: ignore[operator, no-any-return]

    def page_title(self) -> str:
        return str(ENTRY_FORMS[self.entry_kind].title)

    def success_message(self, outcome: Activity) -> str:
        return {
            "note": _("Note added"),
            "call": _("Call logged"),
            "task": _("Task added"),
            "meeting": _("Meeting added"),
            "email": _("Email logged"),
        }[self.entry_kind]

    def back_url(self) -> str:
        return way_back(self.request) or str(self.on.get_absolute_url())

    def success_url_for(self, outcome: Activity) -> str:
        return self.back_url()

    def cancel_url(self) -> str:
        return self.back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = [
            {
                "label": form.title,
                "url": f"?on={self.request.GET.get('on', '')}&kind={kind}",
                "is_current": kind == self.entry_kind,
            }
            for kind, form in ENTRY_FORMS.items()
        ]
        return super().get_context_data(
            on=self.on, kinds=kinds, entry_kind=self.entry_kind, back_url=self.back_url(), **kwargs
        )


class EntryPage(RecordPage):
    """A page about one entry: to be seen by whoever sees it, or the record it was written on.

    Changing it is for whoever may change the entry itself, or that record.
    """

    model = Activity
    kept_in_bin = False

    @cached_property
    def record(self) -> Activity:
        rows = Activity.all_objects if self.kept_in_bin else Activity.objects
        activity = rows.select_related("owner").filter(pk=self.kwargs["pk"]).first()
        if activity is None or not (
            reaches(self.user, "view", activity) or self.is_reached("view", activity)
        ):
            raise Http404
        return activity  # type: ignore[no-any-return]

    def is_reached(self, action: str, activity: Activity) -> bool:
        origin = self.origin_of(activity)
        return origin is not None and reaches(self.user, action, origin)

    def origin_of(self, activity: Activity) -> Any:
        if not hasattr(self, "_origin"):
            self._origin = origin_of(activity)
        return self._origin

    def may_do(self, action: str) -> bool:
        return reaches(self.user, action, self.record) or self.is_reached("change", self.record)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_asked = self.record is not None  # not to be seen comes before not to be done
        if is_asked and self.action != "view" and not self.may_do(self.action):
            raise PermissionDenied(
                _("You can read this %(kind)s but not do this. Ask %(owner)s.")
                % {
                    "kind": self.record._meta.verbose_name,
                    "owner": self.record.owner or _("your manager"),
                }
            )
        # Past the question of RecordPage, which knows nothing of where an entry was written.
        return super(RecordPage, self).dispatch(request, *args, **kwargs)

    @cached_property
    def origin(self) -> Any:
        """Where the entry was written, when the user may see that."""
        origin = self.origin_of(self.record)
        is_visible = origin is not None and not origin.is_in_bin
        return origin if is_visible and reaches(self.user, "view", origin) else None

    def back_url(self) -> str:
        here = self.origin.get_absolute_url() if self.origin else reverse("activities:list")
        return way_back(self.request) or str(here)

    def cancel_url(self) -> str:
        return self.back_url()

    def success_url_for(self, outcome: Any) -> str:
        return self.back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            origin=self.origin,
            back_url=self.back_url(),
            may_change=self.may_do("change"),
            may_delete=self.may_do("delete"),
            **kwargs,
        )


class ActivityDetail(EntryPage, TemplateView):
    """One entry in full."""

    template_name = "activities/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tones = {Activity.Status.OPEN: "active", Activity.Status.DONE: "good"}
        return super().get_context_data(
            tone=tones.get(self.record.status, ""),  # type: ignore[call-overload]
            may_reopen=self.record.kind in TO_DO,
            **kwargs,
        )


class ActivityComplete(EntryPage, OperationView):
    """Tick it off, and say what comes next."""

    action = "change"
    form_class = CompleteForm
    template_name = "activities/operation.html"
    submit_label = gettext_lazy("Complete")

    def page_title(self) -> str:
        return _("Complete: %(activity)s") % {"activity": self.record}

    def closed_because(self) -> str:
        if self.record.is_open:
            return ""
        return _("%(activity)s is %(status)s already.") % {
            "activity": self.record,
            "status": self.record.get_status_display().lower(),
        }

    def run(self, form: CompleteForm) -> Activity:
        data = form.cleaned_data
        return operations.complete(
            self.record,
            by=self.user,
            outcome=data.get("outcome", ""),
            text=data["text"],
            next=form.next,
        )

    def success_message(self, outcome: Activity) -> str:
        if self.asks_what_next:
            return _("%(activity)s is done. What next?") % {"activity": outcome}
        return _("%(activity)s is done") % {"activity": outcome}

    @cached_property
    def asks_what_next(self) -> bool:
        """Tell whether it was ticked off on a record that has no next step now."""
        origin = self.origin
        if origin is None or urlsplit(self.back_url()).path != origin.get_absolute_url():
            return False
        origin.refresh_from_db(fields=["next_step", "next_step_at"])
        is_over = getattr(origin, "is_read_only", False) or not getattr(origin, "is_open", True)
        return not origin.next_step and not is_over and may(self.user, "add", Activity)

    def success_url_for(self, outcome: Any) -> str:
        if self.asks_what_next:
            return f"{self.origin.get_absolute_url()}?compose=task#composer"
        return self.back_url()

    def undo_url(self, outcome: Activity) -> str:
        return reverse("activities:reopen", kwargs={"pk": outcome.pk})


class ActivityReopen(EntryPage, OperationView):
    """Put it back on the list."""

    action = "change"
    template_name = "activities/operation.html"
    operation = staticmethod(operations.reopen_activity)
    submit_label = gettext_lazy("Reopen")
    explanation = gettext_lazy("It is on the list of things to do again.")

    def page_title(self) -> str:
        return _("Reopen: %(activity)s") % {"activity": self.record}

    def success_message(self, outcome: Activity) -> str:
        return _("%(activity)s is to be done again") % {"activity": outcome}


class ActivityEdit(EntryPage, EditView):
    """Correct an entry."""

    form_class = ActivityForm
    template_name = "activities/form.html"
    operation = staticmethod(operations.edit_activity)

    def success_url_for(self, outcome: Any) -> str:
        return self.back_url()


class ActivityPin(EntryPage, OperationView):
    """Keep an entry on top of its timeline, or let it go."""

    action = "change"
    template_name = "activities/operation.html"

    @property
    def submit_label(self) -> str:
        return _("Unpin") if self.record.is_pinned else _("Pin")

    def page_title(self) -> str:
        words = _("Unpin: %(activity)s") if self.record.is_pinned else _("Pin: %(activity)s")
        return words % {"activity": self.record}

    def run(self, form: Any) -> Activity:
        return operations.edit_activity(
            self.record, by=self.user, is_pinned=not self.record.is_pinned
        )

    def success_message(self, outcome: Activity) -> str:
        words = _("%(activity)s is pinned") if outcome.is_pinned else _("%(activity)s is unpinned")
        return words % {"activity": outcome}


class ActivityDelete(EntryPage, DeleteView):
    """Put an entry into the recycle bin."""

    template_name = "activities/operation.html"
    operation = staticmethod(operations.delete_activity)


class ActivityRestore(EntryPage, RestoreView):
    """Take an entry out of the recycle bin."""

    kept_in_bin = True
    template_name = "activities/operation.html"
    operation = staticmethod(operations.restore_activity)
