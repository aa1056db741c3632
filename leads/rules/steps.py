"""What is to be done on the lead before it may be qualified: the required steps of its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q

from leads.models import Lead
from opportunities.models import Stage, Step
from opportunities.rules import activities_had, is_filled
from records.custom import PREFIX
from records.models import CustomField

if TYPE_CHECKING:
    from django.db.models import QuerySet


def required_steps() -> QuerySet[Step]:
    """Return the required steps of the stages that are worked on the lead, in their order.

    A box to tick is none of them: a lead has no boxes.
    """
    stages = Stage.objects.in_use().filter(is_for_leads=True, process__is_default=True)
    return (
        Step.objects.filter(is_required=True, stage__in=stages)
        .exclude(Q(field="") & Q(activity=""))
        .select_related("stage")
        .order_by("stage__position", "position", "pk")
    )


def steps_done(lead: Lead) -> list[tuple[Step, bool]]:
    """Return the required steps, each with whether it is done on this lead.

    One that asks for a field that leads do not have stops nobody: it is left out.
    """
    steps = [step for step in required_steps() if step.activity or _is_there(step.field)]
    had = activities_had([lead.pk], steps, model=Lead)
    return [
        (
            step,
            (lead.pk, step.activity) in had if step.activity else is_filled(lead, step.field),
        )
        for step in steps
    ]


def _is_there(name: str) -> bool:
    if name.startswith(PREFIX):
        own = CustomField.objects.filter(kind=CustomField.Kind.LEAD, is_active=True)
        return own.filter(key=name.removeprefix(PREFIX)).exists()
    try:
        Lead._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
