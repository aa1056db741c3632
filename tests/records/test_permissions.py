"""Who may do what to which record."""

import pytest
from django.contrib.auth.models import AnonymousUser

from leads.models import Lead
from records.errors import NotPermitted
from records.permissions import may, reaches, require, require_any, restrict, scope_of
from tests.factories import TeamFactory, UserFactory
from users.models import Grant, Role

ACTIONS = ["view", "add", "change", "delete", "assign", "qualify", "disqualify", "undo", "override"]


@pytest.fixture
def leads_of_everybody(rep, rep2, manager, outsider):
    owners = [rep, rep2, manager, outsider, None]
    return [Lead.objects.create(topic="x", company="y", owner=owner) for owner in owners]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", ["rep", "rep2", "manager", "outsider", "admin"])
def test_a_queryset_and_a_record_in_hand_always_say_the_same(
    request, leads_of_everybody, name, action
):
    user = request.getfixturevalue(name)

    rows = set(restrict(Lead.objects.all(), user, action))

    for lead in Lead.objects.select_related("owner"):
        assert (lead in rows) == reaches(user, action, lead)


def test_a_rep_sees_the_team_and_the_queue_and_changes_the_own(leads_of_everybody, rep, rep2):
    assert Lead.objects.permitted(rep, "view").count() == 4
    assert [lead.owner for lead in Lead.objects.permitted(rep, "change")] == [rep]


def test_the_widest_of_several_roles_wins(rep):
    rep.roles.add(Role.objects.get(name="Administrator"))

    assert scope_of(rep, "change", Lead) == Grant.Scope.ALL


def test_without_a_team_a_team_grant_reaches_the_own_records(defaults):
    loner = UserFactory(may={"leads.view_lead": "team"}, team=None)
    mine = Lead.objects.create(topic="x", company="y", owner=loner)
    Lead.objects.create(topic="x", company="y", owner=None)

    assert list(Lead.objects.permitted(loner, "view")) == [mine]
    assert reaches(loner, "view", mine)


def test_nothing_is_granted_to_strangers_and_to_those_who_left(leads_of_everybody, rep):
    rep.is_active = False

    for nobody in (rep, AnonymousUser(), UserFactory(team=TeamFactory())):
        assert not Lead.objects.permitted(nobody, "view").exists()
        assert not may(nobody, "view", Lead)
        assert not reaches(nobody, "view", leads_of_everybody[0])


def test_to_require_is_to_refuse(leads_of_everybody, rep, outsider):
    require(rep, "change", leads_of_everybody[0])
    require_any(rep, "add", Lead)

    with pytest.raises(NotPermitted):
        require(outsider, "view", leads_of_everybody[0])
    with pytest.raises(NotPermitted):
        require_any(rep, "override", Lead)


def test_grants_are_read_once_per_loaded_user(rep, django_assert_num_queries):
    user = type(rep).objects.get(pk=rep.pk)

    with django_assert_num_queries(1):
        for action in ACTIONS:
            may(user, action, Lead)
