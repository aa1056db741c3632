"""A job does each of its steps once, whatever dies on the way, and tells how it went."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from records.errors import NotPermitted
from records.models import IdempotencyKey
from tests.factories import LeadFactory, UserFactory
from tests.workbench.kinds import Killed, found_teams
from tests.world import at_once
from users.models import Team, User
from workbench import jobs
from workbench.models import Job
from workbench.operations import jobs as operations
from workbench.operations.jobs import JobGoesOn, JobHasEnded

LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

real = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _later(settings: Any) -> None:
    """Let what is enqueued wait for a worker, as in the product."""
    settings.TASKS = LATER


def a_job(by: User, total: int = 3, **terms: Any) -> Job:
    return jobs.start(found_teams, by=by, title="Found teams", total=total, **terms)


def work(job: Job) -> Job:
    """Do what a worker does with a job, and return what became of it."""
    jobs.run.call(job.pk)
    return again(job)


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def founded() -> list[str]:
    return sorted(Team.objects.filter(name__startswith="Team ").values_list("name", flat=True))


def lines_of(job: Job) -> list[str]:
    return list(job.lines.order_by("pk").values_list("text", flat=True))


def test_does_every_step_and_tells_of_it(rep):
    job = work(a_job(rep))

    assert (job.state, job.done, job.outcome, job.url) == (
        "done", 3, "3 teams were founded.", "/leads/",
    )  # fmt: skip
    assert founded() == ["Team 0", "Team 1", "Team 2"]
    assert lines_of(job) == ["Founded 0", "Founded 1", "Founded 2"]
    assert job.started_at <= job.finished_at


def test_is_promised_in_the_transaction_that_asks_for_it(rep):
    with transaction.atomic():
        a_job(rep)
        transaction.set_rollback(True)

    assert not Job.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_leaves_nothing_of_a_step_in_which_its_worker_died(rep):
    job = a_job(rep, dies_at=1)
    with pytest.raises(Killed):
        work(job)

    job = again(job)
    assert (job.state, job.done, job.cursor) == ("running", 1, {"next": 1})
    assert founded() == ["Team 0"]
    assert lines_of(job) == ["Founded 0"]


def test_goes_on_when_its_worker_has_been_silent_for_long(rep):
    job = a_job(rep, dies_at=1)
    with pytest.raises(Killed):
        work(job)
    Job.objects.update(arguments={})

    assert jobs.take_up() == 0, "it may still live"
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        call_command("scheduler", once=True, stdout=StringIO())
        assert jobs.take_up() == 0, "it waits for a worker already"

    job = work(job)
    assert (job.state, job.done) == ("done", 3)
    assert founded() == ["Team 0", "Team 1", "Team 2"]
    assert lines_of(job) == ["Founded 0", "Founded 1", "Founded 2"]


def test_goes_on_when_the_worker_died_before_it_took_the_job(rep):
    job = a_job(rep)
    DBTaskResult.objects.all().delete()

    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        assert jobs.take_up() == 1

    assert DBTaskResult.objects.get().args_kwargs["args"] == [job.pk]


def test_a_worker_that_was_taken_for_dead_does_no_more(rep):
    job = operations.take(a_job(rep).pk)
    operations.advance(job, found_teams.step)
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        jobs.take_up()
    other = operations.take(job.pk)

    assert operations.advance(job, found_teams.step) is None
    assert operations.advance(other, found_teams.step).done == 2
    assert operations.take(job.pk) is None, "one worker at a time"


def test_gives_up_when_the_same_step_kills_every_worker(rep):
    job = a_job(rep, dies_at=1)
    for _ in range(operations.MOST_ATTEMPTS + 1):
        with pytest.raises(Killed):
            work(job)
        with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
            jobs.take_up()

    job = work(job)
    assert job.state == "failed"
    assert "broke off" in job.outcome
    assert founded() == ["Team 0"]


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("breaks_at", "Something went wrong on our side. It has been written to the log."),
        ("refuses_at", "There is no room for another team."),
    ],
)
def test_fails_with_a_sentence_and_goes_on_when_asked(rep, trouble, sentence):
    job = work(a_job(rep, **{trouble: 1}))
    assert (job.state, job.outcome, founded()) == ("failed", sentence, ["Team 0"])

    Job.objects.update(arguments={})
    job = work(jobs.resume(job, by=rep))

    assert (job.state, job.done) == ("done", 3)
    assert founded() == ["Team 0", "Team 1", "Team 2"]


def test_waits_when_the_database_is_busy(rep):
    job = work(a_job(rep, is_busy_at=1))
    assert (job.state, founded()) == ("running", ["Team 0"])

    Job.objects.update(arguments={})
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        jobs.take_up()

    assert work(job).state == "done"


def test_fails_when_what_it_is_was_taken_out_of_the_product(rep):
    job = a_job(rep)
    Job.objects.update(kind="leads.jobs.gone")

    assert work(job).state == "failed"


def test_lets_others_have_the_worker_after_a_while(rep, monkeypatch):
    monkeypatch.setattr(jobs, "TURN", 0)
    job = a_job(rep)
    DBTaskResult.objects.all().delete()

    work(job)
    assert (again(job).worker, DBTaskResult.objects.count()) == ("", 1)
    for _ in range(4):
        work(job)

    assert again(job).state == "done"
    assert founded() == ["Team 0", "Team 1", "Team 2"]


def test_is_cancelled_between_two_steps(rep):
    job = operations.take(a_job(rep).pk)
    operations.advance(job, found_teams.step)

    jobs.cancel(job, by=rep)

    assert operations.advance(job, found_teams.step) is None
    assert (again(job).state, again(job).outcome) == ("cancelled", "Cancelled by Rep.")
    assert founded() == ["Team 0"]
    assert work(jobs.resume(job, by=rep)).state == "done"


def test_refuses_to_cancel_what_has_ended_and_to_resume_what_goes_on(rep):
    job = a_job(rep)
    with pytest.raises(JobGoesOn):
        jobs.resume(job, by=rep)
    work(job)
    with pytest.raises(JobHasEnded):
        jobs.cancel(job, by=rep)
    with pytest.raises(JobGoesOn):
        jobs.resume(job, by=rep)


def test_of_a_key_there_is_one_live_job_and_it_begins_anew(rep, rep2):
    first = operations.take(a_job(rep, key="teams", name="Team A").pk)
    operations.advance(first, found_teams.step)

    second = a_job(rep2, key="teams", name="Team B")

    assert second.pk == first.pk
    assert operations.advance(first, found_teams.step) is None, "its worker has lost it"
    assert work(second).state == "done"
    assert founded() == ["Team A 0", "Team B 0", "Team B 1", "Team B 2"]
    assert a_job(rep, key="teams").pk != first.pk


@real
def test_of_a_key_there_is_one_live_job_also_when_many_ask_at_once(admin):
    started = at_once(*[lambda: a_job(admin, key="teams")] * 4)

    assert {job.pk for job in started} == {Job.objects.get().pk}


@real
def test_workers_at_once_do_each_step_once(admin):
    job = a_job(admin, total=8)

    at_once(*[lambda: jobs.run.call(job.pk)] * 4)

    assert (again(job).state, again(job).done) == ("done", 8)
    assert founded() == [f"Team {n}" for n in range(8)]


@real
def test_the_worker_of_the_product_does_it(admin):
    job = a_job(admin)

    call_command("db_worker", batch=True, startup_delay=False, interval=0, verbosity=0)

    assert (again(job).state, founded()) == ("done", ["Team 0", "Team 1", "Team 2"])


# Who sees them


def test_everybody_sees_their_own_jobs_and_managers_those_of_their_team(
    rep, rep2, manager, outsider, admin
):
    job = a_job(rep)
    nobody = UserFactory()
    own = a_job(nobody)

    def seen_by(user: User) -> set[int]:
        return set(Job.objects.permitted(user).values_list("pk", flat=True))

    assert seen_by(rep) == seen_by(manager) == {job.pk}
    assert seen_by(rep2) == seen_by(outsider) == set()
    assert seen_by(admin) == {job.pk, own.pk}
    assert seen_by(nobody) == {own.pk}, "without any role, too"


def test_the_jobs_of_others_are_cancelled_by_those_who_may(rep, rep2, manager):
    job = a_job(rep)
    with pytest.raises(NotPermitted):
        jobs.cancel(job, by=rep2)

    assert jobs.cancel(job, by=manager).state == "cancelled"


# The pages


@pytest.fixture
def client_of_rep(rep: User) -> Client:
    client = Client()
    client.force_login(rep)
    return client


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_tells_how_far_it_is_and_asks_again_while_it_lives(client_of_rep, rep):
    job = operations.take(a_job(rep).pk)
    operations.advance(job, found_teams.step)

    page = text_of(client_of_rep.get(f"/jobs/{job.pk}/"))
    part = client_of_rep.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true", "HX-Target": "job"})

    assert 'max="3" value="1"' in page
    assert "1 of 3" in page
    assert 'hx-trigger="every 2s"' in page
    assert "Reload" in page, "without scripts"
    assert "1 of 3" in text_of(part)
    assert "a team that you cannot open" in page
    assert "Founded 0" not in page, "of what one may not see nothing is told"
    assert "<html" not in text_of(part)


def test_the_page_tells_how_it_ended_and_asks_no_more(client_of_rep, rep):
    job = work(a_job(rep))

    page = text_of(client_of_rep.get(f"/jobs/{job.pk}/"))

    assert "3 teams were founded." in page
    assert 'href="/leads/"' in page
    assert "every 2s" not in page


def test_a_button_cancels_and_another_one_goes_on(client_of_rep, rep):
    job = a_job(rep)
    assert "Cancel" in text_of(client_of_rep.get(f"/jobs/{job.pk}/"))

    page = text_of(client_of_rep.post(f"/jobs/{job.pk}/cancel/", follow=True))
    assert "Cancelled by Rep." in page
    assert "Go on" in page

    page = text_of(client_of_rep.post(f"/jobs/{job.pk}/cancel/", follow=True))
    assert "This job has ended already: it is cancelled." in page

    client_of_rep.post(f"/jobs/{job.pk}/resume/")
    assert again(job).state == "waiting"


def test_the_list_shows_ones_own_jobs(client_of_rep, rep, rep2):
    a_job(rep)
    jobs.start(found_teams, by=rep2, title="Somebody else's")

    page = text_of(client_of_rep.get("/jobs/"))
    all_of_them = text_of(client_of_rep.get("/jobs/?view=all"))

    assert "Found teams" in page
    assert "Somebody else's" not in page + all_of_them


# What is kept


def test_forgets_what_ended_long_ago(rep):
    old = work(a_job(rep))
    new = a_job(rep, total=0)
    IdempotencyKey.objects.create(user=rep, key="old", fingerprint="x")
    with time_machine.travel(timezone.now() + timedelta(days=29), tick=False):
        work(new)
        IdempotencyKey.objects.create(user=rep, key="new", fingerprint="x")
        DBTaskResult.objects.update(status="RUNNING", started_at=old.created_at)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        call_command("scheduler", once=True, stdout=StringIO())

    assert list(Job.objects.all()) == [new]
    assert [key.key for key in IdempotencyKey.objects.all()] == ["new"]
    assert not DBTaskResult.objects.exists()


@pytest.mark.once
def test_the_scheduler_has_sqlite_count_what_it_plans_with(rep):
    LeadFactory(owner=rep)

    call_command("scheduler", once=True, stdout=StringIO())

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = %s", ["leads_lead"])
        assert cursor.fetchone()[0] > 0
