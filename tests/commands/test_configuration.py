"""The set-up of an installation goes out as a file, and comes in again."""

from __future__ import annotations

import copy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from crm.configuration import FileIsWrong, configuration, take_in
from emails.models import EmailTemplate
from emails.operations.templates import save_template
from intake.models import Door, DoorField, WebForm, WebFormField
from intake.operations.entrances import save_door, save_web_form
from leads.models import AssignmentRule, FieldMapping
from leads.operations import save_mapping
from leads.operations.assignment import save_assignment_rule
from opportunities.models import Process, Source, Stage, Step
from opportunities.operations import save_process, save_stages
from records.models import AuditEntry, CustomField, FormCondition, FormLayout
from records.operations import save_setting
from records.operations.conditions import save_condition
from records.operations.shaping import save_layout
from reports.models import Target
from reports.operations.targets import set_targets
from tests.custom import define
from tests.factories import OpportunityFactory, UserFactory
from users.models import Role, Team, User

pytestmark = pytest.mark.django_db


def shape(admin: User) -> None:
    """Shape a bit of everything."""
    define("lead", "fleet", by=admin, type="choice", choices=["Small", "Large"])
    target = define("account", "carts", by=admin, type="text")
    save_mapping(FieldMapping(source="custom.fleet", target=target, policy="ask"), by=admin)
    save_mapping(FieldMapping(source="topic", column="contact.description"), by=admin)
    process = save_process(Process(key="tender", name="Tender"), by=admin)
    [stage] = save_stages(
        [Stage(process=process, key="bid", name="Bid", position=1, probability=30)], by=admin
    )
    save_setting(Step(stage=stage, key="price", label="Price", is_required=True), by=admin)
    at_bid = {"all": [{"field": "stage", "is": "is", "value": str(stage.pk)}]}
    save_condition(
        FormCondition(kind="opportunity", field="value", effect="require", condition=at_bid),
        by=admin,
    )
    team = save_setting(Team(name="North"), by=admin)
    of_team = {"all": [{"field": "owner.team", "is": "is", "value": str(team.pk)}]}
    save_process(Process(key="north", name="North", condition=of_team), by=admin)
    UserFactory(team=team, may={"leads.view_lead": "own"})
    for name in ("First", "Second"):
        condition = {"any": [{"field": "company", "is": "contains", "value": name}]}
        save_assignment_rule(AssignmentRule(name=name, team=team, condition=condition), by=admin)
    role = Role.objects.order_by("pk")[0]
    topic = [{"title": "", "fields": [{"name": "topic"}]}]
    save_layout(FormLayout(kind="lead", role=role, sections=topic), by=admin)
    save_layout(FormLayout(kind="lead", is_quick=True, sections=topic), by=admin)
    fields = [WebFormField(field=name) for name in ("last_name", "email")]
    save_web_form(WebForm(name="Ask us", slug="ask", owner=admin), by=admin, fields=fields)
    mapping = [DoorField(path="$.mail", field="email"), DoorField(path="$.who", field="last_name")]
    save_door(Door(name="Shop", slug="shop"), by=admin, mapping=mapping)
    text = {"subject": "Hello", "text": "Good to see you."}
    save_template(EmailTemplate(name="Greeting", audience="everyone", **text), by=admin)
    set_targets(team, 2026, by=admin, amounts={3: Decimal(5000)})


def unshape(admin: User) -> None:
    FieldMapping.objects.all().delete()
    FormCondition.objects.all().delete()
    CustomField.objects.all().delete()
    Process.objects.create(key="other", name="Other")  # numbers differ afterwards
    Step.objects.filter(stage__process__key="tender").delete()
    Stage.objects.filter(process__key="tender").delete()
    Process.objects.filter(key__in=["tender", "north"]).delete()
    FormLayout.objects.exclude(role=None, is_quick=False).delete()
    for model in (Target, AssignmentRule, WebForm, Door, EmailTemplate):
        model.objects.all().delete()
    User.objects.filter(team__name="North").update(team=None)
    Team.objects.filter(name="North").delete()
    Team.objects.create(name="Another")
    save_setting(Team(name="North"), by=admin)
    taker = User.objects.filter(team=None, roles__grants__permission="leads.view_lead")
    taker.filter(is_machine=False, is_superuser=False).update(team=Team.objects.get(name="North"))


def test_comes_back_as_it_went_out(admin: User) -> None:
    shape(admin)
    told = json.loads(json.dumps(configuration()))
    unshape(User.objects.get(pk=admin.pk))
    Source.objects.filter(key="website").update(name="Web")

    changes = take_in(told, by=User.objects.get(pk=admin.pk))

    now = configuration()
    assert [each for each in now["processes"] if each["key"] != "other"] == told["processes"]
    for name in told.keys() - {"processes", "teams"}:
        assert now[name] == told[name], name
    assert "secret" not in json.dumps(told)
    assert "+ custom_fields lead/fleet" in map(str, changes)
    assert FormCondition.objects.get().condition["all"][0]["value"] == str(
        Stage.objects.get(key="bid").pk
    )
    assert take_in(told, by=User.objects.get(pk=admin.pk)) == []


