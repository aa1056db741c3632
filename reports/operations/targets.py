"""What people and teams shall win: set by whoever may."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from records import audit
from records.errors import NotPermitted, Stale, Unacceptable
from records.operations import operation
from records.operations.checking import acceptable
from records.permissions import reaches_person, scope_of
from reports.models import Target
from users.models import Grant, Team, User

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 2000, 2199


def may_set_targets(user: User, holder: User | Team) -> bool:
    """Say whether `user` may say what a person or a team shall win."""
    if isinstance(holder, User):
        return reaches_person(user, "change", holder, Target)
    scope = scope_of(user, "change", Target)
    return scope == Grant.Scope.ALL or (scope == Grant.Scope.TEAM and user.team_id == holder.pk)


@operation
def set_targets(
    holder: User | Team,
    year: int,
    *,
    by: User,
    amounts: Mapping[int, Decimal | None],
    version: int | None = None,
) -> list[Target]:
    """Say what a person or a team shall win in some months of a year, by their numbers.

    None takes a target back. Months that are not named stay; saying what stands writes nothing.
    `version` is that of the year, as `version_of` counts it. Raises `NotPermitted`, `Stale` and
    `Unacceptable`, which names months as `month_3`.
    """
    if not may_set_targets(by, holder):
        raise NotPermitted(_("You may not set the targets of %(name)s.") % {"name": holder})
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unacceptable(
            _("Choose a year from %(first)d to %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    # Whoever sets targets of this holder waits here, also where there is no row of a month yet.
    type(holder)._base_manager.select_for_update(no_key=True).get(pk=holder.pk)
    standing = targets_of(holder, year)
    if version is not None and version != version_of(standing):
        raise _stale(holder, standing)
    for month, amount in sorted(amounts.items()):
        target = standing.get(month)
        before = target.amount if target else None
        if amount == before:
            continue
        if amount is not None and not (amount.is_finite() and 0 < amount < 10**12):
            raise Unacceptable(
                errors={f"month_{month}": [_("Enter more than nothing, or leave it empty.")]}
            )
        if target is None:
            whose = {"owner": holder} if isinstance(holder, User) else {"team": holder}
            target = standing[month] = Target(month=date(year, month, 1), **whose)
        else:
            target.version += 1
        target.amount = amount
        acceptable(target)
        target.save()
        audit.log(target, "target.changed", by=by, changes={"amount": [before, amount]})
    return [standing[month] for month in sorted(standing)]


def targets_of(holder: User | Team, year: int) -> dict[int, Target]:
    """Return the targets of a person or a team in a year, by month; also those taken back."""
    whose = {"owner": holder} if isinstance(holder, User) else {"team": holder}
    rows = Target.objects.filter(
        month__gte=date(year, 1, 1), month__lte=date(year, 12, 31), **whose
    )
    return {target.month.month: target for target in rows.select_related("owner", "team")}


def version_of(standing: Mapping[int, Target]) -> int:
    """Count the changes of a year: no target goes, so the sum of their versions only rises."""
    return sum(target.version for target in standing.values())


def _stale(holder: User | Team, standing: Mapping[int, Target]) -> Stale:
    found = [line for target in standing.values() for line in audit.latest(target, 1)]
    last = max(found, key=lambda line: line.at, default=None)
    return Stale(
        _("%(by)s has changed the targets of %(name)s in the meantime. Look at them again.")
        % {"by": str(last.actor) if last else _("Somebody"), "name": holder},
        version=version_of(standing),
        by=str(last.actor) if last else "",
        at=last.at if last else None,
    )
