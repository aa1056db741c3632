"""What is raced about: the leads of a race, and what has to hold whatever happened to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import DateTimeField

from accounts.models import Account, Contact
from activities.models import ActivityLink
from crm.integrity import findings
from leads.models import Lead, Qualification, QualifiedOpportunity
from leads.operations import capture_lead
from opportunities.models import Opportunity
from records.models import AuditEntry
from tests.world import stored
from users.models import User
from users.operations import issue_token
from workbench.models import Job, JobLine

FORMS = ["{} Inc", "{}, Inc.", "{} GmbH", "{} Ltd.", "{}", "{} Corporation"]


def a_world(leads: int, companies: int, name: str = "Company") -> dict[str, Any]:
    """Make who may qualify, and the leads: every company in six spellings, some people twice."""
    user = User.objects.create_superuser(
        f"race{User.objects.count()}@crm.example", None, name="Race"
    )
    _token, secret = issue_token(user, by=user, name="race", scope="write")
    numbers = []
    for number in range(leads):
        spelling = FORMS[number // companies % 6].format(f"{name} {_word(number % companies)}")
        person = number % (leads * 7 // 10 or 1)
        lead = capture_lead(
            by=user,
            topic=f"Deal {number}",
            first_name="Ann",
            last_name=f"Person {person}",
            company=spelling.upper() if number % 4 == 0 else spelling,
            email=f"Ann.{person}@{name.lower()}-{person % companies}.example",
        )
        numbers.append(lead.pk)
    return {"token": secret, "leads": numbers, "companies": companies, "by": user.pk}


def _word(number: int) -> str:
    """Return A to Z, then BA to ZZ: each number has a word of its own."""
    head, last = divmod(number, 26)
    return (_word(head) if head else "") + chr(65 + last)


def truth() -> dict[str, Any]:
    """Return what is wrong, and how many there are of everything."""
    wrong = [f"{found.rule}: {found.text}" for found in findings()]
    for lead in Lead.objects.all():
        active = lead.qualifications.filter(state="active").count()
        opened = QualifiedOpportunity.objects.filter(
            qualification__lead=lead, qualification__state="active"
        ).count()
        expected = 1 if lead.status == "qualified" else 0
        if (active, opened) != (expected, expected):
            wrong.append(f"lead {lead.pk} is {lead.status} with {active} cycles and {opened} deals")
    names = Counter(Account.objects.values_list("name_key", flat=True))
    wrong += [f"account {name} has a twin" for name, count in names.items() if count > 1]
    people = Counter(Contact.objects.values_list("email_key", flat=True))
    wrong += [f"contact {name} has a twin" for name, count in people.items() if count > 1]
    return {
        "wrong": wrong,
        "accounts": Account.objects.count(),
        "contacts": Contact.objects.count(),
        "opportunities": Opportunity.objects.count(),
        "orphans": Opportunity.objects.filter(qualification_links=None).count(),
        "qualified": Lead.objects.qualified().count(),
    }


def cycles() -> dict[int, list[tuple[int, str]]]:
    """Return the qualifications of every lead in their order: number and state."""
    found: dict[int, list[tuple[int, str]]] = {}
    rows = Qualification.objects.order_by("lead", "seq")
    for lead, pk, state in rows.values_list("lead", "pk", "state"):
        found.setdefault(lead, []).append((pk, state))
    return found


def report(number: int) -> dict[str, Any]:
    """Return how the job of this number ended, what it tells, and what became of every lead.

    `leads` has them in the order in which they came in, `tables` how many rows there are of each
    kind. Neither names a number or a moment, which no two runs have in common.
    """
    job = Job.objects.get(pk=number)
    lines = {line.record_id: line for line in job.lines.all()}
    assert job.started_at is not None
    assert job.finished_at is not None
    return {
        "state": job.state,
        "outcome": job.outcome,
        "seconds": round((job.finished_at - job.started_at).total_seconds(), 1),
        "done": job.done,
        "lines": job.lines.count(),
        "leads_told_of": len(lines),
        "codes": dict(Counter(line.code for line in lines.values())),
        "qualified_twice": Lead.objects.filter(cycles__gt=1).count(),
        "qualifications": Qualification.objects.count(),
        "leads": {
            f"lead {place}": _ending(lead) | _told(lines.get(lead.pk))
            for place, lead in enumerate(Lead.objects.order_by("pk"))
        },
        # The room of all records also holds what a nightly job finds, whenever it comes by.
        "tables": {
            label: len(rows) for label, rows in stored().items() if not label.startswith("records.")
        },
    }


def _told(line: JobLine | None) -> dict[str, Any]:
    return {"line": [line.state, line.code, line.text] if line else None}


def _ending(lead: Lead) -> dict[str, Any]:
    """Return a lead and all that it has become, each with its values, trail, history, timeline."""
    found: dict[str, Any] = {"lead": _whole(lead)}
    for cycle in lead.qualifications.order_by("seq"):
        links = cycle.opportunity_links.select_related("opportunity").order_by("pk")
        found[f"cycle {cycle.seq}"] = {
            "state": cycle.state,
            "result": {kind: _reasons(cycle.result[kind]) for kind in ("account", "contact")},
            "account": _whole(cycle.account),
            "contact": _whole(cycle.contact),
            "opportunities": [_whole(link.opportunity) for link in links],
        }
    return found


def _reasons(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "id"}


def _whole(record: Any) -> Any:
    if record is None:
        return None
    kind = ContentType.objects.get_for_model(record)
    about = {"record_type": kind, "record_id": record.pk}
    events = AuditEntry.objects.filter(**about).order_by("pk").values_list("event", flat=True)
    return {
        **{
            field.name: str(getattr(record, field.name))
            for field in record._meta.concrete_fields
            if not field.primary_key and not isinstance(field, DateTimeField)
        },
        "trail": list(events),
        "history": record.history.count(),
        "timeline": ActivityLink.objects.filter(**about).count(),
    }
