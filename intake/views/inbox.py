"""The inbox: what came in and could not be processed, or looked like a robot's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from intake import jobs, mapping, operations, rules
from intake.forms import MendForm
from intake.models import Delivery
from records.errors import Refused
from records.permissions import name_for, reaches, scope_of
from users.models import Grant
from workbench.templatetags.workbench import ago
from workbench.views import Tab
from workbench.views.record import FormPage, Page

if TYPE_CHECKING:
    from users.models import User

ROWS = 50
LONGEST_PAYLOAD = 20_000
TABS = [
    Tab(gettext_lazy("Failed"), Delivery.State.FAILED),
    Tab(gettext_lazy("Quarantine"), Delivery.State.QUARANTINED),
]


def may(user: User, action: str) -> bool:
    """Say whether `user` may do this to all that comes in: it belongs to nobody yet."""
    return scope_of(user, action, Delivery) == Grant.Scope.ALL


class InboxPage(Page):
    """A page of the inbox, for those who may."""

    model = Delivery
    action: ClassVar[str] = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, self.action):
            raise PermissionDenied(_("You may not look after what comes in. Ask an administrator."))
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def delivery(self) -> Delivery:
        rows = Delivery.objects.select_related("door", "form", "lead__owner")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def told(self, sentence: str) -> HttpResponse:
        """Say what was done and go back to the list."""
        messages.success(self.request, sentence)
        return self.go(reverse("intake:list"))


class InboxList(InboxPage, TemplateView):
    """What waits for a person, the newest first: what failed, or what is in quarantine."""

    template_name = "intake/inbox.html"
    title = gettext_lazy("Inbox")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        states = [str(tab.query) for tab in TABS]
        asked = self.request.GET.get("state", "")
        state = asked if asked in states else states[0]
        text = self.request.GET.get("page", "")
        page = min(max(int(text) if text.isascii() and text.isdigit() else 1, 1), 1_000)
        start = (page - 1) * ROWS
        rows = list(
            Delivery.objects.filter(state=state)
            .for_inbox()
            .prefetch_related("door__fields")[start : start + ROWS + 1]
        )
        counts = Delivery.objects.in_the_inbox().counted()
        address = f"{self.request.path}?state={state}&page="
        return super().get_context_data(
            state=state,
            tabs=[
                {
                    "label": tab.label,
                    "url": f"{self.request.path}?state={tab.query}",
                    "count": counts.get(str(tab.query), 0),
                    "is_current": tab.query == state,
                }
                for tab in TABS
            ],
            rows=[(row, rules.summary_of(rules.values_of(row))) for row in rows[:ROWS]],
            previous=f"{address}{page - 1}" if page > 1 else "",
            next=f"{address}{page + 1}" if len(rows) > ROWS else "",
            may_decide=may(self.user, "change"),
            **kwargs,
        )


class InboxDetail(InboxPage, FormPage):
    """One delivery: why it waits, what it says, and what it says field by field, to be mended."""

    template_name = "intake/delivery.html"
    form_class = MendForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(self.user, "change"):
            raise PermissionDenied(_("You can read this but not decide about it."))
        return super().post(request, *args, **kwargs)

    def page_title(self) -> str:
        return rules.summary_of(rules.values_of(self.delivery)) or str(self.delivery)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "record": self.delivery}

    def run(self, form: MendForm) -> Delivery:
        return jobs.retry(self.delivery, by=self.user, values=form.cleaned_data["values"])

    def success_message(self, outcome: Delivery) -> str:
        return _("%(delivery)s is being processed") % {"delivery": outcome}

    def success_url_for(self, outcome: Any) -> str:
        return reverse("intake:list")

    def closed_because(self) -> str:
        if self.delivery.is_in_inbox:
            return ""
        return _("Nothing is to be decided here: it is %(state)s.") % {
            "state": self.delivery.get_state_display().lower()
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        delivery = self.delivery
        is_quarantined = delivery.state == Delivery.State.QUARANTINED
        lead = delivery.lead
        return super().get_context_data(
            delivery=delivery,
            explanation=delivery.error,
            facts=facts_of(delivery),
            payload=shown(delivery),
            lead_name=name_for(self.user, lead) if lead else "",
            lead_url=lead.get_absolute_url() if lead and reaches(self.user, "view", lead) else "",
            may_decide=may(self.user, "change"),
            button=_("Release") if is_quarantined else _("Save and retry"),
            **kwargs,
        )


def facts_of(delivery: Delivery) -> list[dict[str, Any]]:
    """Return what is known of how something came in, as lines of a list."""
    return [
        {"label": _("Came by"), "value": str(delivery.entrance)},
        {"label": _("Received"), "value": ago(delivery.received_at)},
        *([{"label": _("Came again"), "value": delivery.repeats}] if delivery.repeats else []),
        *(
            [{"label": _("Agreed to"), "value": delivery.consent_text}]
            if delivery.consent_text
            else []
        ),
        *(
            {"label": rules.label_of(name), "value": text}
            for name, text in delivery.context.items()
        ),
    ]


def shown(delivery: Delivery) -> str:
    """Return a payload to read, laid out where it is JSON."""
    raw = bytes(delivery.raw)
    try:
        payload = mapping.payload_of(raw, delivery.content_type)
        text = json.dumps(payload, indent=2, ensure_ascii=False)
    except mapping.PayloadIsWrong:
        text = raw[:LONGEST_PAYLOAD].decode("utf-8", "replace").replace("\x00", "�")
    return text if len(text) <= LONGEST_PAYLOAD else f"{text[:LONGEST_PAYLOAD]}\n…"


class InboxDiscard(InboxPage):
    """Give up a delivery."""

    action = "change"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            operations.discard(self.delivery, by=self.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.go(reverse("intake:list"))
        return self.told(_("%(delivery)s was discarded") % {"delivery": self.delivery})


class InboxRetry(InboxPage):
    """Have everything that failed processed once more."""

    action = "change"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = len(jobs.retry_all(by=self.user))
        sentence = ngettext(
            "%(n)d delivery is being processed again",
            "%(n)d deliveries are being processed again",
            count,
        )
        return self.told(sentence % {"n": count})
