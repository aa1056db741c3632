"""Many leads given up at once, and what was done to many taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads import operations
from leads.errors import CannotUndo
from leads.jobs.bulk import DONE, REFUSED, SKIPPED, numbers_of, qualify_leads
from leads.models import DisqualifyReason, Lead, Qualification
from records.errors import Busy, IsGone, NotPermitted, Refused, Unacceptable
from records.permissions import require_any
from workbench.bulk import changed_since, refuse_at_work, so_already, summary, undo_key
from workbench.jobs import End, Job, Kind, Line, Step, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from users.models import User


def disqualify_many(
    leads: Iterable[int],
    *,
    by: User,
    reason: DisqualifyReason,
    comment: str = "",
    revisit_on: date | None = None,
) -> Job:
    """Have the leads of these numbers given up, for one reason; the job tells what came of each.

    Raises `NotPermitted` for whom no lead may be disqualified by, `Unacceptable` for no lead at
    all, for more than 1,000, and for terms that no lead could be given up on.
    """
    require_any(by, "disqualify", Lead)
    numbers = numbers_of(leads)
    operations.refuse_bad_terms(reason, comment, revisit_on)
    return start(
        disqualify_leads,
        by=by,
        title=ngettext("Disqualify %(n)d lead", "Disqualify %(n)d leads", len(numbers))
        % {"n": len(numbers)},
        total=len(numbers),
        leads=numbers,
        reason=reason.pk,
        comment=comment,
        revisit_on=revisit_on.isoformat() if revisit_on else "",
    )


@Kind.undone_at("leads:bulk-undo")
def disqualify_leads(job: Job) -> Step | End:
    """Give up the next lead, or tell what stands in the way."""
    numbers, place = job.arguments["leads"], job.cursor.get("next", 0)
    if place == len(numbers):
        return End(summary(job, *DISQUALIFIED))
    reason = DisqualifyReason.objects.filter(pk=job.arguments["reason"]).first()
    if reason is None:
        raise IsGone(_("The reason was deleted in the meantime. Choose another one."))

    def give_up(lead: Lead) -> Line:
        if lead.status == Lead.Status.DISQUALIFIED:
            return Line(lead, SKIPPED, "already_disqualified", _("It was given up already."))
        operations.disqualify(
            lead,
            by=job.owner,
            reason=reason,
            comment=job.arguments["comment"],
            revisit_on=parse_date(job.arguments["revisit_on"]),
        )
        return Line(lead, DONE, "disqualified", _("Disqualified: %(reason)s") % {"reason": reason})

    return Step({"next": place + 1}, lines=(line_for(numbers[place], give_up, by=job.owner),))


def undo_many(job: Job, *, by: User) -> Job:
    """Have taken back what a job has done to leads: qualifications undone, leads reopened.

    What was taken back since, or done anew, is left as it is. Raises `NotPermitted`, and
    `Unacceptable` for a job that is still at work or being taken back, or has nothing to take back.
    """
    is_qualifying = job.kind == qualify_leads.name
    if job.kind not in {qualify_leads.name, disqualify_leads.name}:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    refuse_at_work(job)
    require_any(by, "undo" if is_qualifying else "disqualify", Lead)
    leads = list(job.lines.filter(state=DONE).order_by("pk").values_list("record_id", flat=True))
    if not leads:
        raise Unacceptable(errors={"job": [_("This job did nothing that can be taken back.")]})
    return start(
        undo_leads,
        by=by,
        title=_("Undo: %(job)s") % {"job": job.title},
        total=len(leads),
        key=undo_key(job),
        # The last first: what a later lead found may have been made for an earlier one.
        leads=leads[::-1],
        qualifies=is_qualifying,
        reason=job.arguments.get("reason"),
        since=job.created_at.isoformat(),
        until=(job.finished_at or timezone.now()).isoformat(),
        who=job.owner_id,
    )


@Kind
def undo_leads(job: Job) -> Step | End:
    """Take back what was done to the next lead, or tell what stands in the way."""
    asked, place = job.arguments, job.cursor.get("next", 0)
    if place == len(asked["leads"]):
        return End(summary(job, *TAKEN_BACK))
    by, window = job.owner, (asked["since"], asked["until"])

    def take_back(lead: Lead) -> Line:
        text = _("It was taken back or changed since: it stays as it is.")
        left = Line(lead, SKIPPED, "not_as_it_was", text)
        if asked["qualifies"]:
            made = Qualification.objects.filter(
                lead=lead, state="active", by=asked["who"], at__range=window
            )
            if not made.exists():
                return left
            operations.undo(lead, by=by)
            return Line(lead, DONE, "undone", _("The lead is open again."))
        rows = Lead.objects.filter(pk=lead.pk, disqualified_at__range=window)
        if not rows.filter(disqualify_reason=asked["reason"]).exists():
            return left
        operations.reopen(lead, by=by)
        return Line(lead, DONE, "reopened", _("The lead is open again."))

    return Step({"next": place + 1}, lines=(line_for(asked["leads"][place], take_back, by=by),))


def line_for(number: int, work: Callable[[Lead], Line], *, by: User) -> Line:
    """Do `work` to the lead of this number and tell how it went, without names of other records."""
    lead: Lead | None = (
        Lead.objects.permitted(by, "view").select_related("owner").filter(pk=number).first()
    )
    if lead is None:
        text = _("There is no lead %(number)d that you can see.") % {"number": number}
        return Line(None, REFUSED, "not_found", text)
    try:
        return work(lead)
    except Busy:
        raise
    except (CannotUndo, NotPermitted) as refusal:
        return Line(lead, REFUSED, refusal.code, str(refusal))
    except Refused as refusal:
        return Line(lead, REFUSED, refusal.code, " ".join(refusal.reasons))


DISQUALIFIED = (
    lambda n: ngettext("%(n)d lead was given up.", "%(n)d leads were given up.", n) % {"n": n},
    so_already,
)
TAKEN_BACK = (
    lambda n: ngettext("%(n)d lead is open again.", "%(n)d leads are open again.", n) % {"n": n},
    changed_since,
)
