"""Writing an email on a record, sending one again, inviting to a meeting."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import reswap, retarget

from activities.models import Activity, File, Invitation
from activities.operations import Upload
from activities.views.entry import ActivityCreate, EntryPage, toast
from emails import operations
from emails.forms import InviteForm, WriteForm
from emails.matching import address_of
from emails.models import Email, EmailTemplate
from emails.placeholders import filled
from emails.queries import people_of, values_for
from workbench.operations.mail import with_name
from workbench.smtp import where_it_goes
from workbench.templatetags.workbench import day
from workbench.views import OperationView
from workbench.views.record import CreateView

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from emails.queries import Addressee

# The form alone, which stands in the composer of a record.
PART = "email-form"
MOST_QUOTED = 5_000
MOST_FILES = 8
FILL = "fill"


class EmailWrite(ActivityCreate):
    """Write an email on `?on=lead:7`, or answer one with `&answers=12`; htmx gets the form."""

    form_class = WriteForm
    entry_kind = "email"

    def get_form_class(self) -> Any:
        return self.form_class

    def get_form(self, form_class: Any = None) -> Any:
        return CreateView.get_form(self, form_class)

    @property
    def in_composer(self) -> bool:
        """Say whether the form stands in the composer of a record."""
        return self.request.GET.get("in") == "composer"

    def page_title(self) -> str:
        return _("Email to %(record)s") % {"record": self.on}

    def get_template_names(self) -> list[str]:
        return ["emails/write_form.html" if self.target == PART else "emails/write.html"]

    # What is known

    @cached_property
    def people(self) -> list[Addressee]:
        return people_of(self.on, self.user)

    @cached_property
    def templates(self) -> list[EmailTemplate]:
        return EmailTemplate.objects.offered(self.user, str(self.on._meta.model_name))

    @cached_property
    def answered(self) -> Activity | None:
        """The email that this one answers, among those of the record."""
        asked = self.request.POST.get("answers") or self.request.GET.get("answers", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            return None
        rows = Activity.objects.on(self.on).filter(kind=Activity.Kind.EMAIL)
        return rows.select_related("owner", "mail").filter(pk=int(asked)).first()

    @cached_property
    def record_files(self) -> list[File]:
        """The latest files of the record, which may go along."""
        rows = File.objects.filter(activity__in=Activity.objects.on(self.on))
        return list(rows.order_by("-created_at", "-pk")[:MOST_FILES])

    def get_form_kwargs(self) -> dict[str, Any]:
        known = {
            "people": self.people,
            "templates": self.templates,
            "record_files": self.record_files,
            "fill_url": self.request.get_full_path(),
        }
        return {**super().get_form_kwargs(), **known}

    def get_initial(self) -> dict[str, Any]:
        first = next((each for each in self.people if not each.is_left_alone), None)
        initial = {
            **super().get_initial(),
            "to": first.address if first else "",
            "text": self.signed(""),
            "takes_replies": True,
        }
        if self.answered is not None:
            initial |= self.answer_to(self.answered)
        return initial

    def answer_to(self, entry: Activity) -> dict[str, Any]:
        """Return what an answer to an email begins with."""
        email = Email.objects.filter(activity=entry).first()
        is_incoming = entry.direction == Activity.Direction.INCOMING
        sender = email.sender if email is not None and is_incoming else ""
        sent = [parseaddr(each)[1] for each in entry.mail.to] if entry.mail is not None else []
        is_answer = entry.subject.lower().startswith("re:")
        subject = entry.subject if is_answer else f"Re: {entry.subject}"
        moment = entry.done_at or entry.created_at
        wrote = _("On %(day)s, %(who)s wrote:") % {
            "day": day(moment),
            "who": entry.people if is_incoming else entry.owner,
        }
        quoted = "\n".join(f"> {line}" for line in entry.text[:MOST_QUOTED].split("\n"))
        begun = {"subject": subject[:200], "answers": entry.pk}
        if sender or sent:
            begun["to"] = sender or ", ".join(sent)
        return {**begun, "text": f"{self.signed('')}\n\n{wrote}\n{quoted}"}

    def signed(self, text: str) -> str:
        signature = self.user.signature.strip()
        return f"{text}\n\n-- \n{signature}" if signature else text

    # What is done

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if FILL in request.POST and not self.closed_because():
            return self.render_to_response(self.get_context_data(form=self.filled_form()))
        return super().post(request, *args, **kwargs)

    def filled_form(self) -> WriteForm:
        """Return the form with the chosen template in it. What was typed stays, below it."""
        typed: dict[str, Any] = dict(self.request.POST.items())
        for name in ("also", "existing"):
            typed[name] = self.request.POST.getlist(name)
        chosen = next(
            (each for each in self.templates if str(each.pk) == typed.get("template")), None
        )
        if chosen is not None:
            value_of = values_for(self.on, self.user, self.recipient(typed.get("to", "")))
            text = typed.get("text", "").replace("\r\n", "\n")
            rest = "" if text.strip() == self.signed("").strip() else text
            begun = filled(chosen.text, value_of)
            typed["text"] = f"{begun.rstrip()}\n\n{rest.lstrip()}" if rest else self.signed(begun)
            typed["subject"] = filled(chosen.subject, value_of)[:200]
        typed["takes_replies"] = "takes_replies" in typed
        kwargs = self.get_form_kwargs() | {"data": None, "files": None}
        kwargs["initial"] = {**self.get_initial(), **typed}
        form: WriteForm = self.form_class(**kwargs)
        return form

    def recipient(self, to: str) -> Addressee | None:
        """Return the first of the record's people to whom the email goes."""
        return next((each for each in self.people if each.address.lower() in to.lower()), None)

    def run(self, form: WriteForm) -> Activity:
        chosen = set(form.cleaned_data.get("existing") or ())
        form.cleaned_data["files"] += [
            Upload(each.name, default_storage.open(each.key))
            for each in self.record_files
            if str(each.pk) in chosen and default_storage.exists(each.key)
        ]
        return super().run(form)

    def operation(self, *, by: Any, answers: Any = None, **values: Any) -> Activity:
        return operations.send_email(
            self.on, by=by, answers=self.answered, files=self.files, **values
        )

    def form_valid(self, form: WriteForm) -> HttpResponse:
        """Go back, or give the composer what takes its place."""
        answer = CreateView.form_valid(self, form)
        if self.outcome is None or answer.status_code >= 400 or not self.is_part:
            return answer
        composed = retarget(reswap(self.composed(), "outerHTML"), "#composer")
        return toast(composed, self.told(self.outcome))

    def form_invalid(self, form: Any, status: int = 422, **more: Any) -> HttpResponse:
        return CreateView.form_invalid(self, form, status, **more)

    @property
    def is_part(self) -> bool:
        return self.in_composer and self.target == PART

    def success_message(self, outcome: Activity) -> str:
        self.outcome = outcome
        return "" if self.is_part else self.told(outcome)

    def told(self, outcome: Activity) -> str:
        return _("Email to %(people)s is on its way") % {"people": outcome.people}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = self.people
        context = CreateView.get_context_data(
            self,
            on=self.on,
            back_url=self.back_url(),
            part=PART,
            in_composer=self.in_composer,
            alone=[each for each in people if each.is_left_alone],
            without_consent=[
                each for each in people[:1] if not (each.has_consent or each.is_left_alone)
            ],
            goes=where_it_goes(),
            own_address=address_of(self.on),
            templates=self.templates,
            **kwargs,
        )
        return {**context, "submit_label": _("Send email")}


