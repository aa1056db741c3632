"""Why something stands in somebody's day, in words; and what can be done about it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.models import Activity
from leads.models import Lead
from records.permissions import may, reaches
from users.formats import short_day

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from opportunities.models import Opportunity
    from reports.queries import Day, Part
    from users.models import User


@dataclass(frozen=True)
class Line:
    """A record of a day: why it stands there, and the addresses of what can be done about it."""

    record: Any
    note: str
    reason: str
    is_pressing: bool
    slot: str  # the id of the place for a form below it
    tel: str = ""
    call_url: str = ""
    step_url: str = ""
    decide_url: str = ""


@dataclass(frozen=True)
class Reader:
    """Who looks at whose day, and where the way back leads."""

    viewer: User
    person: User
    back: str

    @property
    def may_write(self) -> bool:
        return may(self.viewer, "add", Activity)

    def write_url(self, record: Any, kind: str) -> str:
        """Return where something is written on the timeline of `record`; nothing if it may not."""
        if not self.may_write:
            return ""
        asked = {"on": f"{record._meta.model_name}:{record.pk}", "kind": kind, "next": self.back}
        if kind == "task" and self.person != self.viewer:
            asked["owner"] = str(self.person.pk)
        return f"{reverse('activities:create')}?{urlencode(asked)}"


def time_in_words(span: timedelta) -> str:
    """Say how long something has been: "12 min", "5 h", "3 days"."""
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 60:
        return ngettext("%(n)s min", "%(n)s min", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)s h", "%(n)s h", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


# Leads: a reason, and whether it presses


def waits(lead: Lead, day: Day) -> tuple[str, bool]:
    """Say how long a lead has waited for a first word, and whether that is too long."""
    span = day.now - lead.created_at
    words = {"time": time_in_words(span), "limit": time_in_words(day.limits.first_response)}
    if span >= day.limits.first_response:
        return _("Waits %(time)s for a first response, limit %(limit)s") % words, True
    return _("Waits %(time)s for a first response") % words, False


def is_new(lead: Lead, day: Day) -> tuple[str, bool]:
    words = {"time": time_in_words(day.now - lead.created_at)}
    if lead.contacted_at is not None:
        return _("New since %(time)s") % words, False
    if lead.do_not_contact:
        return _("New since %(time)s, not to be contacted") % words, False
    return _("New since %(time)s, nobody has called") % words, False


def is_quiet(lead: Lead, day: Day) -> tuple[str, bool]:
    since = lead.touched_at or lead.created_at
    words = {"time": time_in_words(day.now - since), "limit": time_in_words(day.limits.quiet)}
    if lead.touched_at is None:
        return _("Nobody in touch since it came %(time)s ago, limit %(limit)s") % words, True
    return _("Nobody in touch for %(time)s, limit %(limit)s") % words, True


def has_no_step(lead: Lead, day: Day) -> tuple[str, bool]:
    return _("Open for %(time)s, nothing planned") % {
        "time": time_in_words(day.now - lead.created_at)
    }, False


def is_undecided(lead: Lead, day: Day) -> tuple[str, bool]:
    return lead.needs_decision, True


# Opportunities


def is_stale(deal: Opportunity, day: Day) -> tuple[str, bool]:
    days = max(0, (day.now - deal.stage_entered_at).days)
    return ngettext(
        "%(n)s day in %(stage)s, usual %(usual)s",
        "%(n)s days in %(stage)s, usual %(usual)s",
        days,
    ) % {"n": days, "stage": deal.stage, "usual": deal.stage.usual_days}, True


def closes(deal: Opportunity, day: Day) -> tuple[str, bool]:
    expected = deal.estimated_close_date
    if expected is None:
        return "", False
    days = (expected - timezone.localdate(day.now)).days
    if days < 0:
        return ngettext(
            "Expected to close %(n)s day ago", "Expected to close %(n)s days ago", -days
        ) % {"n": -days}, True
    if days == 0:
        return _("Expected to close today"), False
    return _("Expected to close %(day)s") % {"day": short_day(expected)}, False


REASONS: dict[str, Callable[[Any, Day], tuple[str, bool]]] = {
    "undecided": is_undecided,
    "waiting": waits,
    "new": is_new,
    "quiet": is_quiet,
    "without_next_step": has_no_step,
    "stale": is_stale,
    "closing": closes,
}


def lines_of(name: str, part: Part, day: Day, reader: Reader) -> list[Line]:
    """Return the records of a part of a day as they are shown."""
    return [line_of(name, record, day, reader) for record in part.records]


def line_of(name: str, record: Any, day: Day, reader: Reader) -> Line:
    reason, is_pressing = REASONS[name](record, day)
    is_lead = isinstance(record, Lead)
    decide = name == "undecided" and reaches(reader.viewer, "qualify", record)
    return Line(
        record,
        note_of_lead(record) if is_lead else note_of_deal(record, reader.viewer),
        reason,
        is_pressing,
        slot=f"slot-{name}-{record._meta.model_name}-{record.pk}".replace("_", "-"),
        tel=tel_of(record),
        call_url=reader.write_url(record, "call"),
        step_url=reader.write_url(record, "task"),
        decide_url=reverse("leads:qualify", kwargs={"pk": record.pk}) if decide else "",
    )


def note_of_lead(lead: Lead) -> str:
    return f"{lead.topic}, {lead.company}" if lead.company and lead.full_name else lead.topic


def note_of_deal(deal: Opportunity, viewer: User) -> str:
    """Say whose deal it is and how far: of an account that one may not see nothing is told."""
    account = deal.account
    parts = [
        str(account) if account is not None and reaches(viewer, "view", account) else "",
        str(deal.stage),
        _("on hold") if deal.is_on_hold else "",
    ]
    return ", ".join(part for part in parts if part)


def tel_of(record: Any) -> str:
    """Return the number by which the people of a record are called, if they may be."""
    if getattr(record, "do_not_contact", False):
        return ""
    for name in ("phone", "mobile"):
        number = getattr(record, f"{name}_key", "") or getattr(record, name, "")
        if number:
            return str(number)
    return ""


def quiet_evening(day: Day) -> str:
    """Say what comes tomorrow, for whom nothing is due: "3 calls tomorrow."."""
    tomorrow = timezone.localdate(day.now) + timedelta(days=1)

    def is_tomorrow(moment: datetime) -> bool:
        return timezone.localdate(moment) == tomorrow

    coming = [todo.activity for todo in day.soon.records if is_tomorrow(todo.due_at)]
    if not coming:
        return ""
    n = len(coming)
    if n == len(day.soon.records) and day.soon.has_more:
        return _("More than %(n)s steps tomorrow.") % {"n": n}
    kinds = {activity.kind for activity in coming}
    if kinds == {Activity.Kind.CALL}:
        words = ngettext("%(n)s call tomorrow.", "%(n)s calls tomorrow.", n)
    elif kinds == {Activity.Kind.MEETING}:
        words = ngettext("%(n)s meeting tomorrow.", "%(n)s meetings tomorrow.", n)
    elif kinds == {Activity.Kind.TASK}:
        words = ngettext("%(n)s task tomorrow.", "%(n)s tasks tomorrow.", n)
    else:
        words = ngettext("%(n)s step tomorrow.", "%(n)s steps tomorrow.", n)
    return words % {"n": n}
