"""Who stands in reports: whom a viewer may ask about, and who is named also with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import scope_of
from reports.queries.question import NOBODY, person_name
from users.models import Grant, User

if TYPE_CHECKING:
    from reports.queries.question import Question

# Whoever may do one of these sells.
SELLING = ("leads.change_lead", "opportunities.change_opportunity")


def people_seen_by(user: User) -> QuerySet[User, User]:
    """Return the people whose leads or opportunities `user` may see."""
    scopes = {scope_of(user, "view", model) for model in (Lead, Opportunity)}
    people = User.objects.filter(is_machine=False, is_active=True)
    if Grant.Scope.ALL not in scopes:
        mine = Q(pk=user.pk)
        if Grant.Scope.TEAM in scopes and user.team_id:
            mine |= Q(team=user.team_id)
        people = people.filter(mine)
    return people


def sellers_seen_by(user: User) -> QuerySet[User, User]:
    """Return those of them who work with leads or opportunities: they are named also with nothing.

    Administrators are nobody's competition.
    """
    selling = Grant.objects.filter(permission__in=SELLING).values("role")
    members = User.roles.through.objects.filter(role__in=selling).values("user")
    return people_seen_by(user).filter(pk__in=members, is_superuser=False)


def named_in(people: QuerySet[User, User], ask: Question) -> dict[int, str]:
    """Return the names of those who were asked for, by number. One statement."""
    return dict(asked_for(people, ask).values_list("pk", person_name()))


def asked_for(people: QuerySet[User, User], ask: Question) -> QuerySet[User, User]:
    """Keep the people of the owner and the team that were asked for."""
    if ask.owner == NOBODY:
        return people.none()
    if ask.owner:
        people = people.filter(pk=ask.owner)
    return people.filter(team=int(ask.team)) if ask.team else people
