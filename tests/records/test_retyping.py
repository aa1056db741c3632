"""A field of another type: every value goes along and says the same, or nothing changes."""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import Lead
from leads.operations import update_lead
from records import custom
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, CustomField
from records.operations.deleting_fields import delete_field, purge_fields
from records.operations.retyping import of_type, preview_of, retype_field, words_in
from records.operations.shaping import save_field
from tests.custom import ONE_OF_EACH, VALUES, define
from tests.factories import LeadFactory
from tests.workbench.test_jobs import LATER
from users.models import User
from workbench import jobs
from workbench.models import Job

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def values_of(key: str) -> dict[int, Any]:
    rows = Lead._base_manager.filter(custom__has_key=key).values_list("pk", "custom")
    return {pk: values[key] for pk, values in rows}


@pytest.mark.parametrize(
    ("old", "values", "new", "becomes"),
    [
        ("text", ["12", "-3"], "whole", [12, -3]),
        ("text", ["12.50", "0.5"], "decimal", ["12.5", "0.5"]),
        ("text", ["5 EUR"], "money", [{"amount": "5.00", "currency": "EUR"}]),
        ("text", ["2026-11-30"], "date", ["2026-11-30"]),
        ("text", ["yes", "No"], "yes_no", [True, False]),
        ("text", ["North", "Süd"], "choice", ["north", "sud"]),
        ("text", ["North; South", "south"], "choices", [["north", "south"], ["south"]]),
        ("text", ["a@b.example"], "email", ["a@b.example"]),
        ("text", ["one"], "long_text", ["one"]),
        ("whole", [7], "decimal", ["7"]),
        ("whole", [7], "text", ["7"]),
        ("decimal", ["7"], "whole", [7]),
        ("decimal", ["7.25"], "money", [{"amount": "7.25", "currency": "EUR"}]),
        ("date", ["2026-11-30"], "date_time", ["2026-11-30T00:00:00Z"]),
        ("date_time", ["2026-11-30T00:00:00Z"], "date", ["2026-11-30"]),
        ("yes_no", [True, False], "text", ["Yes", "No"]),
        ("choice", ["small"], "choices", [["small"]]),
        ("choices", [["small"]], "choice", ["small"]),
        ("choice", ["small"], "text", ["Small"]),
        ("url", ["https://a.example/"], "text", ["https://a.example/"]),
    ],
)
def test_every_value_goes_along(
    old: str, values: list[Any], new: str, becomes: list[Any], admin: User, rep: User
) -> None:
    choices = ["Small", "Large"] if old.startswith("choice") else []
    field = define("lead", "changing", type=old, choices=choices, by=admin)
    leads = [LeadFactory(owner=rep, by=again(rep), custom={"changing": v}) for v in values]
    words = words_in(field, new) if new.startswith("choice") and not choices else ()
    target = of_type(field, new, words)

    preview = preview_of(field, target, by=admin)
    retype_field(field, target, by=admin)

    assert (preview.count, preview.failed) == (len(values), 0)
    assert values_of("changing") == dict(zip([lead.pk for lead in leads], becomes, strict=True))
    field.refresh_from_db()
    assert field.type == new
    assert all(custom.fits(field, value) for value in becomes)
    [line] = AuditEntry.objects.filter(event="customfield.changed")
    assert line.changes["type"] == [old, new]
    told = AuditEntry.objects.filter(event="lead.changed").order_by("record_id")
    pairs = zip(leads, values, becomes, strict=True)
    assert [(each.record_id, each.changes["custom.changing"]) for each in told] == [
        (lead.pk, [before, after]) for lead, before, after in pairs if before != after
    ]
    update_lead(Lead.objects.get(pk=leads[0].pk), by=again(rep), job_title="Weaver")


