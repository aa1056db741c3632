"""Somebody's open work, given to others as one batch, and taken back as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Activity
from handover.jobs import hand_over, hand_over_each, take_back
from handover.operations import HandOverIsAtWork
from handover.queries import plan_for
from leads.models import Lead
from leads.operations import assign_lead, qualify
from opportunities.models import Opportunity
from opportunities.operations import win
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from tests.world import at_once
from users.models import Grant, Role, User
from workbench.jobs import Job, JobLine

USUAL = ["lead", "opportunity", "activity"]


def a_task(on: Any, owner: User, **more: Any) -> Activity:
    activity: Activity = ActivityFactory(on=on, owner=owner, kind="task", **more)
    return activity


def owners(records: Any) -> list[User]:
    return [type(record)._base_manager.get(pk=record.pk).owner for record in records]


@pytest.fixture
def rep3(rep: User) -> User:
    third: User = UserFactory(name="Rep3", team=rep.team, roles=list(rep.roles.all()))
    return third


def test_gives_open_work_to_one_person_and_leaves_the_rest(
    manager: User, rep: User, rep2: User
) -> None:
    lead, deal = LeadFactory(owner=rep), OpportunityFactory(owner=rep)
    task = a_task(deal, rep)
    qualified = LeadFactory(owner=rep)
    qualify(qualified, by=rep)
    made = Opportunity.objects.exclude(pk=deal.pk).get()
    won = win(OpportunityFactory(owner=rep), by=rep)
    account = AccountFactory(owner=rep)
    done = a_task(lead, rep, is_done=True)

    job = hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL)

    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 4, 4)
    assert owners([lead, deal, made, task]) == [rep2] * 4
    assert owners([qualified, won, account, done]) == [rep] * 4
    told = AuditEntry.objects.filter(actor=manager, event="lead.assigned", record_id=lead.pk)
    assert told.get().changes["owner"][1]["id"] == rep2.pk
    assert job.outcome == "4 records were handed over."


def test_several_take_it_in_turn_and_a_task_goes_with_its_record(
    manager: User, rep: User, rep2: User, rep3: User
) -> None:
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    deals = [OpportunityFactory(owner=rep) for _ in range(2)]
    with_records = [a_task(record, rep) for record in (*leads, *deals)]
    on_theirs = a_task(LeadFactory(owner=rep3), rep)
    elsewhere = [a_task(LeadFactory(owner=manager), rep) for _ in range(2)]
    plan = plan_for(rep, [rep2, rep3], USUAL, by=manager)

    hand_over(rep, by=manager, receivers=[rep2, rep3], kinds=USUAL)

    assert owners([*leads, *deals]) == [rep2, rep3, rep2, rep3, rep2]
    assert owners(with_records) == owners([*leads, *deals])
    assert owners([on_theirs]) == [rep3]
    assert owners(elsewhere) == [rep3, rep2]
    assert plan.counts == [
        sum(model.objects.filter(owner=user).count() for model in (Lead, Opportunity, Activity))
        - (user == rep3)  # who had a lead before
        for user in (rep2, rep3)
    ]


def test_the_plan_says_who_gets_how_much_and_what_stays(
    manager: User, rep: User, rep2: User, rep3: User
) -> None:
    for _ in range(3):
        LeadFactory(owner=rep)
    win(OpportunityFactory(owner=rep), by=rep)
    AccountFactory(owner=rep)
    ContactFactory(owner=rep)
    role = Role.objects.get(name="Sales manager")
    Grant.objects.filter(role=role, permission="accounts.assign_contact").delete()
    manager = User.objects.get(pk=manager.pk)

    plan = plan_for(rep, [rep2, rep3], ["lead", "opportunity", "contact"], by=manager)

    told = {
        share.label: (share.count, share.counts, [each.words for each in share.stays])
        for share in plan.shares
    }
    assert told == {
        "Open leads": (3, (2, 1), []),
        "Open opportunities": (0, (0, 0), ["1 is closed and stays, for the record"]),
        "Accounts": (0, (0, 0), ["1 is not chosen"]),
        "Contacts": (0, (0, 0), ["1 that you may not give away"]),
        "Open tasks, calls and meetings": (0, (0, 0), []),
    }
    assert (plan.count, plan.counts) == (3, [2, 1])


def test_accounts_and_contacts_go_where_one_says_so(manager: User, rep: User, rep2: User) -> None:
    account, contact, lead = (
        make(owner=rep) for make in (AccountFactory, ContactFactory, LeadFactory)
    )

    hand_over(rep, by=manager, receivers=[rep2], kinds=["account", "contact"])

    assert owners([account, contact, lead]) == [rep2, rep2, rep]


def test_the_work_of_somebody_who_has_left_is_handed_over(
    manager: User, rep: User, rep2: User
) -> None:
    lead = LeadFactory(owner=rep)
    rep.is_active = False
    rep.save(update_fields=["is_active"])

    job = hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL)
    back = take_back(Job.objects.get(pk=job.pk), by=manager)

    assert owners([lead]) == [rep2]
    [line] = JobLine.objects.filter(job=back)
    assert (line.state, line.text) == ("refused", f"{rep} is not active.")


def test_a_rep_hands_over_his_own_work_and_nobody_elses(rep: User, rep2: User) -> None:
    lead = LeadFactory(owner=rep)

    hand_over(rep, by=rep, receivers=[rep2], kinds=USUAL)

    assert owners([lead]) == [rep2]
    with pytest.raises(NotPermitted):
        hand_over(rep2, by=rep, receivers=[rep], kinds=USUAL)
    assert owners([lead]) == [rep2]


# Taking it back


def test_all_of_it_is_taken_back_but_what_others_have_by_now(
    manager: User, rep: User, rep2: User, rep3: User
) -> None:
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    deal = OpportunityFactory(owner=rep)
    task = a_task(deal, rep)
    job = Job.objects.get(pk=hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL).pk)
    assign_lead(Lead.objects.get(pk=leads[1].pk), by=manager, owner=rep3)

    back = take_back(job, by=manager)
    again = take_back(job, by=manager)

    assert owners([*leads, deal, task]) == [rep, rep3, rep, rep, rep]
    back.refresh_from_db()
    assert back.outcome == ("4 records are back where they were. 1 had changed since and stays.")
    # What is taken back once is not taken back from whoever has it afterwards.
    assert set(again.lines.values_list("state", flat=True)) == {"skipped"}


def test_what_has_gone_elsewhere_meanwhile_stays_there(
    manager: User, rep: User, rep2: User, rep3: User
) -> None:
    first, second = LeadFactory(owner=rep), LeadFactory(owner=rep)
    job = Job.objects.create(
        kind=hand_over_each.name,
        title="Hand over",
        owner=manager,
        total=2,
        arguments={
            "giver": rep.pk, "receivers": [rep2.pk], "kinds": ["lead"],
            "until": {"lead": second.pk},
        },
        cursor={"kind": 0, "after": 0, "turn": 0, "batch": [first.pk, second.pk]},
    )  # fmt: skip
    assign_lead(first, by=manager, owner=rep3)

    for _ in range(2):
        step = hand_over_each.step(job)
        job.cursor = step.cursor

    assert owners([first, second]) == [rep3, rep2]


def test_a_record_that_is_refused_stops_no_other(manager: User, rep: User, rep2: User) -> None:
    first, second = LeadFactory(owner=rep), LeadFactory(owner=rep)
    Grant.objects.filter(
        role__name="Sales manager", permission="activities.change_activity"
    ).update(scope="own")
    Grant.objects.filter(role__name="Sales manager", permission="leads.change_lead").update(
        scope="own"
    )
    task = a_task(first, rep)
    manager = User.objects.get(pk=manager.pk)

    job = hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL)

    assert owners([first, second, task]) == [rep2, rep2, rep]
    refused = job.lines.get(state="refused")
    assert refused.record_id == task.pk
    assert "may not" in refused.text


# Bad input


@pytest.mark.once
@pytest.mark.parametrize(
    ("receivers", "kinds", "field", "words"),
    [
        (["rep"], USUAL, "receivers", "has this work already"),
        (["rep2", "rep"], USUAL, "receivers", "has this work already"),
        ([], USUAL, "receivers", "at least one person"),
        (["gone"], USUAL, "receivers", "is not active"),
        (["robot"], USUAL, "receivers", "is not active"),
        (["rep2"], [], "kinds", "Choose what is handed over"),
        (["rep2"], ["lead", "nonsense"], "kinds", "Choose what is handed over"),
        (["rep2"], ["account"], "kinds", "has nothing of this"),
    ],
)
def test_says_what_is_wrong_and_gives_nothing(
    manager: User, rep: User, rep2: User, receivers: list[str], kinds: list[str], field: str,
    words: str,
) -> None:  # fmt: skip
    people = {
        "rep": rep,
        "rep2": rep2,
        "gone": UserFactory(is_active=False),
        "robot": UserFactory(is_machine=True),
    }
    lead = LeadFactory(owner=rep)

    with pytest.raises(Unacceptable, match=words) as told:
        hand_over(rep, by=manager, receivers=[people[name] for name in receivers], kinds=kinds)

    assert field in told.value.errors
    assert owners([lead]) == [rep]
    assert not Job.objects.exists()


def test_refuses_more_than_one_batch_can_be(
    manager: User, rep: User, rep2: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handover.operations.MOST_RECORDS", 1)
    for _ in range(2):
        LeadFactory(owner=rep)

    with pytest.raises(Unacceptable, match="At most 1 records"):
        hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL)


def test_a_person_outside_the_scope_is_refused(manager: User, outsider: User, rep: User) -> None:
    lead = LeadFactory(owner=outsider)

    with pytest.raises(NotPermitted):
        hand_over(outsider, by=manager, receivers=[rep], kinds=USUAL)

    assert owners([lead]) == [outsider]


def test_one_hand_over_of_a_person_at_a_time(manager: User, rep: User, rep2: User) -> None:
    LeadFactory(owner=rep)
    Job.objects.create(
        kind=hand_over_each.name, key=f"from:{rep.pk}", title="Hand over", owner=manager
    )

    with pytest.raises(HandOverIsAtWork):
        hand_over(rep, by=manager, receivers=[rep2], kinds=USUAL)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_give_each_record_once(
    manager: User, rep: User, rep2: User, rep3: User
) -> None:
    leads = [LeadFactory(owner=rep) for _ in range(4)]

    def give_to(receiver: User) -> Any:
        return lambda: hand_over(
            User.objects.get(pk=rep.pk),
            by=User.objects.get(pk=manager.pk),
            receivers=[receiver],
            kinds=["lead"],
        )

    answers = at_once(give_to(rep2), give_to(rep3))

    done = [answer for answer in answers if isinstance(answer, Job)]
    assert len(set(owners(leads))) == 1
    assert sum(job.lines.filter(state="done").count() for job in done) == 4


# The pages


def test_the_page_previews_then_hands_over_then_takes_back(
    client: Client, manager: User, rep: User, rep2: User, rep3: User
) -> None:
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    task = a_task(leads[1], rep, subject="Send the catalogue")
    client.force_login(manager)
    data = {"person": rep.pk, "receivers": [rep2.pk, rep3.pk], "kinds": ["lead", "activity"]}

    first = client.get(f"/handover/?person={rep.pk}")
    shown = client.post("/handover/", {**data, "preview": "1"})
    assert first.context["plan"].count == 4
    assert shown.context["plan"].counts == [2, 2]
    assert owners(leads) == [rep] * 3
    answer = client.post("/handover/", data)
    job = Job.objects.get()
    report = client.get(answer["Location"]).content.decode()

    assert answer["Location"] == job.get_absolute_url()
    assert owners([*leads, task]) == [rep2, rep3, rep2, rep3]
    assert "Send the catalogue" in report
    assert f"Now with {rep3}." in report
    assert f"/handover/{job.pk}/undo/" in report
    assert client.get(f"/handover/{job.pk}/undo/").status_code == 200
    assert client.post(f"/handover/{job.pk}/undo/").status_code == 302
    assert owners([*leads, task]) == [rep] * 4


@pytest.mark.once
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"person": ""}, "Choose whose work is handed over"),
        ({"person": "{outsider}"}, "Choose somebody whose work you may hand over"),
        ({"person": "9" * 30}, "Choose somebody whose work you may hand over"),
        ({"receivers": []}, "Choose at least one person who takes it"),
        ({"receivers": ["{gone}"]}, "Choose somebody who is active and can take work"),
        ({"receivers": ["x\x00"]}, "Choose somebody who is active and can take work"),
        ({"receivers": ["{rep}"]}, "has this work already"),
        ({"kinds": []}, "Choose what is handed over"),
        ({"kinds": ["user"]}, "user is not one of the available choices"),
    ],
)
def test_the_form_names_the_field_and_loses_nothing(
    client: Client, manager: User, rep: User, rep2: User, outsider: User, wrong: Any, words: str
) -> None:
    people = {"outsider": outsider.pk, "gone": UserFactory(is_active=False).pk, "rep": rep.pk}
    LeadFactory(owner=rep)
    client.force_login(manager)
    data = {"person": str(rep.pk), "receivers": [str(rep2.pk)], "kinds": ["lead"], **wrong}
    filled = {
        name: [each.format(**people) for each in value]
        if isinstance(value, list)
        else value.format(**people)
        for name, value in data.items()
    }

    answer = client.post("/handover/", filled)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert set(answer.context["form"].errors) == set(wrong)
    assert client.post("/handover/", {**filled, "preview": "1"}).status_code == 200
    assert not Job.objects.exists()


def test_offers_nobody_whose_work_one_may_not_give(
    client: Client, manager: User, outsider: User, rep: User
) -> None:
    client.force_login(manager)

    page = client.get(f"/handover/?person={outsider.pk}")

    choices = [str(label) for _value, label in page.context["form"].fields["person"].choices]
    assert str(rep) in choices
    assert str(outsider) not in choices
    assert page.context["plan"] is None


def test_whoever_may_give_nothing_is_told_so(client: Client, rep: User) -> None:
    Grant.objects.filter(role__name="Sales rep", permission__contains=".assign_").delete()
    client.force_login(rep)

    assert client.get("/handover/").status_code == 403


def test_the_undo_of_another_job_says_that_it_cannot(client: Client, rep: User) -> None:
    client.force_login(rep)
    job = Job.objects.create(
        kind="tests", title="Look", owner=rep, state="done", finished_at=timezone.now()
    )

    answer = client.post(f"/handover/{job.pk}/undo/")

    assert answer.status_code == 409
    assert "did nothing that can be taken back" in answer.content.decode()


def test_the_administration_leads_there(client: Client, admin: User, rep: User) -> None:
    client.force_login(admin)

    page = client.get(f"/admin/users/user/{rep.pk}/change/").content.decode()

    assert f"/handover/?person={rep.pk}" in page
