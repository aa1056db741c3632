"""Giving one piece of somebody's work to another person, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from activities.operations import edit_activity
from handover.queries import LABELS, MODELS, Plan, givers, plan_for
from leads.operations import assign_lead
from opportunities.operations import assign_opportunity
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import assign, operation
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_RECORDS = 100_000  # at a time: more are another hand over

GIVE: dict[str, Callable[..., Any]] = {
    "lead": assign_lead,
    "opportunity": assign_opportunity,
    "account": assign,
    "contact": assign,
    "activity": edit_activity,
}


class HandOverIsAtWork(Refused):
    """The work of this person is being handed over at this moment."""


@operation
def give(record: Any, *, by: User, owner: User) -> Any:
    """Give a record to `owner` by the operation of its kind. Giving it twice changes nothing."""
    return GIVE[record._meta.model_name](record, by=by, owner=owner)


def settled_plan(giver: User, receivers: Sequence[User], kinds: Iterable[str], *, by: User) -> Plan:
    """Hold `giver` until the transaction ends, and return what is handed over.

    Raises `NotPermitted` for a person whose work `by` may not give away, and `Unacceptable`, naming
    the field, for receivers who cannot take it, for nothing, and for more than 100,000 records.
    """
    if not givers(by).filter(pk=giver.pk).exists():
        raise NotPermitted(_("You may not hand over the work of %(person)s.") % {"person": giver})
    kinds = list(kinds)
    errors: dict[str, list[str]] = {}
    if not kinds or set(kinds) - MODELS.keys():
        known = ", ".join(str(label) for label in LABELS.values())
        errors["kinds"] = [_("Choose what is handed over: %(kinds)s.") % {"kinds": known}]
    if problem := _problem_with(giver, receivers):
        errors["receivers"] = [problem]
    if errors:
        raise Unacceptable(errors=errors)
    # Two who hand over the work of one person at the same moment wait for each other here.
    User.objects.select_for_update(no_key=True).get(pk=giver.pk)
    plan = plan_for(giver, receivers, kinds, by=by)
    if not plan.count:
        told = _("%(person)s has nothing of this that you could hand over.")
        raise Unacceptable(errors={"kinds": [told % {"person": giver}]})
    if plan.count > MOST_RECORDS:
        told = _("At most %(most)s records are handed over at a time. Choose fewer kinds.")
        raise Unacceptable(errors={"kinds": [told % {"most": f"{MOST_RECORDS:,}"}]})
    return plan


def _problem_with(giver: User, receivers: Sequence[User]) -> str:
    if not receivers:
        return _("Choose at least one person who takes it.")
    if giver.pk in {user.pk for user in receivers}:
        return _("%(person)s has this work already. Choose somebody else.") % {"person": giver}
    numbers = [user.pk for user in receivers]
    gone = User.objects.filter(pk__in=numbers).filter(Q(is_active=False) | Q(is_machine=True))
    if (first := gone.order_by("pk").first()) is not None:
        return _("%(person)s is not active and cannot take work.") % {"person": first}
    return ""
