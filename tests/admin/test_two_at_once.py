"""Two administrators with one setting open: the later save is told, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from intake.models import Door, DoorField, WebForm
from intake.operations import save_door, save_web_form
from leads.models import DisqualifyReason, FieldMapping
from leads.operations import save_mapping
from opportunities.models import LossReason, Process, Product, Source, Stage, Step
from opportunities.operations import save_process, save_stages
from records.errors import Stale
from records.models import CustomField, FormLayout
from records.operations import save_setting
from records.operations.shaping import save_field, save_layout
from tests.custom import define
from tests.posted import posted
from users.models import User


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def a_mapping(by: User) -> FieldMapping:
    define("lead", "fleet", by=by)
    target = define("account", "carts", by=by)
    return save_mapping(FieldMapping(source="custom.fleet", target=target), by=by)


def stages(stage: Stage, *, by: User) -> Any:
    return save_stages([stage], by=by)


# What is there, which field both change, what the other makes of it, and what saves it.
SETTINGS: dict[str, Any] = {
    "custom field": (lambda by: define("lead", "fleet", by=by), "label", save_field),
    "reason to give up": (lambda by: DisqualifyReason.objects.first(), "name", save_setting),
    "reason of a loss": (lambda by: LossReason.objects.first(), "name", save_setting),
    "source": (lambda by: Source.objects.first(), "name", save_setting),
    "product": (lambda by: Product.objects.create(key="pump", name="Pump"), "name", save_setting),
    "process": (lambda by: Process.objects.first(), "name", save_process),
    "stage": (lambda by: Stage.objects.first(), "name", stages),
    "door": (lambda by: save_door(Door(name="Shop"), by=by), "name", save_door),
    "web form": (lambda by: save_web_form(WebForm(name="Ask"), by=by), "name", save_web_form),
}


def address(setting: Any) -> str:
    meta = setting._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[setting.pk])


def again(setting: Any) -> Any:
    return type(setting)._base_manager.get(pk=setting.pk)


@pytest.mark.parametrize("name", SETTINGS)
def test_who_saves_later_is_shown_both_versions(desk: Client, admin: User, boss: User, name: str):
    make, field, save = SETTINGS[name]
    setting = make(admin)
    mine = posted(desk.get(address(setting)).content.decode())
    theirs = again(setting)
    setattr(theirs, field, "Theirs")
    save(theirs, by=boss)
    mine[field] = "Mine"

    told = desk.post(address(setting), mine)

    text = told.content.decode()
    assert told.status_code == 200
    assert f"{boss} changed this" in text
    assert "It is now: Theirs" in text
    assert 'value="Mine"' in text
    assert getattr(again(setting), field) == "Theirs"
    sent = posted(text)
    assert desk.post(address(setting), sent).status_code == 302
    assert getattr(again(setting), field) == "Mine"


@pytest.fixture
def boss(admin: User) -> User:
    return User.objects.create(email="boss@crm.example", name="The boss", is_superuser=True)


def test_a_layout_is_told_as_it_stands(desk: Client, admin: User, boss: User):
    layout = FormLayout.objects.get(kind="lead")
    mine = posted(desk.get(address(layout)).content.decode())
    layout.sections = [
        {"title": "Theirs", "fields": [{"name": "topic", "is_visible": True, "is_required": True}]}
    ]
    save_layout(layout, by=boss)
    mine["sections-0-title"] = "Mine"

    told = desk.post(address(layout), mine)

    text = told.content.decode()
    assert f"{boss} changed this form layout" in text
    assert "It is now: Theirs (" in text
    assert 'value="Mine"' in text
    assert again(layout).sections[0]["title"] == "Theirs"
    assert desk.post(address(layout), posted(text)).status_code == 302
    assert again(layout).sections[0]["title"] == "Mine"


def test_a_mapping_too(desk: Client, admin: User, boss: User):
    mapping = a_mapping(admin)
    mine = posted(desk.get(address(mapping)).content.decode())
    theirs = again(mapping)
    theirs.is_active = False
    save_mapping(theirs, by=boss)

    told = desk.post(address(mapping), mine)

    assert f"{boss} changed this" in told.content.decode()
    assert not again(mapping).is_active


def test_lines_that_somebody_else_changed_are_told(desk: Client, admin: User, boss: User):
    door = save_door(Door(name="Shop"), by=admin, mapping=[DoorField(path="a", field="email")])
    mine = posted(desk.get(address(door)).content.decode())
    save_door(again(door), by=boss, mapping=[DoorField(path="b.c", field="company")])
    mine["name"] = "Mine"

    told = desk.post(address(door), mine)

    assert f"{boss} changed this door" in told.content.decode()
    assert "are now: " in told.content.decode()
    assert "b.c" in told.content.decode()
    assert again(door).name == "Shop"


def test_who_changes_only_lines_is_noticed(desk: Client, admin: User):
    stage = Stage.objects.first()
    assert stage is not None
    Step.objects.create(stage=stage, key="call", label="Call", position=1)
    mine = posted(desk.get(address(stage)).content.decode())
    theirs = mine.copy()
    theirs["steps-0-label"] = "Ring"
    assert desk.post(address(stage), theirs).status_code == 302
    mine["name"] = "Mine"

    told = desk.post(address(stage), mine)

    assert "are now: Ring" in told.content.decode()
    assert again(stage).name == stage.name


def test_a_stage_that_was_changed_by_itself_keeps_its_process_from_overwriting_it(
    desk: Client, admin: User, boss: User
):
    process = Process.objects.get(is_default=True)
    mine = posted(desk.get(address(process)).content.decode())
    stage = process.stages.order_by("position").last()
    assert stage is not None
    stage.name = "Theirs"
    save_stages([stage], by=boss)
    mine["name"] = "Mine"

    told = desk.post(address(process), mine)

    assert f"{boss} changed this" in told.content.decode()
    assert again(stage).name == "Theirs"
    assert again(process).name != "Mine"


def test_what_is_in_hand_for_too_long_is_not_saved(admin: User):
    first, second = Source.objects.first(), Source.objects.first()
    assert first is not None
    assert second is not None
    first.name = "First"
    save_setting(first, by=admin)
    first.name = "Again"
    save_setting(first, by=admin)
    second.name = "Second"

    with pytest.raises(Stale) as refusal:
        save_setting(second, by=admin)

    assert refusal.value.read["name"] != "Again"
    assert again(first).name == "Again"


def test_nothing_changed_makes_no_version(desk: Client, admin: User):
    field: CustomField = define("lead", "fleet", by=admin)
    sent = posted(desk.get(address(field)).content.decode())

    assert desk.post(address(field), sent).status_code == 302

    assert again(field).version == field.version
