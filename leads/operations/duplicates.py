"""Other leads of the same person, which are given up along with a qualification, and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations.disqualify import disqualify, held, take_up
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from records.permissions import reaches

if TYPE_CHECKING:
    from leads.operations.plan import Plan
    from users.models import User

MOST_DUPLICATES = 20
REASON = "duplicate"


def duplicates_of(lead: Lead, plan: Plan, others: list[Lead], *, by: User) -> list[Lead]:
    """Return those of the locked `others` that the plan closes along with `lead`.

    Those that are closed by now are left out: nothing has to be done about them. Raises
    `Unacceptable` for a lead that `by` cannot see, for this one itself and for more than 20, and
    `NotPermitted` for one that `by` may not disqualify.
    """
    numbers = set(plan.duplicates)
    seen = {each.pk for each in others if not each.is_in_bin and reaches(by, "view", each)}
    if lead.pk in numbers:
        _refuse(_("Choose another lead: this is the same one."))
    if len(numbers) > MOST_DUPLICATES:
        _refuse(_("Close at most %(most)d duplicates at a time.") % {"most": MOST_DUPLICATES})
    if not numbers <= seen:
        _refuse(_("There is no such lead to close."))
    closing = [each for each in others if each.pk in numbers and each.is_open]
    for other in closing:
        if not reaches(by, "disqualify", other):
            raise NotPermitted(_("You may not disqualify %(lead)s.") % {"lead": other})
    return closing


def _refuse(sentence: str) -> None:
    raise Unacceptable(errors={"duplicates": [sentence]})


def give_up(duplicates: list[Lead], lead: Lead, *, by: User) -> None:
    """Disqualify leads as duplicates of the one that was qualified.

    Raises `Unacceptable` when nobody has left a reason to do so.
    """
    if not duplicates:
        return
    reason = DisqualifyReason.objects.filter(key=REASON).first()
    if reason is None:
        _refuse(_("There is no reason “duplicate” any more. Disqualify the other lead by itself."))
        return
    comment = _("%(lead)s was qualified instead.") % {"lead": lead}
    for other in duplicates:
        disqualify(other, by=by, reason=reason, comment=comment, duplicate_of=lead)


def held_with_duplicates(lead: Lead) -> tuple[int | None, list[Lead]]:
    """Lock a lead and those that its active qualification gave up; return its number, and these.

    Nothing is locked yet while it is looked up: whoever goes on sees whether it is still the one.
    """
    rows = Qualification.objects.filter(lead=lead, state=Qualification.State.ACTIVE)
    number, before = rows.values_list("pk", "before").first() or (None, {})
    numbers = before.get("duplicates", ())
    return number, [each for each in held(lead.pk, *numbers) if each != lead]


def bring_back(qualification: Qualification, duplicates: list[Lead], *, by: User) -> None:
    """Take up again what this qualification gave up, unless it was dealt with since.

    What somebody has taken up and given up once more was decided by them: it stays so. So does what
    was handed to somebody whose leads `by` may not decide about.
    """
    closed = set(qualification.before.get("duplicates", ()))
    if not closed:
        return
    reopened = AuditEntry.objects.filter(
        record_type=ContentType.objects.get_for_model(Lead),
        record_id__in=closed,
        event="lead.reopened",
        at__gt=qualification.at,
    )
    left = set(reopened.values_list("record_id", flat=True))
    for other in duplicates:
        is_ours = other.pk in closed - left and other.duplicate_of_id == qualification.lead_id
        is_closed = other.status == Lead.Status.DISQUALIFIED and not other.is_in_bin
        if is_ours and is_closed and reaches(by, "disqualify", other):
            take_up(other, by=by)
