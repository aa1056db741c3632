"""One person's working day: what is due, what is new, who waits, what goes stale or closes soon."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from activities.models import Activity
from leads.models import Lead
from leads.queries import limits_of_leads
from leads.querysets import LAST_TOUCH
from opportunities.models import Opportunity
from records.permissions import people_in_reach, reaches
from records.querysets import WholeDays
from reports.queries.picks import Pick, Wanted, picked
from reports.queries.question import months_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from leads.models import LeadLimits
    from users.models import User

AHEAD = timedelta(days=7)

TASK_PARTS = ("late", "today", "soon")
LEAD_PARTS = ("undecided", "waiting", "new", "quiet", "without_next_step")
DEAL_PARTS = ("stale", "closing")
# How many are shown: whoever has more needs the list. Of all open leads only the number is told.
SHOWN = {
    **dict.fromkeys(TASK_PARTS, 15),
    **dict.fromkeys((*LEAD_PARTS, *DEAL_PARTS), 6),
    "open_leads": 0,
}
# What a day is made of: whoever sees none of it of somebody has no business with that day.
KINDS = (Activity, Lead, Opportunity)


@dataclass(frozen=True)
class Todo:
    """Something to do, and the record that it is about, if its reader may see that."""

    activity: Activity
    due_at: datetime
    record: Any | None
    may_change: bool


@dataclass(frozen=True)
class Part:
    """The first records of a kind of work, how many there are, and the list with all of them."""

    records: tuple[Any, ...] = ()
    count: str = "0"
    has_more: bool = False
    url: str = ""


@dataclass(frozen=True)
class Day:
    """Everything on the page of somebody's day. The parts of tasks hold `Todo`s."""

    now: datetime
    limits: LeadLimits
    parts: Mapping[str, Part] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Part:
        try:
            return self.__dict__["parts"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def is_empty(self) -> bool:
        return not any(part.records for part in self.parts.values())


def people_of(viewer: User) -> QuerySet[User]:
    """Return the people whose day `viewer` may look at: those whose records he sees."""
    return people_in_reach(viewer, "view", *KINDS)


def day_of(person: User, *, viewer: User | None = None) -> Day:
    """Gather the day of `person`: his open tasks, leads and opportunities, as `viewer` sees them.

    Seven statements, however much there is: the limits, the numbers of all that is shown, and one
    for each kind of record.
    """
    viewer = viewer or person
    now, limits = timezone.localtime(), limits_of_leads()
    picks = picked(_wanted(person, viewer, now, limits))

    def shown(*names: str) -> set[int]:
        return {pk for name in names for pk in _shown(name, picks[name])}

    rows = Activity.objects.permitted(viewer).filter(pk__in={0, *shown(*TASK_PARTS)})
    activities = {activity.pk: activity for activity in rows.for_list()}
    about = _origins(activities.values())
    records = {
        model: _by_number(model, about.get(model, set()) | extra, viewer)
        for model, extra in {
            Lead: shown(*LEAD_PARTS),
            Opportunity: shown(*DEAL_PARTS),
            Account: set[int](),
            Contact: set[int](),
        }.items()
    }
    urls = _addresses(person, viewer, now)

    def part(name: str, found: Mapping[int, Any]) -> Part:
        here = tuple(found[pk] for pk in _shown(name, picks[name]) if pk in found)
        return Part(here, picks[name].count, len(picks[name].numbers) > len(here), urls[name])

    todos = {pk: _todo(activity, records, viewer) for pk, activity in activities.items()}
    parts = {name: part(name, todos) for name in TASK_PARTS}
    parts |= {name: part(name, records[Lead]) for name in (*LEAD_PARTS, "open_leads")}
    parts |= {name: part(name, records[Opportunity]) for name in DEAL_PARTS}
    return Day(now, limits, parts)


def _wanted(person: User, viewer: User, now: datetime, limits: LeadLimits) -> dict[str, Wanted]:
    tomorrow = _tomorrow(now)
    tasks = Activity.objects.permitted(viewer).to_do().filter(owner=person)
    leads = Lead.objects.permitted(viewer).open().filter(owner=person)
    deals = Opportunity.objects.permitted(viewer).open().filter(owner=person)
    stale = deals.filter(is_on_hold=False).annotate(
        days_in_stage=WholeDays(now, F("stage_entered_at"))
    )
    due = ("due_at", "pk")
    return {
        # The latest of the late come first: they are the ones that can still be saved.
        "late": Wanted(tasks.filter(due_at__lt=now), ("-due_at", "-pk")),
        "today": Wanted(tasks.filter(due_at__gte=now, due_at__lt=tomorrow), due),
        "soon": Wanted(tasks.filter(due_at__gte=tomorrow, due_at__lt=tomorrow + AHEAD), due),
        "undecided": Wanted(leads.undecided(), ("-changed_at", "-pk")),
        # Nothing is `contacted_at` of them all: it is named for the index.
        "waiting": Wanted(leads.waiting(), ("contacted_at", "created_at", "pk")),
        "new": Wanted(leads.filter(progress=Lead.Progress.NEW), ("-created_at", "-pk")),
        "quiet": Wanted(leads.quiet_since(now - limits.quiet), (LAST_TOUCH.asc(), "pk")),
        "without_next_step": Wanted(
            leads.filter(next_step="", next_step_at=None), ("created_at", "pk")
        ),
        "open_leads": Wanted(leads, ("-created_at", "-pk")),
        "stale": Wanted(
            stale.filter(days_in_stage__gte=F("stage__usual_days")), ("stage_entered_at", "pk")
        ),
        "closing": Wanted(
            deals.filter(estimated_close_date__lte=months_until(now.date(), 1)[0].last),
            ("estimated_close_date", "pk"),
        ),
    }


def _addresses(person: User, viewer: User, now: datetime) -> dict[str, str]:
    """Return the list that has all of each part, and nothing else."""
    owner = "me" if person == viewer else str(person.pk)

    def list_of(kind: str, **filters: str) -> str:
        return f"{reverse(f'{kind}:list')}?{urlencode({'owner': owner, **filters})}"

    last = months_until(now.date(), 1)[0].last.isoformat()
    return {
        **{name: list_of("activities", due=name) for name in TASK_PARTS},
        "undecided": list_of("leads", status="open", undecided="1"),
        "waiting": list_of("leads", status="open", waiting="1"),
        "new": list_of("leads", status="open", progress="new"),
        "quiet": list_of("leads", status="open", quiet="1"),
        "without_next_step": list_of("leads", status="open", next_step="none"),
        "open_leads": list_of("leads", status="open"),
        "stale": list_of("opportunities", status="open", hold="0", stale="1"),
        "closing": list_of("opportunities", status="open", closing_before=last),
    }


def _tomorrow(now: datetime) -> datetime:
    return timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), time.min))