@pytest.mark.parametrize(
    ("old", "value", "new", "told"),
    [
        ("text", "007", "whole", "begins with a zero"),
        ("text", "many", "whole", "as a whole number"),
        ("long_text", "one\ntwo", "text", "several lines"),
        ("long_text", "x" * 256, "text", "at most 255 characters"),
        ("decimal", "7.25", "whole", "as a whole number"),
        ("date_time", "2026-11-30T10:00:00Z", "date", "less than before"),
        ("choices", ["small", "large"], "choice", "Choose one of the list"),
        ("yes_no", False, "date", "as a date"),
        ("email", "a@b.example", "phone", "as a phone number"),
    ],
)
def test_one_value_that_does_not_fit_stops_it(
    old: str, value: Any, new: str, told: str, admin: User, rep: User
) -> None:
    choices = ["Small", "Large"] if old.startswith("choice") else []
    field = define("lead", "changing", type=old, choices=choices, by=admin)
    lead = LeadFactory(owner=rep, custom={"changing": value})
    target = of_type(field, new)

    preview = preview_of(field, target, by=admin)
    with pytest.raises(Unacceptable, match=told):
        retype_field(field, target, by=admin)

    assert preview.failed == 1
    assert told in preview.lines[0].problem
    assert values_of("changing") == {lead.pk: value}
    assert CustomField.objects.get().type == old


def test_only_who_shapes_the_fields_may(admin: User, rep: User) -> None:
    field = define("lead", "changing", by=admin)

    for change in (preview_of, retype_field):
        with pytest.raises(NotPermitted):
            change(field, of_type(field, "whole"), by=rep)  # type: ignore[operator]


def test_is_shown_in_the_administration_before_it_is_done(
    client: Client, admin: User, rep: User
) -> None:
    field = define("lead", "changing", by=admin)
    good = LeadFactory(owner=rep, custom={"changing": "12"})
    bad = LeadFactory(owner=rep, custom={"changing": "<b>many</b>"})
    page = f"/admin/records/customfield/{field.pk}/retype/"
    client.force_login(admin)

    shown = client.get(f"{page}?type=whole").content.decode()
    refused = client.post(page, {"type": "whole"})
    update_lead(bad, by=again(rep), custom={"changing": "13"})
    done = client.post(page, {"type": "whole"}, follow=True).content.decode()
    client.force_login(rep)

    assert "1 value cannot go along" in shown
    assert "&lt;b&gt;many" in shown
    assert "cannot go along" in refused.content.decode()
    assert "is a whole number now" in done
    assert values_of("changing") == {good.pk: 12, bad.pk: 13}
    assert client.get(page).status_code in {302, 403}


def _means_the_same(field: CustomField, text: str, value: Any) -> bool:
    """Say whether a text of the new type is read as the old value: nothing was lost on the way."""
    read = custom.stored(field, custom.from_text(field, text), standing=value)
    return custom.in_words(field, read) == custom.in_words(field, value)


def test_random_changes_lose_nothing(admin: User, rep: User) -> None:
    """Types, choices and use change at random; what a record says stays what it was."""
    rng = Random(7)
    fields = {
        key: define("lead", key, by=admin, **{"type": key, **more})
        for key, more in ONE_OF_EACH.items()
    }
    lead = LeadFactory(owner=rep, by=again(rep), custom=VALUES)
    bare = {key for key in fields if fields[key].type != "long_text"}
    for _ in range(400 if os.environ.get("THOROUGH") else 40):
        key = rng.choice(sorted(bare))
        field = CustomField.objects.get(key=key)
        before = Lead.objects.get(pk=lead.pk).custom
        said = custom.in_words(field, before[key])
        match rng.choice(["retype", "retire", "return", "choices", "edit"]):
            case "retype":
                target = of_type(field, rng.choice(CustomField.Type.values), ["B-7 <b>&"])
                try:
                    retype_field(field, target, by=admin)
                except Unacceptable:
                    assert Lead.objects.get(pk=lead.pk).custom == before
                after = CustomField.objects.get(pk=field.pk)
                stands = Lead.objects.get(pk=lead.pk).custom[key]
                assert custom.fits(after, stands), (field.type, after.type, stands)
                if after.type == field.type:
                    continue
                told = custom.as_text(after, stands)
                says = {told, custom.in_words(after, stands)}
                is_same = says & {said, custom.as_text(field, before[key])}
                assert is_same or _means_the_same(field, told, before[key])
            case "choices" if field.has_choices:
                field.choices = [{**c, "is_active": rng.random() < 0.7} for c in field.choices]
                field.choices[0]["is_active"] = True
                save_field(field, by=admin)
                assert custom.in_words(field, before[key]) == said
            case "edit":
                update_lead(
                    Lead.objects.get(pk=lead.pk), by=again(rep), job_title=str(rng.random())
                )
            case what:
                field.is_active = what != "retire"
                save_field(field, by=admin)
        assert Lead.objects.get(pk=lead.pk).custom.keys() == VALUES.keys()


