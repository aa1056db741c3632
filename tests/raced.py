"""What is raced about: the leads of a race, and what has to hold whatever happened to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from accounts.models import Account, Contact
from crm.integrity import findings
from leads.models import Lead, Qualification, QualifiedOpportunity
from leads.operations import capture_lead
from opportunities.models import Opportunity
from users.models import User
from users.operations import issue_token

FORMS = ["{} Inc", "{}, Inc.", "{} GmbH", "{} Ltd.", "{}", "{} Corporation"]


def a_world(leads: int, companies: int, name: str = "Company") -> dict[str, Any]:
    """Make who may qualify, and the leads: every company in six spellings, some people twice."""
    user = User.objects.create_superuser(
        f"race{User.objects.count()}@crm.example", None, name="Race"
    )
    _token, secret = issue_token(user, by=user, name="race", scope="write")
    numbers = []
    for number in range(leads):
        spelling = FORMS[number // companies % 6].format(f"{name} {chr(65 + number % companies)}")
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
