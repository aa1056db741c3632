"""What people and teams shall win: set by whoever may."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
# What the columns of a month are called in a year, each with its number.
IN_A_YEAR = {"amount": "month", "conversion": "conversion"}
# The most that a target can be, and what is said of one that is more, or nothing at all.
MOST = {"amount": Decimal(10**12) - Decimal("0.01"), "conversion": Decimal(100)}
WRONG = {
    "amount": gettext_lazy("Enter more than nothing, or leave it empty."),
    "conversion": gettext_lazy("Enter more than 0 and at most 100, or leave it empty."),
}


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
    amounts: Mapping[int, Decimal | None] | None = None,
    conversions: Mapping[int, Decimal | None] | None = None,
    version: int | None = None,
) -> list[Target]:
    """Say what a person or a team shall win, and which share of leads they shall qualify, in some
    months of a year, by their numbers.

    None takes a target back. Months that are not named stay; saying what stands writes nothing.
    `version` is that of the year, as `version_of` counts it. Raises `NotPermitted`, `Stale` and
    `Unacceptable`, which names months as `month_3` and `conversion_3`.
    """
    standing = _held(holder, year, by=by)
    if version is not None and version != version_of(standing):
        raise _stale(holder, standing, version_of(standing))
    asked = {"amount": amounts or {}, "conversion": conversions or {}}
    for month in sorted({month for months in asked.values() for month in months}):
        values = {name: months[month] for name, months in asked.items() if month in months}
        target = standing.get(month) or _new(holder, date(year, month, 1))
        try:
            if _write(target, values, by=by):
                standing[month] = target
        except Unacceptable as refusal:
            errors = {f"{IN_A_YEAR[n]}_{month}": told for n, told in refusal.errors.items()}
            raise Unacceptable(errors=errors) from refusal
    return [standing[month] for month in sorted(standing)]


@operation
def change_target(
    target: Target, *, by: User, version: int | None = None, **values: Decimal | None
) -> Target:
    """Say anew what the target of one month is; `values` are its `amount` and its `conversion`.

    `version` is that of the target. Raises `NotPermitted`, `Stale` and `Unacceptable`, which names
    them.
    """
    standing = _held(target.holder, target.month.year, by=by)
    current = standing[target.month.month]
    if version is not None and version != current.version:
        raise _stale(target.holder, {0: current}, current.version)
    _write(current, values, by=by)
    return current


def take_back_target(target: Target, *, by: User, version: int | None = None) -> Target:
    """End the target of one month; it stays as a line without anything to reach."""
    return change_target(target, by=by, version=version, amount=None, conversion=None)


def _held(holder: User | Team, year: int, *, by: User) -> dict[int, Target]:
    """Return the targets of a year, with the row of their holder locked.

    Whoever sets targets of this holder waits here, also where there is no row of a month yet.
    """
    if not may_set_targets(by, holder):
        raise NotPermitted(_("You may not set the targets of %(name)s.") % {"name": holder})
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unacceptable(
            _("Choose a year from %(first)d to %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    type(holder)._base_manager.select_for_update(no_key=True).get(pk=holder.pk)
    return targets_of(holder, year)


def _new(holder: User | Team, month: date) -> Target:
    whose = {"owner": holder} if isinstance(holder, User) else {"team": holder}
    return Target(month=month, version=0, **whose)


def _write(target: Target, values: Mapping[str, Decimal | None], *, by: User) -> bool:
    """Save a target that differs from what stands, with a line of the trail; say whether it did."""
    changes = {}
    for name, value in values.items():
        before = getattr(target, name)
        if value == before:
            continue
        if value is not None and not (value.is_finite() and 0 < value <= MOST[name]):
            raise Unacceptable(errors={name: [str(WRONG[name])]})
        setattr(target, name, value)
        changes[name] = [before, value]
    if not changes:
        return False
    target.version += 1
    acceptable(target)
    target.save()
    audit.log(target, "target.changed", by=by, changes=changes)
    return True


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


def _stale(holder: User | Team, standing: Mapping[int, Target], version: int) -> Stale:
    found = [line for target in standing.values() for line in audit.latest(target, 1)]
    last = max(found, key=lambda line: line.at, default=None)
    return Stale(
        _("%(by)s has changed the targets of %(name)s in the meantime. Look at them again.")
        % {"by": str(last.actor) if last else _("Somebody"), "name": holder},
        version=version,
        by=str(last.actor) if last else "",
        at=last.at if last else None,
    )