def test_a_deleted_field_comes_back_for_thirty_days_and_is_forgotten_then(
    client: Client, admin: User, rep: User
) -> None:
    field, other = define("lead", "going", by=admin), define("lead", "staying", by=admin)
    values = {"going": "Jacquard", "staying": "Loom"}
    lead = LeadFactory(owner=rep, by=again(rep), custom=values)
    page = f"/admin/records/customfield/{field.pk}/delete/"
    client.force_login(admin)

    asked = client.get(page).content.decode()
    told = client.post(page, {"post": "yes"}, follow=True).content.decode()
    soon = purge_fields(by=admin, now=timezone.now() + timedelta(days=29))
    hidden = custom.definitions_for(again(rep))["lead"]
    field.refresh_from_db()
    field.is_active = True
    save_field(field, by=admin)
    assert "going" in [each.key for each in custom.definitions_for(again(rep))["lead"]]
    assert purge_fields(by=admin, now=timezone.now() + timedelta(days=99)) == 0
    assert Lead.objects.get(pk=lead.pk).custom == values
    delete_field(field, by=admin)
    done = purge_fields(by=admin, now=timezone.now() + timedelta(days=31))

    assert "It can be restored" in asked
    assert "What is stored stays until" in told
    assert (soon, done) == (0, 1)
    assert [each.key for each in hidden] == ["staying"]
    left = Lead.objects.get(pk=lead.pk)
    assert left.custom == {"staying": "Loom"}
    assert "jacquard" not in left.search
    assert AuditEntry.objects.filter(event="lead.changed").get().changes["custom.going"][1] is None
    assert list(CustomField.objects.all()) == [other]
    assert define("lead", "going", by=admin).pk
    with pytest.raises(NotPermitted):
        delete_field(other, by=rep)


def test_many_values_go_along_in_a_job_or_none_of_them(
    admin: User, rep: User, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.TASKS = LATER
    monkeypatch.setattr("crm.shaping.MOST_AT_ONCE", 2)
    monkeypatch.setattr("records.operations.retyping.CHUNK", 2)
    field = define("lead", "changing", by=admin)
    leads = [LeadFactory(owner=rep, custom={"changing": str(n)}) for n in range(5)]
    client.force_login(admin)
    page = f"/admin/records/customfield/{field.pk}/retype/"

    begun: Any = client.post(page, {"type": "whole"})
    update_lead(leads[4], by=again(rep), custom={"changing": "many"})
    waiting = Job.objects.get()
    jobs.run.call(waiting.pk)
    stopped = Job.objects.get()
    update_lead(Lead.objects.get(pk=leads[4].pk), by=again(rep), custom={"changing": "4"})
    before = values_of("changing")
    client.post(page, {"type": "whole"})
    jobs.run.call(Job.objects.latest("pk").pk)
    done = Job.objects.latest("pk")

    assert begun.url == waiting.get_absolute_url()
    assert (stopped.state, waiting.total) == (Job.State.FAILED, 5)
    assert "cannot go along" in stopped.outcome
    assert before == {lead.pk: str(n) for n, lead in enumerate(leads)}
    assert (done.state, done.done) == (Job.State.DONE, 5)
    assert values_of("changing") == {lead.pk: n for n, lead in enumerate(leads)}
