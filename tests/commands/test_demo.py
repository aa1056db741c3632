"""`demo`: a world that holds together, with cases planted to look at."""

from __future__ import annotations

import io
import json
import stat

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from activities.models import Activity, File
from crm.demo import demo_file, demo_users, tour
from crm.integrity import findings
from emails.models import EmailTemplate
from leads.errors import CannotUndo
from leads.matching import lookalikes
from leads.models import (
    Lead,
    Qualification,
    QualificationRuleSet,
    QualifiedOpportunity,
)
from leads.operations import preview, undo
from opportunities.models import Opportunity, StageMove
from records.models import AuditEntry, CustomField, FormLayout, Notice, Tag
from tests.factories import UserFactory
from users.models import User
from users.operations import live_token, machine
from workbench.models import Mail, SavedView

pytestmark = pytest.mark.once  # what is planted, and `demo` keeps it in a file


@pytest.fixture(scope="module")
def demo_world(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, made once for this file, and rolled back."""
    from django.db import transaction

    from tests.world import DEFAULTS

    folder = tmp_path_factory.mktemp("demo")
    with (
        django_db_blocker.unblock(),
        override_settings(VAR_DIR=folder, CRM_DEMO=True, MAIL_IN_ADDRESS="in@crm.example"),
        transaction.atomic(),
    ):
        from importlib import import_module

        from django.apps import apps

        for module, function in DEFAULTS.items():
            getattr(import_module(module), function)(apps, None)
        call_command("demo", stdout=io.StringIO())
        yield json.loads((folder / "demo.json").read_text())
        transaction.set_rollback(True)


def lead_of(key):
    return Lead.all_objects.select_related("owner").get(external_id=f"tour-{key}")


@pytest.fixture
def rep(demo_world, db):
    return User.objects.get(email=demo_world["users"]["rep"]["email"])


def test_is_sound(demo_world, db):
    assert list(findings()) == []


def test_lets_its_people_in(demo_world, db):
    assert list(demo_world["users"]) == ["rep", "rep2", "manager", "admin", "outsider"]
    for user in demo_world["users"].values():
        person = User.objects.get(email=user["email"])
        assert person.check_password(user["password"])
        assert live_token(user["api_token"]).user == person
    assert {user["key"] for user in demo_users()} == set(demo_world["users"])


def test_has_tags_and_pinned_views(demo_world, rep):
    assert {"Customer", "VIP"} <= set(Tag.objects.seen_by(rep).values_list("name", flat=True))
    pinned = SavedView.objects.permitted(rep).filter(marks__user=rep, marks__is_pinned=True)
    assert sorted(pinned.values_list("name", flat=True)) == [
        "Customers",
        "Going cold",
        "Large, in sight",
    ]


def test_keeps_its_passwords_to_this_user(demo_world):
    assert stat.S_IMODE(demo_file().stat().st_mode) == 0o600


def test_teams_are_as_promised(demo_world, db):
    team = {
        key: User.objects.get(email=user["email"]).team for key, user in demo_world["users"].items()
    }

    assert team["rep"] == team["rep2"] == team["manager"] != team["outsider"]


def test_tells_a_year(demo_world, db):
    leads = Lead.objects.order_by("created_at")
    assert leads.count() > 150
    assert (timezone.now() - leads.first().created_at).days > 300
    assert len(set(leads.values_list("country", flat=True))) > 8
    assert len(set(leads.values_list("currency", flat=True))) > 5
    for status in ("open", "qualified", "disqualified"):
        assert leads.filter(status=status).count() > 20
    for status in ("open", "won", "lost"):
        assert Opportunity.objects.filter(status=status).count() >= 5
    now = timezone.now()
    to_do = Activity.objects.filter(status="open")
    assert to_do.filter(due_at__lt=now).exists()
    assert to_do.filter(due_at__gt=now).exists()


def test_has_fields_of_its_own_that_a_lead_hands_on(demo_world, db):
    assert CustomField.objects.filter(is_active=True).count() >= 8
    filled = Lead.objects.exclude(custom={})
    assert filled.count() > 100
    link = QualifiedOpportunity.objects.exclude(opportunity__custom={}).first()
    assert link.opportunity.custom.items() <= link.qualification.lead.custom.items()
    assert FormLayout.objects.exclude(sections=[]).exists()


def test_has_a_draft_of_the_next_rules_and_qualifies_nothing_without_a_hand(demo_world, db):
    draft = QualificationRuleSet.objects.drafts().get()

    assert draft.rules[-1]["label"] == "It is known when they can change"
    assert not QualificationRuleSet.objects.active().get().is_automatic


def test_nothing_happens_before_its_cause(demo_world, db):
    for lead in Lead.objects.qualified():
        assert lead.created_at <= lead.qualified_at
    for deal in Opportunity.objects.all():
        moments = list(deal.moves.order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert deal.created_at <= moments[0]
    made_now = timezone.now() - timezone.timedelta(minutes=5)
    assert not StageMove.objects.filter(at__gt=made_now).exists()
    assert not AuditEntry.objects.filter(at__gt=made_now).exists()
    assert not Qualification.objects.filter(at__gt=made_now).exists()
    for cycle in Qualification.objects.select_related("lead"):
        assert cycle.frozen["created_at"] == cycle.lead.created_at.isoformat()


def test_tour_has_ten_stops_that_answer(demo_world, rep, client):
    client.force_login(rep)

    assert len(tour()) == 10
    assert {client.get(stop["url"]).status_code for stop in tour()} == {200}


def test_ready_lead_is_ready(rep):
    assert preview(lead_of("ready"), by=rep).verdicts.is_ready


def test_twin_leads_are_told(rep):
    assert lookalikes(lead_of("twin"), by=rep)


def test_known_company_and_person_are_used(rep):
    decision = preview(lead_of("known"), by=rep).decision

    assert decision.account.record.name == "Oakmere Foods B.V."
    assert decision.contact.record.full_name == "Saskia Vandermeer"


def test_company_of_another_team_is_told_and_not_shown(rep):
    assert preview(lead_of("elsewhere"), by=rep).is_account_hidden


def test_undecided_lead_waits_for_a_person(rep):
    assert lead_of("undecided").needs_decision


def test_qualification_can_be_undone(rep):
    undo(lead_of("undo"), by=rep)

    assert lead_of("undo").is_open


def test_qualification_that_was_built_on_cannot(rep):
    with pytest.raises(CannotUndo) as refusal:
        undo(lead_of("built-on"), by=rep)

    assert len(refusal.value.blockers) >= 2


def test_has_notes_with_forms_mentions_and_files(demo_world, rep):
    note = Activity.objects.with_parts().get(text__startswith="## What we saw")

    assert [person.email for person in note.people_shown] == [rep.email]
    assert [file.name for file in note.files_shown] == [
        "Hall with two lines.png",
        "Stops in October.csv",
    ]
    assert note.files_shown[0].width
    assert File.objects.filter(content_type="application/pdf").count() == 1
    assert Notice.objects.filter(whom=rep, what="mentioned").exists()


def test_second_run_keeps_everything(demo_world, db):
    machine()  # what the scheduler acts as has come since
    before = (Lead.objects.count(), User.objects.count())

    call_command("demo", stdout=io.StringIO())

    assert (Lead.objects.count(), User.objects.count()) == before
    assert json.loads(demo_file().read_text()) == demo_world


def test_refuses_a_database_with_other_people(db, tmp_path):
    UserFactory()

    with override_settings(VAR_DIR=tmp_path), pytest.raises(CommandError, match="users already"):
        call_command("demo")


def test_tells_nothing_outside_a_demo(db, tmp_path):
    with override_settings(VAR_DIR=tmp_path, CRM_DEMO=False):
        (settings.VAR_DIR / "demo.json").write_text(
            '{"users": {}, "tour": [{"label": "", "url": ""}]}'
        )

        assert tour() == []
        assert demo_users() == []


def test_has_emails_that_were_answered_and_templates_to_begin_one(demo_world, rep):
    emails = Activity.objects.filter(email__isnull=False).order_by("done_at")
    templates = EmailTemplate.objects.permitted(rep).order_by("name")

    assert [entry.direction for entry in emails] == ["outgoing", "incoming"] * 2
    assert [template.name for template in templates] == ["After the first call", "Next step"]
    assert not any("{{" in f"{entry.subject}{entry.text}" for entry in emails)
    assert all(mail.state == "sent" for mail in Mail.objects.all())
