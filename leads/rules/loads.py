"""How much each person has by now, and whether they can take one more lead by a rule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext as _

from leads.models import Assignment, AssignmentRule, Availability, Lead
from users import formats
from users.formats import house_now, zone_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from users.models import User

MOST_NAMED = 5  # people whom a reason names as passed over


class Loads:
    """What people have and when they work, read for rules that go by it: three statements at most.

    `took` keeps the counts while one hands out in thought.
    """

    def __init__(
        self,
        people: Collection[User],
        rules: Iterable[AssignmentRule],
        *,
        now: datetime | None = None,
    ) -> None:
        self.now = now or house_now()
        numbers = [person.pk for person in people]
        rules = list(rules)
        self.times = {
            each.person_id: each for each in Availability.objects.filter(person__in=numbers)
        }
        self.open: Counter[int] = Counter()
        self.today: Counter[tuple[int, int]] = Counter()
        if any(rule.most_open or rule.way == AssignmentRule.Way.LEAST for rule in rules):
            mine = Lead.objects.open().filter(owner__in=numbers).values("owner")
            self.open.update(dict(mine.annotate(n=Count("pk")).values_list("owner", "n")))
        if limited := [rule.pk for rule in rules if rule.most_a_day]:
            midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
            given = Assignment.objects.filter(rule__in=limited, owner__in=numbers, at__gte=midnight)
            counts = given.values("rule", "owner").annotate(n=Count("pk"))
            self.today.update({(row["rule"], row["owner"]): row["n"] for row in counts.order_by()})

    def why_not(self, person: User, rule: AssignmentRule) -> str:
        """Say why somebody cannot take a lead by a rule; nothing where they can."""
        if why := self.why_not_there(person):
            return why
        if rule.weights.get(str(person.pk)) == 0:
            return _("%(person)s has no share") % {"person": person}
        had = self.today[rule.pk, person.pk]
        if rule.most_a_day and had >= rule.most_a_day:
            told = _("%(person)s has had %(n)d leads today, and %(most)d is the most")
            return told % {"person": person, "n": had, "most": rule.most_a_day}
        has = self.open[person.pk]
        if rule.most_open and has >= rule.most_open:
            told = _("%(person)s has %(n)d open leads, and %(most)d is the most")
            return told % {"person": person, "n": has, "most": rule.most_open}
        return ""

    def why_not_there(self, person: User) -> str:
        """Say why somebody takes no leads at this moment; nothing where they do."""
        times = self.times.get(person.pk)
        if times is None:
            return ""
        here = self.now.astimezone(zone_of(person))
        is_away = times.away_from or times.away_until
        began = times.away_from is None or times.away_from <= here.date()
        if is_away and began and (times.away_until is None or here.date() <= times.away_until):
            if times.away_until is None:
                return _("%(person)s is away") % {"person": person}
            day = formats.day(times.away_until)
            return _("%(person)s is away until %(day)s") % {"person": person, "day": day}
        begins, ends = times.works_from, times.works_until
        at_work = begins is None or ends is None or begins <= here.time() < ends
        if not at_work or (times.works_on and here.isoweekday() not in times.works_on):
            return _("%(person)s is not at work now") % {"person": person}
        return ""

    def took(self, person: User, rule: AssignmentRule) -> None:
        """Count one more lead for somebody."""
        self.open[person.pk] += 1
        self.today[rule.pk, person.pk] += 1


def passed_over(reasons: list[str]) -> str:
    """Return whom a rule has passed over and why, in a sentence; nothing where it is nobody."""
    if not reasons:
        return ""
    more = len(reasons) - MOST_NAMED
    named = "; ".join(reasons[:MOST_NAMED])
    if more > 0:
        named = _("%(named)s; and %(n)d more") % {"named": named, "n": more}
    return _("Passed over: %(named)s.") % {"named": named}
