"""Somebody's tasks and meetings as their calendar reads them, by an address that is a secret."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import View

from activities.calendar import Event, calendar_of
from activities.models import Activity
from activities.operations.writing import TO_DO
from activities.views.todo import places_of
from users import formats
from users.operations import owner_of_calendar
from workbench.views.limits import address_of, hidden, seconds_to_wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from users.models import User

MOST_ENTRIES = 1_000
KEPT = timedelta(days=90)  # meetings that were held stay in the calendar for so long
MEETING_MINUTES = 60  # where nobody has said how long it takes
WINDOW = 600  # seconds
PER_CALENDAR, PER_ADDRESS = 60, 300  # in a window; programs ask every few minutes
CALENDAR = "text/calendar; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"


@method_decorator(login_not_required, name="dispatch")
class Calendar(View):
    """One person's calendar, to whoever has its address: nobody signs in, and nothing is changed.

    It has what its owner may see at this moment. An address that was never there and one that has
    ended get the same answer.
    """

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if wait := too_often(request, token):
            return HttpResponse("Too many requests.\n", PLAIN, 429, headers={"Retry-After": wait})
        owner = owner_of_calendar(token)
        if owner is None:
            return HttpResponse("There is no calendar here.\n", PLAIN, 404)
        with formats.written_for(owner):
            name = _("%(person)s, work") % {"person": owner}
            content = calendar_of(events_of(owner, request), name=name).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        answer: Any = get_conditional_response(request, etag=etag)
        if answer is None:
            answer = HttpResponse(content, CALENDAR)
            answer["Content-Disposition"] = 'inline; filename="calendar.ics"'
        answer["ETag"] = etag
        # Kept by programs that ask each time whether it has changed, and by nobody in between.
        answer["Cache-Control"] = "private, no-cache"
        return answer  # type: ignore[no-any-return]


def too_often(request: HttpRequest, token: str) -> int:
    """Return in how many seconds to ask again; 0 when it may be asked now."""
    calendar, network = hidden(token[:200]), hidden(address_of(request))
    return seconds_to_wait(f"calendar-from-{network}", PER_ADDRESS, WINDOW) or seconds_to_wait(
        f"calendar-{calendar}", PER_CALENDAR, WINDOW
    )


def entries_of(owner: User) -> list[Any]:
    """Return what stands in the calendar of `owner`: what is due, and meetings of late."""
    rows = Activity.objects.permitted(owner).filter(owner=owner, due_at__isnull=False)
    is_to_do = Q(status="open", kind__in=TO_DO)
    was_held = Q(kind="meeting", status="done", due_at__gte=timezone.now() - KEPT)
    shown = rows.filter(is_to_do | was_held).order_by("-due_at", "-pk")
    return list(shown.for_list().select_related("invitation")[:MOST_ENTRIES])


def events_of(owner: User, request: HttpRequest) -> Iterable[Event]:
    """Yield the entries as calendars write them: of a record that is not to be seen nothing."""
    entries = entries_of(owner)
    places = places_of(entries, owner)
    for activity in entries:
        place = places.get(activity.pk)
        words = {"what": activity, "record": place}
        invitation = getattr(activity, "invitation", None)
        yield Event(
            # Whoever invited has the meeting in their calendar once, under its one name.
            uid=invitation.uid if invitation is not None else uid_of(activity),
            title=str(activity) if place is None else _("%(what)s (%(record)s)") % words,
            start=activity.due_at,
            stamp=activity.changed_at,
            minutes=minutes_of(activity),
            sequence=activity.version - 1 if invitation is None else invitation.sequence,
            place=invitation.place if invitation is not None else "",
            text=str(activity.get_kind_display()),
            url=request.build_absolute_uri(activity.get_absolute_url()),
        )


def uid_of(activity: Activity) -> str:
    """Return the name by which calendars know an entry for ever, and no other entry."""
    return f"activity-{activity.pk}-{activity.created_at:%Y%m%d%H%M%S%f}@crm.invalid"


def minutes_of(activity: Activity) -> int | None:
    if activity.kind == Activity.Kind.MEETING:
        return activity.duration or MEETING_MINUTES
    return activity.duration
