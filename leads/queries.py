"""What became of a lead, as one viewer may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Case, CharField, F, OuterRef, Q, Subquery, When
from django.urls import reverse
from django.utils.translation import gettext as _

from leads.errors import Blocker
from leads.models import Assignment, LeadLimits
from opportunities.models import Opportunity
from records.permissions import reaches

if TYPE_CHECKING:
    from leads.models import Lead, Qualification
    from leads.querysets import LeadQuerySet
    from users.models import User


def answer_for(qualification: Qualification, *, viewer: User) -> dict[str, Any]:
    """Return the answer to a request to qualify: what was created or reused, and why.

    Of a record that `viewer` may not see it tells that there is one, and nothing else.
    """
    answer: dict[str, Any] = {
        "qualification": qualification.pk,
        **qualification.result,
        "receipt": reverse("leads:receipt", kwargs={"pk": qualification.lead_id}),
    }
    for kind, record in (("account", qualification.account), ("contact", qualification.contact)):
        if record is not None and not reaches(viewer, "view", record):
            outcome = qualification.result[kind]["outcome"]
            answer[kind] = {"id": None, "outcome": outcome, "reasons": [], "is_hidden": True}
    seen = set(
        Opportunity.objects.permitted(viewer, "view")
        .filter(pk__in=answer["opportunities"])
        .values_list("pk", flat=True)
    )
    answer["opportunities"] = [pk for pk in answer["opportunities"] if pk in seen]
    return answer


def blocker_for(blocker: Blocker, viewer: User | None) -> Blocker:
    """Return what stands in the way of undo, as `viewer` may read it.

    About a record that `viewer` may not see it tells that there is something, and nothing else.
    """
    record = blocker.record
    if record is None or (viewer is not None and reaches(viewer, "view", record)):
        return blocker
    return Blocker(
        _("Something that you cannot open was changed since")
        if blocker.is_edit
        else _("Something that you cannot open depends on it")
    )


def with_reasons(rows: LeadQuerySet) -> LeadQuerySet:
    """Add `reason` to each lead: why it is with its owner or with nobody, as `why` says."""
    latest = Assignment.objects.filter(lead=OuterRef("pk")).order_by("-pk")
    told: LeadQuerySet = rows.annotate(
        given_to=Subquery(latest.values("owner")[:1], output_field=BigIntegerField()),
        reason=Case(
            When(
                Q(given_to=F("owner")) | Q(given_to=None, owner=None),
                then=Subquery(latest.values("reason")[:1]),
            ),
            output_field=CharField(),
        ),
    )
    return told


def why(lead: Lead) -> Assignment | None:
    """Return the assignment by which a lead is where it is, if it came there by one."""
    latest = Assignment.objects.filter(lead=lead).order_by("-pk").first()
    return latest if latest is not None and latest.owner_id == lead.owner_id else None


def limits_of_leads() -> LeadLimits:
    """Return how long leads may wait, as an administrator has said it."""
    return LeadLimits.objects.first() or LeadLimits()
