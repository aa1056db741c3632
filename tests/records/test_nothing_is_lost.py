"""Fields defined, changed and taken away in any order, while people work: nothing is lost."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from leads.operations import update_lead
from records import custom
from records.errors import Unacceptable
from records.models import CustomField
from records.operations import delete_record, restore_record
from records.operations.deleting_fields import delete_field, purge_fields
from records.operations.retyping import of_type, preview_of, retype_field, words_in
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import LeadFactory
from users.models import User

STEPS = 120
VALUES: dict[str, list[Any]] = {
    "text": ["7", "12.50", "Loom", "2026-11-30", "yes"],
    "long_text": ["7", "Two\nlines", "3"],
    "whole": [0, 7, -12],
    "decimal": ["0.5", "7", "-12.25"],
    "date": ["2026-11-30", "2027-01-01"],
    "date_time": ["2026-11-30T14:30:00Z", "2026-01-01T00:00:00Z"],
    "yes_no": [True, False],
    "money": [{"amount": "7.00", "currency": "EUR"}, {"amount": "1.50", "currency": "USD"}],
    "email": ["ada@loom.example"],
    "url": ["https://loom.example/"],
    "phone": ["+49 30 123456"],
    "choice": ["small", "large"],
    "choices": [["small"], ["small", "large"]],
}


# A text says a number as the number does, 12.50 as 12.5; choices get their keys from their labels.
REWRITTEN = {"text", "long_text", "choice", "choices"}


class World:
    """Some leads, some fields, and what each lead must hold in each."""

    def __init__(self, seed: int, rep: User, admin: User) -> None:
        self.dice, self.rep, self.admin = random.Random(seed), rep, admin
        self.leads = [LeadFactory(owner=rep).pk for _ in range(4)]
        self.fields: list[int] = []
        # By lead and key: what is stored, and what it was in the types that it had before.
        self.holds: dict[tuple[int, str], Any] = {}
        self.was: dict[tuple[int, str], dict[str, Any]] = {}
        self.done: set[str] = set()

    def field(self) -> CustomField:
        return CustomField.objects.get(pk=self.dice.choice(self.fields))

    def by(self) -> User:
        return User.objects.get(pk=self.rep.pk)

    def step(self) -> None:
        """Do something, and find every value where it belongs."""
        acts = ["fill", "fill", "fill", "empty", "retype", "retype", "retire", "reuse", "delete"]
        acts += ["rename", "purge", "bin"]
        name = "define" if len(self.fields) < 3 else self.dice.choice([*acts, "define"])
        if getattr(self, name)() is not False:
            self.done.add(name)
        found = {
            (lead.pk, key): value
            for lead in Lead._base_manager.filter(pk__in=self.leads)
            for key, value in lead.custom.items()
        }
        assert found == self.holds, name

    def define(self) -> Any:
        if len(self.fields) > 12:
            return False
        kind = self.dice.choice(list(VALUES))
        choices = ["Small", "Large"] if kind.startswith("choice") else []
        key = f"f{len(self.fields)}"
        self.fields.append(define("lead", key, type=kind, choices=choices, by=self.admin).pk)
        return True

    def fill(self) -> Any:
        field, lead = self.field(), Lead._base_manager.get(pk=self.dice.choice(self.leads))
        if not field.is_active or lead.is_in_bin:
            return False
        known = [key for key, each in field.known_choices.items() if each["is_active"]]
        value = self.dice.choice(VALUES[field.type])
        if field.has_choices:
            value = known[0] if field.type == "choice" else known[:1]
        update_lead(lead, by=self.by(), custom={field.key: value})
        self.holds[lead.pk, field.key] = value
        self.was[lead.pk, field.key] = {field.type: value}
        return True

    def empty(self) -> Any:
        field, lead = self.field(), Lead._base_manager.get(pk=self.dice.choice(self.leads))
        if not field.is_active or lead.is_in_bin:
            return False
        update_lead(lead, by=self.by(), custom={field.key: None})
        self.holds.pop((lead.pk, field.key), None)
        return True

    def retype(self) -> Any:
        """Give a field another type, if every value goes along; what comes back is what it was."""
        field = self.field()
        type_ = self.dice.choice([each for each in VALUES if each != field.type])
        is_text = not field.has_choices and type_.startswith("choice")
        new = of_type(field, type_, words_in(field, type_) if is_text else ())
        preview = preview_of(field, new, by=self.admin)
        try:
            retype_field(field, new, by=self.admin)
        except Unacceptable:
            assert not preview.is_possible or is_text, "only the preview's reasons stop it"
            return False
        assert preview.is_possible
        for lead, key in [place for place in self.holds if place[1] == field.key]:
            stored = Lead._base_manager.get(pk=lead).custom[key]
            assert custom.fits(new, stored)
            was = self.was[lead, key]
            if type_ in was and type_ not in REWRITTEN:
                assert stored == was[type_], "there and back is the same"
            self.holds[lead, key] = was[type_] = stored
        return True

    def rename(self) -> Any:
        field = self.field()
        field.label = f"{field.label} {self.dice.randint(0, 99)}"[-60:]
        field.choices = [{**each, "label": f"{each['label']}!"[-60:]} for each in field.choices]
        save_field(field, by=self.admin)

    def retire(self) -> Any:
        field = self.field()
        field.is_active = False
        save_field(field, by=self.admin)

    def reuse(self) -> Any:
        field = self.field()
        field.is_active = True
        save_field(field, by=self.admin)

    def delete(self) -> Any:
        delete_field(self.field(), by=self.admin)

    def purge(self) -> Any:
        """Forget nothing before its time."""
        assert purge_fields(by=self.admin, now=timezone.now() + timedelta(days=29)) == 0

    def bin(self) -> Any:
        lead = Lead._base_manager.get(pk=self.dice.choice(self.leads))
        (restore_record if lead.is_in_bin else delete_record)(lead, by=self.by())


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_changes_loses_a_value(seed: int, rep: User, admin: User) -> None:
    world = World(seed, rep, admin)

    for _ in range(STEPS):
        world.step()

    assert {"define", "fill", "retype", "retire", "reuse", "delete"} <= world.done
