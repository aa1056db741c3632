"""Giving up many leads, and taking back what a job has done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from accounts.operations import create_contact
from activities.models import Activity
from activities.operations import add_task
from leads import jobs
from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations import disqualify, qualify, reopen, undo
from records.errors import NotPermitted, Unacceptable
from tests.factories import LeadFactory, UserFactory
from tests.snapshots import rows
from users.models import Grant, User
from users.operations import issue_token
from workbench.models import Job

pytestmark = pytest.mark.django_db


def told_by(job: Job) -> list[tuple[str, str]]:
    return list(job.lines.order_by("pk").values_list("state", "code"))


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def reason(defaults: None) -> DisqualifyReason:
    return DisqualifyReason.objects.get(key="no-need")


def test_gives_each_up_and_tells_what_came_of_it(rep, outsider, reason):
    lead, closed, theirs = (
        LeadFactory(owner=rep),
        LeadFactory(owner=rep),
        LeadFactory(owner=outsider),
    )
    disqualify(closed, by=rep, reason=reason)
    add_task(lead, by=rep, subject="Call")

    numbers = [lead.pk, closed.pk, theirs.pk, lead.pk]
    job = again(jobs.disqualify_many(numbers, by=rep, reason=reason, comment="Fair list"))

    assert (job.state, job.title) == ("done", "Disqualify 3 leads")
    assert told_by(job) == [
        ("done", "disqualified"),
        ("skipped", "already_disqualified"),
        ("refused", "not_found"),
    ]
    assert job.outcome == (
        "1 lead was given up. 1 was so already. 1 could not be: the report says why."
    )
    lead.refresh_from_db()
    assert (lead.status, lead.disqualify_comment) == ("disqualified", "Fair list")


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"reason": "other"}, "comment"),
        ({"revisit_on": -1}, "revisit_on"),
        ({"leads": []}, "leads"),
        ({"leads": range(1, 100_001)}, "leads"),
    ],
)
def test_refuses_terms_on_which_none_could_be_given_up(rep, reason, terms, field):
    lead = LeadFactory(owner=rep)
    key = terms.get("reason", "no-need")
    days = terms.get("revisit_on")

    with pytest.raises(Unacceptable) as refusal:
        jobs.disqualify_many(
            terms.get("leads", [lead.pk]),
            by=rep,
            reason=DisqualifyReason.objects.get(key=key),
            revisit_on=timezone.localdate() + timedelta(days=days) if days else None,
        )

    assert list(refusal.value.errors) == [field]
    assert not Job.objects.exists()


def test_is_refused_to_those_who_may_give_up_nothing(rep, reason):
    reader = UserFactory(may={"leads.view_lead": "all"})

    with pytest.raises(NotPermitted):
        jobs.disqualify_many([LeadFactory(owner=rep).pk], by=reader, reason=reason)


def test_a_job_whose_owner_lost_the_permission_refuses_lead_by_lead(rep, reason, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    leads = [LeadFactory(owner=rep) for _ in range(2)]
    job = jobs.disqualify_many([lead.pk for lead in leads], by=rep, reason=reason)
    Grant.objects.filter(role__in=rep.roles.all(), permission="leads.disqualify_lead").delete()

    jobs_run(job)

    assert [state for state, _code in told_by(job)] == ["refused", "refused"]
    assert Lead.objects.open().count() == 2


def test_a_job_whose_reason_was_deleted_says_so_and_stops(rep, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    reason = DisqualifyReason.objects.create(name="Fair", key="fair")
    lead = LeadFactory(owner=rep)
    job = jobs.disqualify_many([lead.pk], by=rep, reason=reason)
    reason.delete()

    jobs_run(job)

    job.refresh_from_db()
    assert (job.state, job.outcome) == (
        "failed",
        "The reason was deleted in the meantime. Choose another one.",
    )
    assert Lead.objects.open().count() == 1


def jobs_run(job: Job) -> None:
    from workbench.jobs import run

    run.call(job.pk)


def test_takes_a_whole_batch_of_qualifications_back(rep):
    leads = [LeadFactory(owner=rep, company="Acme") for _ in range(3)]
    before = rows()
    job = again(jobs.qualify_many([lead.pk for lead in leads], by=rep))
    assert Account.objects.count() == 1

    undone = again(jobs.undo_many(job, by=rep))

    assert told_by(undone) == [("done", "undone")] * 3
    assert undone.outcome == "3 leads are open again."
    assert rows() == before


def test_leaves_what_was_built_on_taken_back_or_qualified_anew(rep):
    built_on, taken_back, anew, plain = (LeadFactory(owner=rep) for _ in range(4))
    job = again(
        jobs.qualify_many([lead.pk for lead in (built_on, taken_back, anew, plain)], by=rep)
    )
    account = Account.objects.get(pk=Lead.objects.get(pk=built_on.pk).account_id)
    create_contact(by=rep, last_name="Newcomer", account=account)
    undo(taken_back, by=rep)
    undo(anew, by=rep)
    qualify(anew, by=rep)

    undone = again(jobs.undo_many(job, by=rep))

    assert told_by(undone) == [
        ("done", "undone"),
        ("skipped", "not_as_it_was"),
        ("skipped", "not_as_it_was"),
        ("refused", "cannot_undo"),
    ]
    assert "Newcomer" not in "".join(undone.lines.values_list("text", flat=True))
    assert Qualification.objects.filter(lead=anew, state="active").exists()


def test_takes_a_whole_batch_of_leads_up_again_with_their_tasks(rep, reason):
    leads = [LeadFactory(owner=rep) for _ in range(3)]
    task = add_task(leads[0], by=rep, subject="Call")
    job = again(jobs.disqualify_many([lead.pk for lead in leads], by=rep, reason=reason))
    reopen(leads[2], by=rep)
    disqualify(leads[2], by=rep, reason=DisqualifyReason.objects.get(key="no-budget"))

    undone = again(jobs.undo_many(job, by=rep))

    assert told_by(undone) == [
        ("skipped", "not_as_it_was"),
        ("done", "reopened"),
        ("done", "reopened"),
    ]
    assert Lead.objects.open().count() == 2
    assert Activity.objects.get(pk=task.pk).status == "open"


def test_undoes_only_what_a_job_did_to_leads(rep):
    job = Job.objects.create(kind="tests", title="Look", owner=rep)

    with pytest.raises(Unacceptable):
        jobs.undo_many(job, by=rep)


# Pages


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def test_the_page_shows_what_would_be_given_up_then_starts_the_job(reps, rep, reason):
    lead, closed = LeadFactory(owner=rep), LeadFactory(owner=rep)
    disqualify(closed, by=rep, reason=reason)

    page = reps.get(f"/leads/bulk/disqualify/?lead={lead.pk}&lead={closed.pk}")
    assert page.context["counts"] == {"ready": 1, "blocked": 1, "shared": 0}
    sent: dict[str, Any] = {"leads": page.context["form"]["leads"].value(), "reason": reason.pk}
    answer = reps.post("/leads/bulk/disqualify/", sent, follow=True)

    assert answer.context["job"].title == "Disqualify 1 lead"
    assert not Lead.objects.open().exists()


def test_the_page_asks_for_a_reason_and_its_note(reps, rep, reason):
    lead = LeadFactory(owner=rep)
    other = DisqualifyReason.objects.get(key="other")

    for sent in ({"leads": str(lead.pk)}, {"leads": str(lead.pk), "reason": other.pk}):
        assert reps.post("/leads/bulk/disqualify/", sent).status_code == 422

    assert Lead.objects.open().exists()


def test_the_report_of_a_job_offers_to_take_it_back(reps, rep):
    leads = [LeadFactory(owner=rep) for _ in range(2)]
    job = jobs.qualify_many([lead.pk for lead in leads], by=rep)
    url = f"/leads/bulk/undo/{job.pk}/"
    assert url in reps.get(job.get_absolute_url()).content.decode()
    assert "2 leads that this job qualified" in reps.get(url).content.decode()

    answer = reps.post(url, follow=True)

    assert answer.context["job"].title == "Undo: Qualify 2 leads"
    assert Lead.objects.open().count() == 2
    assert url not in reps.get(answer.context["job"].get_absolute_url()).content.decode()


def test_a_narrowed_list_offers_to_give_up_what_is_left(reps, rep):
    LeadFactory(owner=rep)

    assert "/leads/bulk/disqualify/?" in reps.get("/leads/?status=open&q=a").content.decode()
    assert "/leads/bulk/disqualify/?" not in reps.get("/leads/?status=open").content.decode()


# By program


def test_programs_give_up_many_and_take_it_back(client, rep, reason):
    _token, secret = issue_token(rep, by=rep, name="bulk", scope="write")
    leads = [LeadFactory(owner=rep) for _ in range(2)]

    def ask(path: str, body: Any) -> Any:
        bearer = {"Authorization": f"Bearer {secret}"}
        return client.post(f"/api/v1/{path}", body, "application/json", headers=bearer)

    ids = [lead.pk for lead in leads]
    given_up = ask("leads/bulk-disqualify/", {"ids": ids, "reason": "no-need"})
    assert given_up.status_code == 202, given_up.content
    assert not Lead.objects.open().exists()
    taken_back = ask("leads/bulk-undo/", {"job": given_up.json()["id"]})
    assert taken_back.status_code == 202, taken_back.content
    assert Lead.objects.open().count() == 2
    too_many = ask("leads/bulk-disqualify/", {"ids": list(range(1, 1002)), "reason": "no-need"})
    assert too_many.status_code == 400
    assert ask("leads/bulk-undo/", {"job": 10**9}).status_code == 400