class EmailAgain(EntryPage, OperationView):
    """Have an email that could not be sent tried once more."""

    action = "change"
    template_name = "activities/operation.html"
    operation = staticmethod(operations.send_again)
    submit_label = gettext_lazy("Try again")

    def page_title(self) -> str:
        return _("Try again: %(email)s") % {"email": self.record}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mail = self.record.mail
        explanation = mail.error if mail is not None else ""
        return super().get_context_data(**{"explanation": explanation, **kwargs})

    def success_message(self, outcome: Activity) -> str:
        return _("Email to %(people)s is on its way") % {"people": outcome.people}


class MeetingInvite(EntryPage, OperationView):
    """Choose who is invited to a meeting, and what the invitation says."""

    action = "change"
    template_name = "activities/operation.html"
    form_class = InviteForm
    submit_label = gettext_lazy("Send invitations")
    explanation = gettext_lazy(
        "Everybody gets an email that calendars understand. When the meeting changes or is "
        "cancelled, they are told."
    )

    def page_title(self) -> str:
        return _("Invite to: %(meeting)s") % {"meeting": self.record}

    @cached_property
    def invitation(self) -> Invitation | None:
        return Invitation.objects.filter(activity=self.record).first()

    @cached_property
    def people(self) -> list[Addressee]:
        return people_of(self.origin, self.user) if self.origin is not None else []

    def closed_because(self) -> str:
        meeting = self.record
        if meeting.kind != Activity.Kind.MEETING or not meeting.is_open:
            return _("Only to a meeting that is still to come can you invite.")
        if meeting.due_at is None or meeting.due_at <= timezone.now():
            return _("Give the meeting a day that is still to come first.")
        return ""

    def get_form_kwargs(self) -> dict[str, Any]:
        choices = [
            (each.address, f"{each.name} <{each.address}>" if each.name else each.address)
            for each in self.people
            if not each.is_left_alone
        ]
        return {**super().get_form_kwargs(), "choices": choices}

    def get_initial(self) -> dict[str, Any]:
        known = {each.address.lower() for each in self.people}
        invitation = self.invitation
        if invitation is None:
            first = [each.address for each in self.people if not each.is_left_alone][:1]
            return {**super().get_initial(), "people": first, "text": self.record.text[:5_000]}
        invited = [person["email"].lower() for person in invitation.people]
        return {
            **super().get_initial(),
            "people": [each.address for each in self.people if each.address.lower() in invited],
            "others": ", ".join(each for each in invited if each not in known),
            "place": invitation.place,
            "text": invitation.text,
        }

    def run(self, form: InviteForm) -> Invitation:
        values = dict(form.cleaned_data)
        names = {each.address: each.name for each in self.people}
        chosen = [with_name(names.get(each, ""), each) for each in values.pop("people", [])]
        others = values.pop("others")
        people = ", ".join(each for each in (*chosen, others) if each.strip())
        return operations.invite(self.record, by=self.user, people=people, **values)

    def success_message(self, outcome: Invitation) -> str:
        count = len(outcome.people)
        return ngettext("%(n)d person is invited", "%(n)d people are invited", count) % {"n": count}
