"""What is done to an entry in a row of another page, without leaving it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.functional import cached_property
from django_htmx.http import trigger_client_event

from workbench.templatetags.workbench import undo_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

# Rows of what is to do, and the places for a form below a row, have ids like these.
ROW = "todo-"
PLACE = re.compile(r"(todo|slot)-[a-z0-9-]{1,60}")
CHANGED = "activitiesChanged"  # tells a page to bring what it shows of activities anew
DONE = "activityDone"  # one of them is done, and its row says so itself


class InPlace:
    """A page whose form also stands in a row of another page, where htmx asks for it there.

    When it is done the page around it is told so, and gets what a message would say.
    `in_place_fields` are those of the form that a row has room for; the others stay as they begin.
    """

    request: HttpRequest
    in_place_fields: Sequence[str] = ()

    @cached_property
    def place(self) -> str:
        """The id of the row, or of the place below one, that htmx fills; nothing for a page."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        target = (htmx.target or "") if htmx else ""
        return target if PLACE.fullmatch(target) else ""

    def get_template_names(self) -> list[str]:
        if self.place:
            return ["activities/in_place.html"]
        return super().get_template_names()  # type: ignore[no-any-return]

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        # Several forms may stand on one page: each has its own names for its fields.
        return {**kwargs, "auto_id": f"{self.place}-%s"} if self.place else kwargs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if self.place:
            form = context["form"]
            context["place"] = self.place
            context["fields"] = [form[n] for n in self.in_place_fields if n in form.fields]
        return context

    def go(self, url: str) -> HttpResponse:
        if not self.place:
            return super().go(url)  # type: ignore[no-any-return]
        return told(self.request, trigger_client_event(HttpResponse(), CHANGED))


def told(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Let an answer to htmx say at once what the next page would have said."""
    for message in messages.get_messages(request):
        toast = {"text": str(message), "undo": undo_url(message)}
        trigger_client_event(answer, "toast", toast)
    return answer
