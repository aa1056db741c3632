"""Many leads qualified at once, each by itself, with a report of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads import operations
from leads.models import Lead
from leads.operations import Plan, Qualified
from records.errors import Busy, Refused, Unacceptable
from records.permissions import require_any
from workbench.bulk import so_already, summary
from workbench.jobs import End, Job, JobLine, Kind, Line, Step, start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from users.models import User

MOST_LEADS = 1_000
DONE, SKIPPED, REFUSED = JobLine.State.DONE, JobLine.State.SKIPPED, JobLine.State.REFUSED


def qualify_many(
    leads: Iterable[int],
    *,
    by: User,
    opens_opportunities: bool = True,
    override_reason: str = "",
) -> Job:
    """Have the leads of these numbers qualified, in this order; the job tells what came of each.

    With an `override_reason` those too that lack something, where `by` may override it.

    Raises `NotPermitted` for whom no lead may be qualified by, `Unacceptable` for no lead at all or
    more than 1,000.
    """
    require_any(by, "qualify", Lead)
    numbers = numbers_of(leads)
    return start(
        qualify_leads,
        by=by,
        title=ngettext("Qualify %(n)d lead", "Qualify %(n)d leads", len(numbers))
        % {"n": len(numbers)},
        total=len(numbers),
        leads=numbers,
        opens_opportunities=opens_opportunities,
        override_reason=override_reason,
    )


def numbers_of(leads: Iterable[int]) -> list[int]:
    """Return each number once. Raises `Unacceptable` for none and for more than 1,000."""
    numbers = list(dict.fromkeys(leads))
    if not numbers:
        raise Unacceptable(errors={"leads": [_("Choose at least one lead.")]})
    if len(numbers) > MOST_LEADS:
        raise Unacceptable(
            errors={"leads": [_("Choose at most %(most)d leads at a time.") % {"most": MOST_LEADS}]}
        )
    return numbers


@Kind.undone_at("leads:bulk-undo")
def qualify_leads(job: Job) -> Step | End:
    """Qualify the next lead, or tell what stands in its way."""
    numbers, place = job.arguments["leads"], job.cursor.get("next", 0)
    if place == len(numbers):
        return End(summary(job, qualified, so_already))
    plan = Plan(
        opportunities=None if job.arguments["opens_opportunities"] else (),
        override_reason=job.arguments.get("override_reason", ""),
    )
    return Step({"next": place + 1}, lines=(_line(numbers[place], plan, by=job.owner),))


def _line(number: int, plan: Plan, *, by: User) -> Line:
    leads = Lead.objects.permitted(by, "view").select_related("owner")
    lead: Lead | None = leads.filter(pk=number).first()
    if lead is None:
        text = _("There is no lead %(number)d that you can see.") % {"number": number}
        return Line(None, REFUSED, "not_found", text)
    try:
        done = operations.qualify(lead, by=by, plan=plan)
    except Busy:
        raise
    except Refused as refusal:
        return Line(lead, REFUSED, refusal.code, " ".join(refusal.reasons))
    if done.is_repeat:
        return Line(lead, SKIPPED, "already_qualified", _("It was qualified already."))
    return Line(lead, DONE, "qualified", _told(done))


def _told(done: Qualified) -> str:
    """Say what a lead has become, without names: others than `by` may read it."""
    words = {
        "account": {
            "created": _("Account created"),
            "reused": _("Linked to an account that was there"),
            "skipped": _("No account"),
        },
        "contact": {
            "created": _("contact created"),
            "reused": _("linked to a contact that was there"),
            "skipped": _("no contact"),
        },
    }
    result, count = done.qualification.result, len(done.opportunities)
    parts = [words[kind].get(result[kind]["outcome"], "") for kind in words]
    parts.append(
        ngettext("%(n)d opportunity opened", "%(n)d opportunities opened", count) % {"n": count}
        if count
        else _("no opportunity")
    )
    return ", ".join(part for part in parts if part) + "."


def qualified(count: int) -> str:
    return ngettext("%(n)d lead was qualified.", "%(n)d leads were qualified.", count) % {
        "n": count
    }