def _shown(name: str, pick: Pick) -> tuple[int, ...]:
    """Return the numbers of what the page shows; what is late as it fell due."""
    first = pick.numbers[: SHOWN[name]]
    return first[::-1] if name == "late" else first


def _origins(activities: Iterable[Any]) -> dict[type[Any], set[int]]:
    """Return the records on which these entries were written, by kind."""
    about: dict[type[Any], set[int]] = {}
    for activity in activities:
        if activity.origin_type is not None:
            model = ContentType.objects.get_for_id(activity.origin_type).model_class()
            if model is not None:
                about.setdefault(model, set()).add(activity.origin_id)
    return about


def _by_number(model: Any, numbers: set[int], viewer: User) -> dict[int, Any]:
    # Also for no numbers at all: a page asks as often on an empty day as on a full one.
    rows = model.objects.permitted(viewer).filter(pk__in={0, *numbers})
    related = {Opportunity: ("owner", "account__owner", "stage")}.get(model, ("owner",))
    return {record.pk: record for record in rows.select_related(*related)}


def _todo(activity: Any, records: Mapping[Any, Mapping[int, Any]], viewer: User) -> Todo:
    model = (
        ContentType.objects.get_for_id(activity.origin_type).model_class()
        if activity.origin_type is not None
        else None
    )
    record = records.get(model, {}).get(activity.origin_id)
    may_change = reaches(viewer, "change", activity) or (
        record is not None and reaches(viewer, "change", record)
    )
    return Todo(activity, activity.due_at, record, may_change)