def test_a_dry_run_tells_and_writes_nothing(admin: User) -> None:
    told = configuration()
    told["sources"][0]["name"] = "Elsewhere"
    told["roles"].append({"name": "Guest", "grants": {"leads.view_lead": "own"}})
    before, trail = copy.deepcopy(configuration()), AuditEntry.objects.count()

    changes = [str(change) for change in take_in(told, by=admin, is_dry=True)]

    assert len(changes) == 2
    assert changes[0].endswith("→ 'Elsewhere'")
    assert changes[1] == "+ roles Guest"
    assert configuration() == before
    assert AuditEntry.objects.count() == trail
    assert not Role.objects.filter(name="Guest").exists()


def test_stages_change_places(admin: User) -> None:
    told = configuration()
    stages = told["processes"][0]["stages"]
    stages[-1]["position"], stages[-2]["position"] = (
        stages[-2]["position"],
        stages[-1]["position"],
    )

    take_in(told, by=admin)

    keys = [stage["key"] for stage in configuration()["processes"][0]["stages"]]
    assert keys == [s["key"] for s in sorted(stages, key=lambda stage: stage["position"])]


def test_a_stage_goes_for_another_one_and_comes_back_by_its_name(admin: User) -> None:
    stage = Stage.objects.get(key="propose")
    deal = OpportunityFactory(stage=stage)
    told = configuration()
    line = next(each for each in told["processes"][0]["stages"] if each["key"] == "propose")
    line["successor"] = "develop"

    changes = [str(each) for each in take_in(told, by=admin)]

    assert changes == ["~ stages sales/propose: successor: None → 'develop'"]
    deal.refresh_from_db()
    assert deal.stage.key == "develop"
    assert "propose" not in [each["key"] for each in configuration()["processes"][0]["stages"]]
    del line["successor"]
    take_in(told, by=admin)
    assert configuration()["processes"] == told["processes"]
    line["successor"] = "nowhere"
    OpportunityFactory(stage=stage)
    with pytest.raises(FileIsWrong, match="Choose the stage of the same process"):
        take_in(told, by=admin)


@pytest.mark.once
@pytest.mark.parametrize(
    ("section", "line", "fault"),
    [
        ("sources", {"name": "Nameless"}, "Without key"),
        ("sources", {"key": "a", "name": "A", "color": "red"}, "There is no color here"),
        ("sources", {"key": "a", "name": "A", "position": "first"}, "position"),
        ("sources", "website", "Give an object"),
        ("custom_fields", {"kind": "lead", "key": "id", "label": "Id", "type": "text"}, "key"),
        (
            "field_mappings",
            {"target": "account.none", "column": "", "source": "topic"},
            "no custom",
        ),
        ("form_layouts", {"kind": "planet", "sections": []}, "no choice 'planet'"),
        ("form_layouts", {"kind": "lead", "role": "Nobody", "sections": []}, "no role Nobody"),
        (
            "assignment_rules",
            {"name": "X", "team": "None", "condition": {}},
            "There is no team None",
        ),
        ("doors", {"name": "X", "slug": "x", "owner": "x@y.example"}, "no user x@y.example"),
        ("targets", {"month": "2026-01-01", "amount": "5"}, "name a person or a team"),
        ("limits", {"quiet_days": 0}, "quiet_days"),
        ("roles", {"name": "X", "grants": {"leads.fly_lead": "all"}}, "fly_lead"),
        ("qualification_rules", {"nonsense": True}, "qualification_rules"),
    ],
)
def test_refuses_all_of_it_with_a_line_for_each_fault(
    admin: User, section: str, line: Any, fault: str
) -> None:
    told = {"format": 1, "competitors": [{"key": "new", "name": "New"}], section: [line]}
    if section == "sources":
        told["currencies"] = [{"code": "euro", "rate": 1}]
    before = configuration()

    with pytest.raises(FileIsWrong) as wrong:
        take_in(told, by=admin)

    assert any(fault in each and each.startswith(section) for each in wrong.value.faults)
    assert section != "sources" or any("currencies[1]" in each for each in wrong.value.faults)
    assert configuration() == before


def test_nobody_takes_in_what_they_may_not_shape(rep: User) -> None:
    with pytest.raises(FileIsWrong, match=r"sources\[1\]"):
        take_in({"format": 1, "sources": [{"key": "a", "name": "A"}]}, by=rep)


def test_by_command(admin: User, tmp_path: Path) -> None:
    file, out = tmp_path / "setup.json", io.StringIO()
    call_command("export_config", str(file))
    text = file.read_text()
    call_command("export_config", stdout=out)
    assert out.getvalue() == text
    file.write_text(text.replace('"name": "Website"', '"name": "Home page"'))
    out = io.StringIO()

    call_command("import_config", str(file), "--dry-run", "--by", admin.email, stdout=out)
    assert "would change" in out.getvalue()
    call_command("import_config", str(file), "--by", admin.email, stdout=out)

    out = io.StringIO()
    call_command("import_config", str(file), "--by", admin.email, stdout=out)
    assert out.getvalue() == "0 changed.\n"
    file.write_text('{"format": 2}')
    with pytest.raises(SystemExit):
        call_command("import_config", str(file), "--by", admin.email, stderr=io.StringIO())
    assert FormLayout.objects.count() == 4
