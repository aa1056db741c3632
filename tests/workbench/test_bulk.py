"""Many records changed at once: what is shown beforehand, what is done, and how it is undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.jobs import AssignContacts, DeleteAccounts
from accounts.models import Account
from activities.models import Activity
from activities.operations import complete, edit_activity
from leads import jobs
from leads.models import DisqualifyReason, Lead
from leads.operations import assign_lead, disqualify
from opportunities.jobs import MoveOpportunities
from opportunities.models import Opportunity, Stage, Step
from opportunities.operations import lose, move_to_stage, tick_step, update_opportunity
from opportunities.rules import missing_for_each, missing_steps
from records.errors import NotPermitted, Unacceptable
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from users.models import User
from workbench.bulk import change_many, take_back_many
from workbench.models import Job

LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def managers(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def told_by(job: Job) -> list[tuple[str, str]]:
    return list(job.lines.order_by("pk").values_list("state", "code"))


def shown(answer: Any) -> dict[str, int]:
    return {state: count for state, count in answer.context["counts"].items() if count}


def post(client: Client, address: str, records: list[Any], **data: Any) -> Any:
    numbers = ",".join(str(record.pk) for record in records)
    return client.post(address, {"numbers": numbers, **data})


def a_closed_lead(by: User) -> Lead:
    reason = DisqualifyReason.objects.filter(needs_comment=False).first()
    return disqualify(LeadFactory(owner=by), by=by, reason=reason)


# The page


def test_shows_what_will_happen_and_what_is_refused(managers, manager, rep, outsider):
    mine, theirs = LeadFactory(owner=manager), LeadFactory(owner=rep)
    closed, hidden = a_closed_lead(rep), LeadFactory(owner=outsider)
    ids = "&".join(f"id={lead.pk}" for lead in (mine, theirs, closed, hidden))

    page = managers.get(f"/leads/bulk/assign/?{ids}")

    # To oneself, unless somebody else is chosen.
    assert shown(page) == {"done": 1, "skipped": 1, "refused": 1}
    assert "It is disqualified." in page.content.decode()
    assert "Assign 1 lead" in page.content.decode()
    numbers = page.context["form"].initial["numbers"]
    assert numbers == ",".join(str(lead.pk) for lead in (mine, theirs, closed))
    assert not Job.objects.exists()


def test_a_preview_counts_what_is_chosen(managers, rep, rep2):
    leads = [LeadFactory(owner=rep), LeadFactory(owner=rep2)]

    page = post(managers, "/leads/bulk/assign/", leads, owner=rep.pk, preview="1")

    assert page.status_code == 200
    assert shown(page) == {"done": 1, "skipped": 1}
    assert not Job.objects.exists()


def test_does_it_and_goes_back_to_the_view_with_an_undo(managers, rep, rep2):
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    address = "/leads/bulk/assign/?from=%3Fq%3Dacme"

    answer = post(managers, address, leads, owner=rep2.pk)

    assert answer.status_code == 302
    assert answer.url == "/leads/?q=acme"
    assert set(Lead.objects.values_list("owner", flat=True)) == {rep2.pk}
    job = Job.objects.get()
    text = managers.get(answer.url).content.decode()
    assert f"3 leads assigned to {rep2}." in text
    assert f'action="/jobs/{job.pk}/undo/"' in text

    answer = managers.post(f"/jobs/{job.pk}/undo/")
    assert answer.url == "/leads/?q=acme"
    assert set(Lead.objects.values_list("owner", flat=True)) == {rep.pk}


def test_what_was_refused_is_named_in_the_report(managers, rep, rep2):
    lead, closed = LeadFactory(owner=rep), a_closed_lead(rep)

    answer = post(managers, "/leads/bulk/assign/", [lead, closed], owner=rep2.pk)

    job = Job.objects.get()
    assert answer.url == job.get_absolute_url()
    text = managers.get(answer.url).content.decode()
    assert "1 lead assigned to" in text
    assert "1 could not be: the report says why." in text
    assert closed.get_absolute_url() in text
    assert reverse("jobs:undo", args=[job.pk]) in text


def test_whoever_gave_away_what_they_reach_is_offered_no_undo(client, rep, rep2):
    client.force_login(rep)

    answer = post(client, "/leads/bulk/assign/", [LeadFactory(owner=rep)], owner=rep2.pk)

    assert "/undo/" not in client.get(answer.url).content.decode()
    job = take_back_many(Job.objects.get(), by=rep)
    assert told_by(job) == [("refused", "not_permitted")]


@pytest.mark.parametrize("room", ["leads", "accounts", "contacts", "opportunities"])
def test_every_room_has_its_pages(managers, manager, room):
    factories = {
        "leads": LeadFactory,
        "accounts": AccountFactory,
        "contacts": ContactFactory,
        "opportunities": OpportunityFactory,
    }
    record = factories[room](owner=manager)
    text = managers.get(f"/{room}/?view=all").content.decode()

    for action in ("assign", "task", "delete"):
        assert f'formaction="/{room}/bulk/{action}/"' in text
        assert managers.get(f"/{room}/bulk/{action}/?id={record.pk}").status_code == 200
    assert managers.get(f"/{room}/bulk/nothing/?id={record.pk}").status_code == 404


@pytest.mark.once
@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ("", 409),
        ("999999", 409),
        ("x", 409),
        ("1,", 409),
        (",".join(map(str, range(1_001))), 409),
        (",".join(map(str, range(100_000))), 409),
        ("9" * 400, 409),
    ],
)
def test_says_what_is_wrong_with_what_was_sent(managers, numbers, status):
    answer = managers.post("/leads/bulk/delete/", {"numbers": numbers})

    assert answer.status_code == status
    assert answer.context["closed"]


def test_too_many_are_refused_in_the_address_and_in_a_view(managers, manager):
    for count in (1_001, 100_000):
        ids = "&".join(f"id={number}" for number in range(count))
        assert managers.get(f"/leads/bulk/delete/?{ids}").status_code == 400

    Lead.objects.bulk_create(
        Lead(topic="Many", last_name=f"Lead {n}", owner=manager) for n in range(1_001)
    )
    page = managers.get("/leads/bulk/delete/?all=1&from=owner%3Dme")
    assert "At most 1,000" in page.context["closed"]
    assert Lead.objects.count() == 1_001


def test_is_refused_to_those_who_may_not(client, rep):
    lead = LeadFactory()
    nobody = UserFactory(may={"leads.view_lead": "all"})
    client.force_login(nobody)

    for action in ("assign", "status", "task", "delete"):
        assert client.get(f"/leads/bulk/{action}/?id={lead.pk}").status_code == 403
    with pytest.raises(NotPermitted):
        change_many(jobs.DeleteLeads, [lead.pk], by=nobody)
    with pytest.raises(Unacceptable):
        change_many(jobs.DeleteLeads, [], by=rep)


@pytest.mark.once
@pytest.mark.parametrize("action", ["assign", "status", "task", "delete"])
def test_many_cost_as_many_statements_as_few(managers, manager, statements, action):
    address = f"/leads/bulk/{action}/?all=1&from=owner%3Dme"
    costs = []
    for count in (10, 1_000):
        Lead.objects.bulk_create(
            Lead(topic="Many", last_name=f"Lead {n}", owner=manager)
            for n in range(count - Lead.objects.count())
        )
        managers.get(address)
        with statements() as asked:
            page = managers.get(address)
        assert sum(shown(page).values()) == count
        costs.append(len(asked))

    assert costs[0] == costs[1]


# Each thing that can be done, and its undo


def test_a_status_is_set_and_taken_back(rep):
    leads = [LeadFactory(owner=rep), LeadFactory(owner=rep, progress="working")]
    numbers = [lead.pk for lead in leads]

    job = change_many(jobs.SetProgress, numbers, by=rep, progress="working")
    assert told_by(job) == [("done", "change"), ("skipped", "so_already")]
    assert job.outcome == "1 lead marked as Working. 1 was so already."

    back = take_back_many(job, by=rep)
    assert back.outcome == "1 lead as before."
    assert Lead.objects.get(pk=leads[0].pk).progress == "new"


def test_what_changed_since_stays(rep, rep2, manager):
    leads = [LeadFactory(owner=rep) for _ in range(2)]
    job = change_many(jobs.AssignLeads, [lead.pk for lead in leads], by=manager, owner=rep2)
    assign_lead(leads[0], by=manager, owner=manager)

    back = take_back_many(job, by=manager)

    assert sorted(told_by(back)) == [("done", "undone"), ("skipped", "not_as_it_was")]
    assert back.outcome == "1 lead as before. 1 had changed since and stays."
    assert Lead.objects.get(pk=leads[0].pk).owner == manager
    assert Lead.objects.get(pk=leads[1].pk).owner == rep
    again = take_back_many(job, by=manager)
    assert {state for state, _code in told_by(again)} == {"skipped"}, "a second time does nothing"


def test_what_is_done_anew_after_an_undo_stays(rep, rep2, manager):
    lead = LeadFactory(owner=rep)
    job = change_many(jobs.AssignLeads, [lead.pk], by=manager, owner=rep2)
    take_back_many(job, by=manager)
    assign_lead(lead, by=manager, owner=rep2)

    again = take_back_many(job, by=manager)

    assert told_by(again) == [("skipped", "not_as_it_was")]
    assert Lead.objects.get(pk=lead.pk).owner == rep2


def test_what_is_being_taken_back_is_not_begun_anew(rep, settings):
    leads = [LeadFactory(owner=rep) for _ in range(51)]
    settings.TASKS = LATER
    job = change_many(jobs.SetProgress, [leads[0].pk], by=rep, progress="working")
    for lead in leads[1:]:
        undo = {"before": {"progress": "new"}, "after": {"progress": "working"}}
        job.lines.create(
            record_type=job.lines.get(record_id=leads[0].pk).record_type,
            record_id=lead.pk,
            undo=undo,
        )
    back = take_back_many(job, by=rep)
    assert back.is_live

    with pytest.raises(Unacceptable, match="being taken back already"):
        take_back_many(job, by=rep)


def test_what_was_deleted_comes_back(rep):
    accounts = [AccountFactory(owner=rep) for _ in range(2)]

    job = change_many(DeleteAccounts, [account.pk for account in accounts], by=rep)
    assert job.outcome == "2 accounts moved to the recycle bin."
    assert not Account.objects.exists()

    take_back_many(job, by=rep)
    assert Account.objects.count() == 2


def test_contacts_go_to_nobody(rep, manager):
    contact = ContactFactory(owner=rep)

    job = change_many(AssignContacts, [contact.pk], by=manager, owner=None)

    contact.refresh_from_db()
    assert contact.owner is None
    assert job.outcome == "1 contact put into the queue."


def test_a_task_on_each_that_is_open(rep):
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    numbers = [each.pk for each in (*leads, a_closed_lead(rep))]

    job = change_many(jobs.AddLeadTasks, numbers, by=rep, subject="Call them")

    assert [state for state, _code in told_by(job)] == ["done", "done", "done", "refused"]
    tasks = Activity.objects.filter(subject="Call them", owner=rep).order_by("pk")
    assert len(tasks) == 3

    complete(tasks[0], by=rep)
    edit_activity(tasks[1], by=rep, text="They asked for Tuesday.")
    back = take_back_many(job, by=rep)
    left = ("skipped", "not_as_it_was")
    assert sorted(told_by(back)) == [("done", "undone"), left, left]
    assert Activity.objects.filter(subject="Call them").count() == 2


def test_stages_are_moved_as_far_as_the_process_allows(defaults, client, rep):
    client.force_login(rep)
    first, *_, last = Stage.objects.filter(is_for_leads=False).order_by("position")
    box = Step.objects.create(stage=first, key="asked", label="Asked", is_required=True)
    Step.objects.exclude(pk=box.pk).update(is_required=False)
    deals = [OpportunityFactory(owner=rep, stage=first) for _ in range(4)]
    ready, _unready, there, lost = deals
    tick_step(ready, by=rep, step=box)
    tick_step(there, by=rep, step=box)
    move_to_stage(there, by=rep, stage=last)
    lose_it(lost, rep)
    update_opportunity(ready, by=rep, probability=42)

    page = post(client, "/opportunities/bulk/stage/", deals, stage=last.pk, preview="1")
    assert shown(page) == {"done": 1, "skipped": 1, "refused": 2}
    assert f"Missing: {first}: Asked" in page.content.decode()

    post(client, "/opportunities/bulk/stage/", deals, stage=last.pk)
    job = Job.objects.get()
    assert sorted(told_by(job)) == [
        ("done", "change"),
        ("refused", "opportunity_is_closed"),
        ("refused", "steps_are_missing"),
        ("skipped", "so_already"),
    ]

    take_back_many(job, by=rep)
    ready.refresh_from_db()
    assert (ready.stage, ready.probability) == (first, 42)


def test_says_how_sure_many_are_and_takes_it_back(defaults, client, rep):
    client.force_login(rep)
    deals = [OpportunityFactory(owner=rep) for _ in range(3)]
    update_opportunity(deals[1], by=rep, forecast_category="commit")
    lose_it(deals[2], rep)

    page = post(client, "/opportunities/bulk/forecast/", deals, forecast_category="sure")
    post(client, "/opportunities/bulk/forecast/", deals, forecast_category="commit")

    assert page.status_code == 422
    job = Job.objects.get()
    assert sorted(told_by(job)) == [
        ("done", "change"),
        ("refused", "opportunity_is_closed"),
        ("skipped", "so_already"),
    ]
    deals[0].refresh_from_db()
    assert deals[0].forecast_category == "commit"
    take_back_many(job, by=rep)
    deals[0].refresh_from_db()
    assert deals[0].forecast_category == deals[0].stage.forecast_category


def test_a_move_back_is_undone_whatever_steps_are_missing_on_the_way(defaults, rep):
    first, *_, last = Stage.objects.filter(is_for_leads=False).order_by("position")
    Step.objects.create(stage=first, key="asked", label="Asked", is_required=True)
    deal = OpportunityFactory(owner=rep, stage=last, probability=42)
    job = change_many(MoveOpportunities, [deal.pk], by=rep, stage=first)

    take_back_many(job, by=rep)

    deal.refresh_from_db()
    assert (deal.stage, deal.probability) == (last, 42)


def test_a_move_stays_once_somebody_has_moved_on_and_back(defaults, rep):
    first, second, third, *_ = Stage.objects.filter(is_for_leads=False).order_by("position")
    Step.objects.update(is_required=False)
    deal = OpportunityFactory(owner=rep, stage=first)
    job = change_many(MoveOpportunities, [deal.pk], by=rep, stage=second)
    for stage in (third, second):
        move_to_stage(deal, by=rep, stage=stage)

    back = take_back_many(job, by=rep)

    assert told_by(back) == [("skipped", "not_as_it_was")]
    assert Opportunity.objects.get(pk=deal.pk).stage == second


def lose_it(deal: Opportunity, by: User) -> None:
    from opportunities.models import LossReason

    lose(deal, by=by, reason=LossReason.objects.first())


def test_what_is_missing_is_the_same_for_many_as_for_one(defaults, rep, statements):
    stages = list(Stage.objects.filter(is_for_leads=False).order_by("position"))
    deals = [OpportunityFactory(owner=rep, stage=stage) for stage in stages]
    box = Step.objects.create(stage=stages[0], key="asked", label="Asked", is_required=True)
    tick_step(deals[0], by=rep, step=box)
    for number, name in enumerate(("value", "competitors", "custom.none")):
        Step.objects.create(
            stage=stages[1], key=f"f{number}", label=name, field=name, is_required=True
        )

    for stage in stages:
        found = missing_for_each(deals, stage)
        assert found == {deal.pk: missing_steps(deal, stage) for deal in deals}


# As a job


def test_more_than_a_few_are_done_by_the_workers(managers, rep, rep2, settings):
    settings.TASKS = LATER
    leads = [LeadFactory(owner=rep) for _ in range(51)]

    answer = post(managers, "/leads/bulk/assign/", leads, owner=rep2.pk)

    job = Job.objects.get()
    assert answer.url == job.get_absolute_url()
    assert job.state == "waiting"
    assert Lead.objects.filter(owner=rep).count() == 51


def test_the_undo_of_a_job_is_for_those_who_may_change_it(client, rep, rep2, manager):
    job = change_many(jobs.SetProgress, [LeadFactory(owner=rep).pk], by=rep, progress="working")
    address = reverse("jobs:undo", args=[job.pk])

    client.force_login(rep2)
    assert client.get(address).status_code == client.post(address).status_code == 404
    client.force_login(rep)
    assert client.get(address).status_code == 200
    Job.objects.update(kind="leads.jobs.bulk.qualify_leads")
    assert client.post(address).status_code == 409
