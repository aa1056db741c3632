"""The pages of one entry: written, completed, corrected, deleted."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from django_htmx.http import reswap, retarget, trigger_client_event

from activities import operations
from activities.forms import ENTRY_FORMS, LONGEST, ActivityForm, CompleteForm, SnoozeForm
from activities.models import Activity, File, Invitation
from activities.operations.changing import origin_of
from activities.operations.mentioning import MENTIONS_IN
from activities.operations.writing import TO_DO
from activities.rules import people_meant
from activities.timeline import next_up, own_values, timeline_of
from activities.views.in_place import DONE, ROW, InPlace
from records.models import TimelineRecord
from records.permissions import may, reaches
from users import formats
from workbench.forms import error_links
from workbench.templatetags.workbench import address, due, due_state
from workbench.views import CreateView, DeleteView, EditView, OperationView, RecordPage, RestoreView
from workbench.views.lookup import record_kinds
from workbench.views.timeline import (
    delivery_of,
    restoring_of,
    shown_file,
    text_of,
    timeline_context,
)

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


def add_meeting(
    record: Any, *, by: Any, due_at: Any = None, remind: str = "", **values: Any
) -> Activity:
    """Plan a meeting that is to come, log one that has passed."""
    if due_at is not None and due_at > timezone.now():
        return operations.plan_meeting(record, by=by, due_at=due_at, remind=remind, **values)
    return operations.log_meeting(record, by=by, done_at=due_at, **values)


def add_files(record: Any, *, by: Any, files: Any = (), **values: Any) -> Activity:
    """Put files on the timeline, with a word about them."""
    return operations.log_files(record, by=by, files=files, **values)


WRITERS = {
    "note": operations.log_note,
    "call": operations.log_call,
    "task": operations.add_task,
    "meeting": add_meeting,
    "email": operations.log_email,
    "file": add_files,
}
# What the page puts the answer into, when htmx asks.
COMPOSER, PREVIEW, NEXT = "composer", "composer-preview", "task-"


def toast(answer: HttpResponse, text: str, undo: str = "") -> HttpResponse:
    """Have the page say a sentence, with a way back."""
    told = {"text": text, "undo": undo} if undo else {"text": text}
    return trigger_client_event(answer, "toast", told)


def record_named(about: str, user: Any) -> Any:
    """Return the record that a word like "lead:7" names; outside the scope of `user` is none."""
    kind, _colon, pk = about.partition(":")
    model = record_kinds().get(kind)
    if model is None or not issubclass(model, TimelineRecord):
        raise Http404
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    rows = model.objects.permitted(user, "view")  # type: ignore[attr-defined]
    record = rows.select_related("owner").filter(pk=int(pk)).first()
    if record is None:
        raise Http404
    return record


class ActivityCreate(InPlace, CreateView):
    """Write on the timeline of `?on=lead:7`; the composer of every record posts here.

    `&why=next` says that it is the answer to "What next?", `&owner=` proposes who does it.
    """

    model = Activity
    template_name = "activities/form.html"
    offers_another = False
    outcome: Activity | None = None

    @cached_property
    def on(self) -> Any:
        """The record to write on, among those that the user may see."""
        return record_named(self.request.GET.get("on", ""), self.user)

    @property
    def entry_kind(self) -> str:
        asked = self.request.POST.get("kind") or self.request.GET.get("kind", "")
        return asked if asked in ENTRY_FORMS else "note"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.on  # noqa: B018  a record that is not to be seen comes before what one may not do
        return super().dispatch(request, *args, **kwargs)

    @property
    def target(self) -> str:
        """Where htmx puts the answer; nothing for a whole page."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return (htmx.target or "") if htmx else ""

    def get_form_class(self) -> Any:
        return ENTRY_FORMS[self.entry_kind]

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        if self.place or self.target.startswith(NEXT):
            form.leave_out_own()
        if self.entry_kind in MENTIONS_IN and "text" in form.fields:
            about = self.request.GET.get("on", "")
            form.fields["text"].widget.attrs |= mentioning(about)
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("then") == "preview":
            return self.preview()
        return super().post(request, *args, **kwargs)

    def preview(self) -> HttpResponse:
        """Show what the text will look like, and who will not be told; nothing is written."""
        text = request_text(self.request)
        meant = people_meant(text) if self.entry_kind in MENTIONS_IN else people_meant("")
        people = meant.people
        told = {
            "drawn": text_of(self.entry_kind, text, people),
            "warnings": self.warnings(text) if self.entry_kind in MENTIONS_IN else [],
        }
        if self.target == PREVIEW:
            return render(self.request, "activities/preview.html", told)
        form = self.get_form_class()(initial=self.request.POST.dict(), user=self.user)
        return self.render_to_response(self.get_context_data(form=form, preview=told))

    def warnings(self, text: str) -> list[str]:
        """Return what the writer of a text should know of those whom it names."""
        if "@" not in text:
            return []
        meant = people_meant(text)
        others = [person for person in meant.people if person != self.user]
        blind = operations.who_cannot_see(self.on, others)
        kind = self.on._meta.verbose_name
        return [
            *(
                _("%(person)s cannot see this %(kind)s, so they are not told.")
                % {"person": person, "kind": kind}
                for person in blind
            ),
            *(
                _("Several people are called %(name)s. Write the email after the @.")
                % {"name": name}
                for name in meant.several
            ),
        ]

    def run(self, form: Any) -> Activity:
        # What takes its time is done before the transaction: files are looked at and put in place.
        with operations.kept(form.cleaned_data["files"]) as self.files:
            entry: Activity = super().run(form)
        return entry

    def operation(self, *, by: Any, **values: Any) -> Activity:
        writer: Any = WRITERS[self.entry_kind]
        if self.entry_kind == "file":
            entry: Activity = writer(self.on, by=by, files=self.files, **values)
            return entry
        entry = writer(self.on, by=by, **values)
        return operations.written_with(entry, self.files, by=by)

    def form_valid(self, form: Any) -> HttpResponse:
        """Go back, or give htmx what takes the place of the form."""
        answer = super().form_valid(form)
        outcome = self.outcome
        if outcome is None or answer.status_code >= 400:
            return answer
        if self.target == COMPOSER and not self.invite_url(outcome):
            return toast(self.composed(), self.told(outcome))
        if self.target.startswith(NEXT):
            task = {
                "pk": outcome.pk,
                "title": outcome,
                "url": reverse("activities:detail", kwargs={"pk": outcome.pk}),
                "state": due_state(outcome.due_at),
                "due": due(outcome.due_at),
                "complete_url": reverse("activities:complete", kwargs={"pk": outcome.pk}),
                "owner": outcome.owner,
                "is_new": True,
            }
            return toast(render(self.request, "components/task.html", task), self.told(outcome))
        return answer

    def composed(self) -> HttpResponse:
        """Return the composer, empty again, and beside it the timeline with the new entry."""
        is_open = getattr(self.on, "is_open", True) and not getattr(self.on, "is_read_only", False)
        may_edit = is_open and reaches(self.user, "change", self.on)
        context = {
            "record": self.on,
            **timeline_context(
                self.on,
                {"compose": self.entry_kind},
                viewer=self.user,
                timeline_of=timeline_of,
                next_up=next_up,
                restoring=restoring_of(self.on, self.user) if may_edit else None,
            ),
        }
        return render(self.request, "activities/composed.html", context)

    def form_invalid(self, form: Any, status: int = 422, **more: Any) -> HttpResponse:
        if self.target == COMPOSER:
            # The form stays as it is, with the files that were chosen in it.
            errors = [
                {**error, "target": f"compose-{error['name']}" if error["target"] else ""}
                for error in error_links(form)
            ]
            answer = render(
                self.request, "components/error_links.html", {"errors": errors}, status=status
            )
            return retarget(reswap(answer, "innerHTML"), "#composer-errors")
        if self.target.startswith(NEXT):
            asked_again = {
                "pk": self.target.removeprefix(NEXT),
                "title": self.on,
                "url": self.on.get_absolute_url(),
                "next_url": self.request.get_full_path(),
                "errors": form.errors,
                "subject": self.request.POST.get("subject", ""),
                "due_at": self.request.POST.get("due_at", ""),
            }
            return render(self.request, "components/task_done.html", asked_again, status=status)
        return super().form_invalid(form, status, **more)

    def get_initial(self) -> dict[str, Any]:
        asked = self.request.GET.get("owner", "")
        is_number = asked.isascii() and asked.isdigit() and len(asked) < 19
        initial = {"owner": int(asked)} if is_number else {}
        return {**super().get_initial(), **initial}

    @property
    def in_place_fields(self) -> tuple[str, ...]:
        if self.entry_kind == Activity.Kind.TASK:
            return ("subject", "due_at")
        return ("subject", "due_at", "outcome", "text", "next_subject", "next_due_at")

    @property
    def is_next(self) -> bool:
        """Say whether it is the answer to what comes next."""
        return self.request.GET.get("why") == "next" and self.entry_kind == Activity.Kind.TASK

    def page_title(self) -> str:
        if self.is_next:
            return _("What next?")
        title = str(ENTRY_FORMS[self.entry_kind].title)
        return _("Log it?") if self.place and self.request.GET.get("why") == "call" else title

    def success_message(self, outcome: Activity) -> str:
        self.outcome = outcome
        is_part = self.target == COMPOSER or self.target.startswith(NEXT)
        return "" if is_part else self.told(outcome)

    def told(self, outcome: Activity) -> str:
        done = {
            "note": _("Note added"),
            "call": _("Call logged"),
            "task": _("Task added"),
            "meeting": _("Meeting added"),
            "email": _("Email logged"),
            "file": _("File added"),
        }[self.entry_kind]
        warnings = self.warnings(outcome.text) if self.entry_kind in MENTIONS_IN else []
        return ". ".join([done, *warnings]) if warnings else done

    def back_url(self) -> str:
        return way_back(self.request) or str(self.on.get_absolute_url())

    def success_url_for(self, outcome: Activity) -> str:
        return self.invite_url(outcome) or self.back_url()

    def invite_url(self, outcome: Activity) -> str:
        """Return where people are invited to a meeting, if that is what comes next."""
        is_asked = "invite" in self.request.POST and self.entry_kind == "meeting"
        return address("emails:invite", outcome.pk) if is_asked and outcome.is_open else ""

    def cancel_url(self) -> str:
        return self.back_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = {"next": self.request.GET["next"]} if "next" in self.request.GET else {}
        on = self.request.GET.get("on", "")
        kinds = [
            {
                "label": form.title,
                "url": f"?{urlencode({'on': on, 'kind': kind, **back})}",
                "is_current": kind == self.entry_kind,
            }
            for kind, form in ENTRY_FORMS.items()
        ]
        return super().get_context_data(
            on=self.on, kinds=kinds, entry_kind=self.entry_kind, back_url=self.back_url(), **kwargs
        )


