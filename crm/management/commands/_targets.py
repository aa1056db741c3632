"""What the people of the demo are to win: the same in each month of three years."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from reports.operations import set_targets
from users.models import Team

if TYPE_CHECKING:
    from collections.abc import Mapping

    from users.models import User

# In the default currency; the south has no target of its own, so those of its people are added up.
MONTHLY = {"rep": 30_000, "rep2": 35_000, "amara": 20_000, "outsider": 25_000, "viggo": 15_000}
OF_NORTH = 80_000
OF_LEADS = Decimal(40)  # per cent, to be qualified


def set_goals(people: Mapping[str, User]) -> None:
    """Have the manager say what the north is to win, and an administrator what the south is."""
    year = timezone.localdate().year
    north = Team.objects.get(name="North")
    for each in (year - 1, year, year + 1):
        for key, amount in MONTHLY.items():
            by = people["manager" if people[key].team_id == north.pk else "admin"]
            _set(people[key], each, amount, by=by)
        _set(north, each, OF_NORTH, by=people["manager"])
        share = dict.fromkeys(range(1, 13), OF_LEADS)
        set_targets(north, each, by=people["manager"], conversions=share)


def _set(holder: User | Team, year: int, amount: int, *, by: User) -> None:
    set_targets(holder, year, by=by, amounts=dict.fromkeys(range(1, 13), Decimal(amount)))
