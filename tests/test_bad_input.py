"""What cannot be: a clear refusal that says why, by page and by API, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.operations import delete_contact, merge_accounts, merge_contacts
from leads import jobs
from leads.models import DisqualifyReason, Lead
from leads.operations import qualify
from tests.api.conftest import Caller
from tests.factories import AccountFactory, ContactFactory, LeadFactory
from tests.snapshots import rows
from users.models import Grant, User
from workbench.jobs import Job, run

MANY = list(range(1, 100_001))
LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def visitor(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def program(rep: User) -> Caller:
    return Caller(rep)


# Merging

WRONG: dict[str, Callable[[User, User], list[Any]]] = {
    "with itself": lambda rep, other: [kept := ContactFactory(owner=rep), kept],
    "across kinds": lambda rep, other: [
        ContactFactory(owner=rep),
        AccountFactory(owner=rep, pk=900_001),
    ],
    "across scopes": lambda rep, other: [ContactFactory(owner=rep), ContactFactory(owner=other)],
    "in a cycle": lambda rep, other: merged(rep)[1::-1],
    "with one that was merged meanwhile": lambda rep, other: [
        ContactFactory(owner=rep),
        merged(rep)[1],
    ],
    "with one in the bin": lambda rep, other: [
        ContactFactory(owner=rep),
        delete_contact(ContactFactory(owner=rep), by=rep),
    ],
    "with one that never was": lambda rep, other: [
        ContactFactory(owner=rep),
        ContactFactory.build(pk=987_654),
    ],
}


def merged(rep: User) -> list[Any]:
    """Return a contact, and one that is part of it."""
    kept, gone = ContactFactory(owner=rep), ContactFactory(owner=rep)
    merge_contacts(kept, [gone], by=rep)
    return [kept, gone]


@pytest.mark.parametrize("how", WRONG)
def test_a_page_refuses_to_merge(visitor, rep, outsider, how):
    kept, gone = WRONG[how](rep, outsider)
    before = rows(with_trails=True)

    answer = visitor.post(
        f"{reverse('duplicates:merge')}?kind=contact&id={kept.pk}&id={gone.pk}",
        {f"version-{each.pk}": 1 for each in (kept, gone)},
    )

    assert answer.status_code in {404, 409, 422}
    assert rows(with_trails=True) == before


@pytest.mark.parametrize("how", WRONG)
def test_a_program_is_refused_to_merge(program, rep, outsider, how):
    kept, gone = WRONG[how](rep, outsider)
    before = rows(with_trails=True)

    answer = program.post("contacts/merge/", {"survivor": kept.pk, "losers": [gone.pk]})

    assert answer.status_code in {400, 409}
    assert answer.json()["detail"]
    assert rows(with_trails=True) == before


# Undoing what was built on


@pytest.fixture
def swallowed(rep: User) -> Lead:
    """A qualified lead of which the account was merged into another one."""
    lead = LeadFactory(owner=rep)
    account = qualify(lead, by=rep).account
    merge_accounts(AccountFactory(owner=rep), [account], by=rep)
    return lead


def test_a_page_refuses_to_undo_what_was_merged_since(visitor, swallowed):
    before = rows(with_trails=True)

    answer = visitor.post(reverse("leads:undo", args=[swallowed.pk]), {})

    assert answer.status_code in {409, 422}
    assert "Undo the merge first" in answer.content.decode()
    assert rows(with_trails=True) == before


def test_a_program_is_refused_to_undo_what_was_merged_since(program, swallowed):
    before = rows(with_trails=True)

    answer = program.post(f"leads/{swallowed.pk}/undo/")

    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_undo")
    assert "Undo the merge first" in str(answer.json()["blockers"])
    assert rows(with_trails=True) == before


# Jobs

STARTING = {
    "qualify": ("leads.qualify_lead", lambda numbers, by: jobs.qualify_many(numbers, by=by)),
    "disqualify": (
        "leads.disqualify_lead",
        lambda numbers, by: jobs.disqualify_many(
            numbers, by=by, reason=DisqualifyReason.objects.get(key="no-need")
        ),
    ),
    "undo": (
        "leads.undo_lead",
        lambda numbers, by: jobs.undo_many(done(jobs.qualify_many(numbers, by=by)), by=by),
    ),
}


def done(job: Job) -> Job:
    run.call(job.pk)
    return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize("name", STARTING)
def test_a_job_whose_owner_lost_the_permission_does_nothing_and_tells_so(
    visitor, program, rep, settings, name
):
    settings.TASKS = LATER
    permission, start = STARTING[name]
    leads = [LeadFactory(owner=rep) for _ in range(2)]
    job = start([lead.pk for lead in leads], rep)
    before = rows()
    assert Grant.objects.filter(role__in=rep.roles.all(), permission=permission).delete()[0]

    done(job)

    report = program.get(f"jobs/{job.pk}/").json()
    shown = visitor.get(job.get_absolute_url()).content.decode()
    assert (report["state"], report["tally"]) == ("done", {"refused": 2})
    assert {line["code"] for line in report["report"]} == {"not_permitted"}
    assert "2 could not be: the report says why." in shown
    assert rows() == before


BATCHES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "qualify": ("leads:bulk-qualify", "leads/bulk-qualify/", {}),
    "disqualify": ("leads:bulk-disqualify", "leads/bulk-disqualify/", {"reason": "no-need"}),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_page_refuses_a_batch_of_100_000(visitor, rep, name):
    LeadFactory(owner=rep, pk=1)
    reason = DisqualifyReason.objects.get(key="no-need")
    sent = {"leads": ",".join(map(str, MANY)), "reason": reason.pk}

    answer = visitor.post(reverse(BATCHES[name][0]), sent)

    assert answer.status_code == 422
    assert "At most 1,000 records" in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", BATCHES)
def test_a_program_is_refused_a_batch_of_100_000(program, rep, name):
    LeadFactory(owner=rep, pk=1)
    _page, address, terms = BATCHES[name]

    answer = program.post(address, {"ids": MANY, **terms})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["ids"])
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "name", ["leads:bulk-qualify", "leads:bulk-disqualify", "duplicates:merge"]
)
def test_a_page_is_not_asked_for_100_000_that_are_selected(visitor, rep, name):
    LeadFactory(owner=rep, pk=1)
    numbers = "&".join(f"id={number}" for number in MANY)

    answer = visitor.get(f"{reverse(name)}?kind=lead&{numbers}")

    assert answer.status_code == 400
    assert "so nothing was done" in answer.content.decode()


# Forms that are written otherwise than they say


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/f/any/", "/leads/new/", "/api/leads/"])
def test_a_form_in_another_encoding_is_told_that_it_cannot_be_read(path):
    caller = Client(enforce_csrf_checks=True)
    caller.cookies["csrftoken"] = "a" * 32

    answer = caller.post(
        path, b"a=1", content_type="application/x-www-form-urlencoded; charset=latin-1"
    )

    assert answer.status_code in ({401, 404, 415} if path.startswith("/api/") else {400})
    assert path.startswith("/api/") or "This could not be read" in answer.content.decode()