def request_text(request: HttpRequest) -> str:
    """Return the text that was typed, as far as it can be drawn."""
    return request.POST.get("text", "").replace("\x00", "")[:LONGEST]


def mentioning(about: str) -> dict[str, str]:
    """Return what lets a field propose colleagues behind an @; `about` is like "lead:7"."""
    return {
        "data-mentions": f"{reverse('activities:people')}?{urlencode({'on': about})}",
        "data-people": str(_("Colleagues")),
    }


class EntryPage(RecordPage):
    """A page about one entry: to be seen by whoever sees it, or the record it was written on.

    Changing it is for whoever may change the entry itself, or that record.
    """

    model = Activity
    kept_in_bin = False

    @cached_property
    def record(self) -> Activity:
        rows = Activity.all_objects if self.kept_in_bin else Activity.objects
        activity = rows.select_related("owner", "mail").filter(pk=self.kwargs["pk"]).first()
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
        is_meeting = self.record.kind == Activity.Kind.MEETING
        begins = self.record.due_at if is_meeting and self.record.is_open else None
        entry = Activity.objects.with_parts().get(pk=self.record.pk)
        return super().get_context_data(
            drawn=text_of(entry.kind, entry.text, entry.people_shown),
            files=[shown_file(file) for file in entry.files_shown],
            removed=[
                {"name": file.name, "pk": file.pk}
                for file in File.all_objects.filter(activity=entry, deleted_at__isnull=False)
            ],
            delivery=delivery_of(self.record),
            reply_url=self.reply_url(),
            invite_url=address("emails:invite", self.record.pk)
            if begins is not None and begins > timezone.now()
            else "",
            invitation=Invitation.objects.filter(activity=entry).first() if is_meeting else None,
            own=own_values([self.record], self.user).get(self.record.pk, ()),
            tone=tones.get(self.record.status, ""),  # type: ignore[call-overload]
            may_reopen=self.record.kind in TO_DO,
            **kwargs,
        )

    def reply_url(self) -> str:
        """Return where an email is answered, if that can be done from here."""
        on, url = self.origin, address("emails:create")
        if on is None or not url or self.record.kind != Activity.Kind.EMAIL:
            return ""
        return f"{url}?on={on._meta.model_name}:{on.pk}&answers={self.record.pk}"


class ActivityComplete(InPlace, EntryPage, OperationView):
    """Tick it off, and say what comes next.

    A box that is ticked in a row becomes a row that says so, asks what comes next, and can be
    taken back.
    """

    action = "change"
    form_class = CompleteForm
    template_name = "activities/operation.html"
    submit_label = gettext_lazy("Complete")
    in_place_fields = ("outcome", "text", "next_subject", "next_due_at")

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
        if self.is_in_place:
            return ""
        if self.asks_what_next:
            return _("%(activity)s is done. What next?") % {"activity": outcome}
        return _("%(activity)s is done") % {"activity": outcome}

    def form_valid(self, form: Any) -> HttpResponse:
        """Go back, or give htmx the task as it is now, with the question that follows."""
        answer = super().form_valid(form)
        if not self.is_in_place or answer.status_code >= 400:
            return answer
        return toast(
            render(self.request, "components/task_done.html", self.done()),
            _("%(activity)s is done") % {"activity": self.record},
            self.undo_url(self.record),
        )

    @property
    def is_in_place(self) -> bool:
        """Say whether a task was ticked off where it stands in a list."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and (htmx.target or "") == f"{NEXT}{self.record.pk}"

    def done(self) -> dict[str, Any]:
        origin = self.origin
        asks = origin is not None and may(self.user, "add", Activity)
        asks = asks and not getattr(origin, "is_read_only", False)
        asks = asks and getattr(origin, "is_open", True)
        about = f"{origin._meta.model_name}:{origin.pk}" if origin is not None else ""
        return {
            "pk": self.record.pk,
            "title": self.record,
            "url": self.record.get_absolute_url(),
            "next_url": f"{reverse('activities:create')}?on={about}&kind=task" if asks else "",
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_in_place and not self.record.is_open:
            # Somebody was faster: the box says so, and asks nothing.
            return render(request, "components/task_done.html", {**self.done(), "next_url": ""})
        return super().post(request, *args, **kwargs)

    @cached_property
    def asks_what_next(self) -> bool:
        """Tell whether its record has no next step now, and nobody was asked for one yet."""
        if "next_subject" in self.request.POST and not self.is_on_record:
            return False
        return self.may_plan and not self.origin.next_step

    @cached_property
    def may_plan(self) -> bool:
        """Tell whether the user may write what comes next where this was written."""
        origin = self.origin
        if origin is None or not may(self.user, "add", Activity):
            return False
        origin.refresh_from_db(fields=["next_step", "next_step_at"])
        return not getattr(origin, "is_read_only", False) and getattr(origin, "is_open", True)

    @property
    def is_on_record(self) -> bool:
        """Say whether it was ticked off on the page of its record, which has a composer."""
        origin = self.origin
        return origin is not None and urlsplit(self.back_url()).path == origin.get_absolute_url()

    @property
    def next_url(self) -> str:
        """Return where the next step is written down."""
        on = f"{self.origin._meta.model_name}:{self.origin.pk}"
        asked = {"on": on, "kind": "task", "why": "next", "next": self.back_url()}
        if self.record.owner_id not in (None, self.user.pk):
            asked["owner"] = str(self.record.owner_id)
        return f"{reverse('activities:create')}?{urlencode(asked)}"

    def success_url_for(self, outcome: Any) -> str:
        if not self.asks_what_next:
            return self.back_url()
        if self.is_on_record:
            return f"{self.origin.get_absolute_url()}?compose=task#composer"
        return self.next_url

    def go(self, url: str) -> HttpResponse:
        if not self.place.startswith(ROW):
            return super().go(url)
        told = [str(message) for message in messages.get_messages(self.request)]
        context = {
            "activity": self.record,
            "origin": self.origin,
            "place": self.place,
            "slot": f"slot-{self.place}",
            "back_url": self.back_url(),
            "undo_url": self.undo_url(self.record),
        }
        if self.asks_what_next:
            form = ENTRY_FORMS["task"](user=self.user, auto_id=f"{self.place}-next-%s")
            context |= {
                "form_url": self.next_url,
                "fields": [form[name] for name in ("subject", "due_at")],
                "form": form,
                "owner": QueryDict(urlsplit(self.next_url).query).get("owner", ""),
            }
        answer = render(self.request, "activities/done_row.html", context)
        trigger_client_event(answer, DONE)
        return trigger_client_event(answer, "announce", {"text": " ".join(told)})

    def undo_url(self, outcome: Activity) -> str:
        return reverse("activities:reopen", kwargs={"pk": outcome.pk})


class ActivityReopen(InPlace, EntryPage, OperationView):
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


class ActivitySnooze(InPlace, EntryPage, OperationView):
    """Put off what is to be done, to the same time of another day.

    `?to=` and `&version=` are how the message takes it back: to the moment at which it was due.
    """

    action = "change"
    form_class = SnoozeForm
    template_name = "activities/operation.html"
    submit_label = gettext_lazy("Snooze")
    in_place_fields = ("until",)

    def page_title(self) -> str:
        return _("Snooze: %(activity)s") % {"activity": self.record}

    def closed_because(self) -> str:
        if self.record.is_open:
            return ""
        return _("%(activity)s is %(status)s already.") % {
            "activity": self.record,
            "status": self.record.get_status_display().lower(),
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "back_to": self.request.GET}

    def run(self, form: SnoozeForm) -> Activity:
        return operations.edit_activity(self.record, by=self.user, **form.values)

    def success_message(self, outcome: Activity) -> str:
        if outcome.due_at is None:
            return _("%(activity)s has no date any more") % {"activity": outcome}
        return _("%(activity)s is due %(moment)s") % {
            "activity": outcome,
            "moment": formats.moment(outcome.due_at),
        }

    def undo_url(self, outcome: Activity) -> str:
        if "to" in self.request.GET or outcome.version == self.record.version:
            return ""
        before = self.record.due_at.isoformat() if self.record.due_at else ""
        address = reverse("activities:snooze", kwargs={"pk": outcome.pk})
        return f"{address}?{urlencode({'to': before, 'version': outcome.version})}"


class ActivityEdit(EntryPage, EditView):
    """Correct an entry."""

    form_class = ActivityForm
    template_name = "activities/form.html"

    def operation(self, activity: Activity, *, by: Any, **changes: Any) -> Activity:
        return operations.edit_with_files(activity, by=by, files=self.files, **changes)

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        origin = self.origin
        if origin is not None and self.record.kind in MENTIONS_IN and "text" in form.fields:
            about = f"{origin._meta.model_name}:{origin.pk}"
            form.fields["text"].widget.attrs |= mentioning(about)
        return form

    def run(self, form: Any) -> Any:
        with operations.kept(form.cleaned_data["files"]) as self.files:
            return super().run(form)

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
