"""Qualifying many leads: each whole, each with its own outcome, each once."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from accounts.operations import delete_account, merge_accounts, merge_contacts
from leads import jobs
from leads.models import Lead, Qualification
from leads.operations import assign_lead, dismiss_pair, disqualify, prospects, qualify, update_lead
from leads.operations.qualify import park
from opportunities.models import Opportunity
from records.errors import NotPermitted, Refused, Unacceptable
from tests.factories import AccountFactory, ContactFactory, LeadFactory, UserFactory
from tests.snapshots import rows
from tests.workbench.kinds import Killed
from users.models import User
from users.operations import issue_token
from workbench.jobs import run
from workbench.models import Job
from workbench.operations import jobs as operations

LATER = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
READY = {
    "budget_amount": 1000,
    "budget_status": "can_buy",
    "decision_maker_known": True,
    "decision_maker": "Ada",
    "need": "must",
    "need_description": "Engines",
    "timeframe": "this_quarter",
}


def told_by(job: Job) -> list[tuple[str, str]]:
    return list(job.lines.order_by("pk").values_list("state", "code"))


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_qualifies_each_and_tells_what_came_of_it(rep, outsider):
    ready = LeadFactory(owner=rep)
    known = LeadFactory(owner=rep, company=ready.company)
    unreachable = LeadFactory(owner=rep, email="")
    theirs = LeadFactory(owner=outsider)
    qualified = LeadFactory(owner=rep)
    qualify(qualified, by=rep)

    leads = [lead.pk for lead in (ready, known, unreachable, theirs, qualified, ready)]
    job = again(jobs.qualify_many(leads, by=rep))

    assert (job.state, job.done, job.total, job.title) == ("done", 5, 5, "Qualify 5 leads")
    assert told_by(job) == [
        ("done", "qualified"),
        ("done", "qualified"),
        ("refused", "rules_are_unmet"),
        ("refused", "not_found"),
        ("skipped", "already_qualified"),
    ]
    assert job.outcome == (
        "2 leads were qualified. 1 was so already. 2 could not be: the report says why."
    )
    texts = list(job.lines.order_by("pk").values_list("text", flat=True))
    assert texts[0] == "Account created, contact created, 1 opportunity opened."
    assert texts[1] == "Linked to an account that was there, contact created, 1 opportunity opened."
    assert "No valid email or phone" in texts[2]
    assert Lead.objects.get(pk=theirs.pk).is_open
    assert Account.objects.filter(name=ready.company).count() == 1


def test_opens_no_opportunities_when_told_so(rep):
    job = jobs.qualify_many([LeadFactory(owner=rep).pk], by=rep, opens_opportunities=False)

    assert not Opportunity.objects.exists()
    assert again(job).lines.get().text == "Account created, contact created, no opportunity."


def test_refuses_nothing_too_much_and_those_who_may_not(rep):
    with pytest.raises(Unacceptable, match="at least one"):
        jobs.qualify_many([], by=rep)
    with pytest.raises(Unacceptable, match="at most 1000"):
        jobs.qualify_many(range(1, 1002), by=rep)
    with pytest.raises(NotPermitted):
        jobs.qualify_many([1], by=UserFactory(may={"leads.view_lead": "all"}))


def test_tells_of_leads_that_their_owner_may_see_but_not_qualify(rep, rep2):
    job = jobs.qualify_many([LeadFactory(owner=rep2).pk], by=rep)

    assert told_by(job) == [("refused", "not_permitted")]


def test_does_no_more_for_somebody_who_has_left(rep, settings):
    settings.TASKS = LATER
    lead = LeadFactory(owner=rep)
    job = jobs.qualify_many([lead.pk], by=rep)
    User.objects.filter(pk=rep.pk).update(is_active=False)

    run.call(job.pk)

    assert again(job).state == "failed"
    assert "Rep is no longer active" in again(job).outcome
    assert Lead.objects.get(pk=lead.pk).is_open


def test_goes_on_after_its_worker_was_killed_in_the_middle_of_a_lead(rep, settings, monkeypatch):
    settings.TASKS = LATER
    leads = [LeadFactory(owner=rep).pk for _ in range(4)]
    job = jobs.qualify_many(leads, by=rep)
    real = operations.JobLine.objects.bulk_create

    def dies_with_the_third(lines: Any) -> Any:
        made = real(lines)
        if made[0].record_id == leads[2]:
            raise Killed
        return made

    with monkeypatch.context() as patch:
        patch.setattr(operations.JobLine.objects, "bulk_create", dies_with_the_third)
        with pytest.raises(Killed):
            run.call(job.pk)
    assert Qualification.objects.count() == again(job).done == again(job).lines.count() == 2

    operations.release(again(job))
    run.call(job.pk)

    assert (again(job).state, again(job).done) == ("done", 4)
    assert sorted(Qualification.objects.values_list("lead", flat=True)) == leads
    assert told_by(job) == [("done", "qualified")] * 4


# What is shown beforehand


def test_a_lead_that_was_parked_is_asked_about_afresh(rep):
    twins = [AccountFactory(owner=rep, name="Twin", country=country) for country in ("DE", "FR")]
    settled, open_still = LeadFactory(owner=rep, company="Twin"), LeadFactory(owner=rep)
    for lead in (settled, open_still):
        park(lead, "Which one?")
    AccountFactory(owner=rep, name="Two", country="DE")
    AccountFactory(owner=rep, name="Two", country="FR")
    update_lead(open_still, by=rep, company="Two")
    park(open_still, "Which one?")
    delete_account(twins[0], by=rep)

    shown = {each.lead: each.blockers for each in prospects(Lead.objects.all(), by=rep)}

    assert shown[settled] == ()
    assert shown[open_still] == ("2 accounts could be Two, and nothing says which.",)


def test_a_lead_without_a_mark_that_would_be_a_question_is_blocked(rep):
    for country in ("DE", "FR"):
        AccountFactory(owner=rep, name="Twin", country=country)
    lead = LeadFactory(owner=rep, company="Twin")

    [shown] = prospects(Lead.objects.all(), by=rep)
    job = again(jobs.qualify_many([lead.pk], by=rep))

    assert shown.blockers == ("2 accounts could be Twin, and nothing says which.",)
    assert told_by(job) == [("refused", "needs_decision")]


def test_what_one_may_not_make_is_told_beforehand(rep):
    rep.roles.get().grants.filter(permission="accounts.add_account").delete()
    person = User.objects.get(pk=rep.pk)
    lead = LeadFactory(owner=person)

    [shown] = prospects(Lead.objects.all(), by=person)
    job = again(jobs.qualify_many([lead.pk], by=person))

    assert shown.blockers == ("You may not add accounts.",)
    assert told_by(job) == [("refused", "not_permitted")]


def test_what_was_merged_is_known_by_its_old_names_beforehand(rep):
    kept, gone = (
        AccountFactory(owner=rep, name=name, country=country)
        for name, country in (("Acme", "DE"), ("Zenith", "FR"))
    )
    ada, old = (
        ContactFactory(owner=rep, first_name="Ada", last_name=name, email=f"{name}@ada.example")
        for name in ("Lovelace", "Byron")
    )
    merge_accounts(kept, [gone], by=rep)
    merge_contacts(ada, [old], by=rep)
    leads = [
        LeadFactory(owner=rep, company="Zenith", country="FR"),
        LeadFactory(owner=rep, company="Zenith", country="IT"),
        LeadFactory(owner=rep, company="", email="byron@ada.example"),
    ]

    shown = [each.is_ready for each in prospects(Lead.objects.order_by("pk"), by=rep)]
    job = jobs.qualify_many([lead.pk for lead in leads], by=rep)

    assert shown == [True, False, True]
    assert [state == "done" for state, _code in told_by(job)] == shown
    assert Lead.objects.get(pk=leads[0].pk).account == kept
    assert Lead.objects.get(pk=leads[2].pk).contact == ada


def test_what_somebody_said_to_be_different_is_a_question_beforehand(rep):
    account = AccountFactory(owner=rep, name="Acme")
    lead = LeadFactory(owner=rep, company="Acme")
    dismiss_pair(lead, account, by=rep)

    [shown] = prospects(Lead.objects.all(), by=rep)
    job = again(jobs.qualify_many([lead.pk], by=rep))

    assert shown.blockers == ("You said that the account Acme is a different one. Choose one.",)
    assert told_by(job) == [("refused", "needs_decision")]


def test_a_lead_whose_owner_left_is_blocked_until_somebody_has_it(rep, manager):
    left = UserFactory(team=rep.team, name="Gone")
    lead = LeadFactory(owner=left)
    User.objects.filter(pk=left.pk).update(is_active=False)

    [shown] = prospects(Lead.objects.all(), by=manager)
    job = again(jobs.qualify_many([lead.pk], by=manager))

    assert shown.blockers == ("Gone is not active: assign it first.",)
    assert told_by(job) == [("refused", "unacceptable")]
    assign_lead(lead, by=manager, owner=rep)
    assert prospects(Lead.objects.all(), by=manager)[0].is_ready


# What is alike, and what follows, is decided above the engine: PostgreSQL is asked for some worlds.
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.once if seed > 3 else ()) for seed in range(12)]
)
def test_what_is_shown_is_what_the_job_then_does(rep, seed):
    """Companies and people that are alike, share and contradict each other, in any order."""
    chance = random.Random(seed)

    def facts() -> dict[str, Any]:
        return {
            "company": chance.choice(["Acme", "ACME Inc.", "Beta", ""]),
            "website": chance.choice(["", "", "acme.example", "other.example"]),
            "country": chance.choice(["", "DE", "FR"]),
        }

    def person() -> dict[str, Any]:
        return {
            "first_name": chance.choice(["", "Ada"]),
            "last_name": chance.choice(["", "Lovelace", "Byron"]),
            "email": chance.choice(["", "ada@mail.example", "b@acme.example", "info@acme.example"]),
            "phone": chance.choice(["", "+49 30 1234567", "+49 30 7654321"]),
        }

    for _ in range(chance.randint(0, 3)):
        told = facts()
        with suppress(Refused):  # one of this name and country is there
            AccountFactory(owner=rep, name=told.pop("company") or "Gamma", **told)
    for _ in range(chance.randint(0, 2)):
        account = chance.choice([None, *Account.objects.order_by("pk")])
        with suppress(Refused):
            ContactFactory(owner=rep, account=account, **{**person(), "last_name": "Lovelace"})
    leads = []
    while len(leads) < 10:
        with suppress(Refused):  # nothing by which anybody is known
            leads.append(LeadFactory(owner=rep, **facts(), **person()))

    shown = [each.is_ready for each in prospects(Lead.objects.order_by("pk"), by=rep)]
    job = jobs.qualify_many([lead.pk for lead in leads], by=rep)

    assert [state == "done" for state, _code in told_by(job)] == shown


@pytest.mark.once
def test_many_leads_are_shown_with_as_many_statements_as_one(rep, statements):
    counts = []
    for number in (1, 30):
        for n in range(number):
            account = AccountFactory(owner=rep, name=f"Acme {number} {n}")
            ContactFactory(owner=rep, account=account, email=f"a{n}@{number}.example")
            LeadFactory(owner=rep, company=f"Acme {number} {n}", email=f"a{n}@{number}.example")
        with statements() as told:
            prospects(Lead.objects.all(), by=rep)
        counts.append(len(told))

    assert counts[1] <= counts[0] <= 12


# The page


@pytest.fixture
def client_of_rep(rep: User) -> Client:
    client = Client()
    client.force_login(rep)
    return client


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_list_of_ready_leads_offers_it_to_those_who_may(client_of_rep):
    assert "/leads/bulk/qualify/?ready=1" in text_of(client_of_rep.get("/leads/?ready=1"))
    assert "/leads/bulk/qualify/?" not in text_of(client_of_rep.get("/leads/"))

    client_of_rep.force_login(UserFactory(may={"leads.view_lead": "all"}))
    assert "/leads/bulk/qualify/" not in text_of(client_of_rep.get("/leads/?ready=1"))
    assert client_of_rep.get("/leads/bulk/qualify/?ready=1").status_code == 403


def test_the_page_shows_what_is_ready_blocked_and_shares_a_company(client_of_rep, rep, rep2):
    first = LeadFactory(owner=rep, company="Acme GmbH")
    second = LeadFactory(owner=rep, company="ACME")
    blocked = LeadFactory(owner=rep, email="")
    closed = disqualify(LeadFactory(owner=rep), by=rep, reason=reason())
    theirs = LeadFactory(owner=rep2)
    names = "&".join(f"lead={lead.pk}" for lead in (first, second, blocked, closed, theirs))

    page = client_of_rep.get(f"/leads/bulk/qualify/?{names}")

    assert page.context["counts"] == {"ready": 2, "blocked": 3, "shared": 2}
    assert page.context["form"].initial["leads"] == f"{first.pk},{second.pk}"
    text = text_of(page)
    assert "with 1 other" in text
    assert "No valid email or phone" in text
    assert "It is disqualified." in text
    assert "You may not qualify it." in text
    assert "Qualify 2 leads" in text
    assert Lead.objects.qualified().count() == 0, "looking changes nothing"


def reason() -> Any:
    from leads.models import DisqualifyReason

    return DisqualifyReason.objects.filter(needs_comment=False).first()


def test_by_filters_it_takes_the_open_leads_that_one_may_qualify(client_of_rep, rep, rep2):
    ready = LeadFactory(owner=rep, **READY)
    LeadFactory(owner=rep)
    LeadFactory(owner=rep2, **READY)
    assert ready.ready_since

    page = client_of_rep.get("/leads/bulk/qualify/?ready=1")

    assert [each.lead for each in page.context["rows"]] == [ready]
    assert client_of_rep.get("/leads/bulk/qualify/").context["counts"]["ready"] == 1


def test_what_was_shown_is_what_is_done(client_of_rep, rep):
    leads = [LeadFactory(owner=rep) for _ in range(2)]
    page = client_of_rep.get(f"/leads/bulk/qualify/?lead={leads[0].pk}&lead={leads[1].pk}")
    LeadFactory(owner=rep)

    sent = {"leads": page.context["form"].initial["leads"], "opens_opportunities": "on"}
    answer = client_of_rep.post("/leads/bulk/qualify/", sent, follow=True)

    job = Job.objects.get()
    assert answer.redirect_chain == [(f"/jobs/{job.pk}/", 302)]
    assert job.arguments["leads"] == [lead.pk for lead in leads]
    assert job.arguments["opens_opportunities"]
    assert "2 leads were qualified." in text_of(answer)
    assert str(leads[0]) in text_of(answer)


@pytest.mark.once
@pytest.mark.parametrize("sent", ["", "1,x", "1;2", "1," * 10_000 + "1", "9" * 30])
def test_the_page_says_what_is_wrong_with_what_was_sent(client_of_rep, sent):
    answer = client_of_rep.post("/leads/bulk/qualify/", {"leads": sent})

    assert answer.status_code == 422
    assert not Job.objects.exists()


# The API


@pytest.fixture
def ask(rep: User) -> Any:
    _token, secret = issue_token(rep, by=rep, name="bulk", scope="write")
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def asked(path: str, body: Any = None, **headers: str) -> Any:
        if body is None:
            return client.get(f"/api/v1/{path}", headers=headers)
        return client.post(
            f"/api/v1/{path}", body, content_type="application/json", headers=headers
        )

    return asked


def test_the_api_answers_with_a_job_and_its_report(ask, rep):
    ready, unreachable = LeadFactory(owner=rep), LeadFactory(owner=rep, email="")

    answer = ask("leads/bulk-qualify/", {"ids": [ready.pk, unreachable.pk]})

    assert answer.status_code == 202
    job = ask(f"jobs/{answer.json()['id']}/").json()
    assert (job["state"], job["kind"], job["done"]) == ("done", "qualify_leads", 2)
    assert job["owner"] == rep.email
    assert job["tally"] == {"done": 1, "refused": 1}
    first, second = job["report"]
    assert first == {
        "kind": "lead", "id": ready.pk, "name": str(ready), "state": "done", "code": "qualified",
        "text": "Account created, contact created, 1 opportunity opened.",
    }  # fmt: skip
    assert (second["id"], second["code"]) == (unreachable.pk, "rules_are_unmet")
    assert [each["id"] for each in ask("jobs/?state=done").json()["results"]] == [job["id"]]


def test_the_api_tells_beforehand_what_would_come_of_each(ask, rep, outsider):
    ready, unreachable = LeadFactory(owner=rep), LeadFactory(owner=rep, email="")
    hidden = LeadFactory(owner=outsider)
    before = rows(with_trails=True)

    told = ask("leads/bulk-qualification/", {"ids": [ready.pk, unreachable.pk, hidden.pk]})

    assert told.status_code == 200, told.content
    first, second, third = told.json()["results"]
    assert (first["lead"], first["is_ready"], first["blockers"]) == (ready.pk, True, [])
    assert (second["lead"], second["is_ready"]) == (unreachable.pk, False)
    assert second["blockers"]
    assert first["companions"] == int(ready.company_key == unreachable.company_key)
    assert third["blockers"] == ["There is no such lead, or you cannot see it."]
    assert rows(with_trails=True) == before


def test_the_api_overrides_with_a_reason_where_one_may(ask, rep, manager):
    lead, other = LeadFactory(owner=rep, email=""), LeadFactory(owner=rep, email="")

    job = ask("leads/bulk-qualify/", {"ids": [lead.pk], "override_reason": "Known"}).json()
    done = jobs.qualify_many([other.pk], by=manager, override_reason="Known")

    assert ask(f"jobs/{job['id']}/").json()["report"][0]["code"] == "rules_are_unmet"
    assert done.lines.get().code == "qualified"
    assert other.qualifications.get().override_reason == "Known"


def test_the_api_takes_the_filters_of_the_list(ask, rep, rep2):
    lead = LeadFactory(owner=rep, city="Berlin")
    LeadFactory(owner=rep, city="Bern")
    LeadFactory(owner=rep2, city="Berlin")

    job = Job.objects.get(pk=ask("leads/bulk-qualify/?city=Berlin", {}).json()["id"])

    assert job.arguments["leads"] == [lead.pk]


@pytest.mark.once
@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        ("", {}, "ids"),
        ("?city=Berlin", {"ids": [1]}, "ids"),
        ("", {"ids": []}, "ids"),
        ("", {"ids": ["x"]}, "ids.0"),
        ("", {"ids": list(range(1, 1002))}, "ids"),
        ("", {"leads": [1]}, "leads"),
        ("?town=Berlin", {}, "town"),
        ("?city=Nowhere", {}, "leads"),
        ("?limit=5", {}, "limit"),
        ("?city=Berlin&cursor=x", {}, "cursor"),
        ("?city=", {}, "ids"),
    ],
)
def test_the_api_names_what_is_wrong(ask, address, body, field):
    answer = ask(f"leads/bulk-qualify/{address}", body)

    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not Job.objects.exists()


def test_the_api_starts_one_job_for_a_request_that_comes_twice(ask, rep):
    body = {"ids": [LeadFactory(owner=rep).pk]}

    first, second = (
        ask("leads/bulk-qualify/", body, **{"Idempotency-Key": "bulk-1"}) for _ in range(2)
    )

    assert first.json()["id"] == second.json()["id"] == Job.objects.get().pk


def test_a_key_that_was_used_for_other_filters_is_refused(ask, rep):
    LeadFactory(owner=rep, city="Berlin")
    LeadFactory(owner=rep, city="Bonn")

    first, second = (
        ask(f"leads/bulk-qualify/?city={city}", {}, **{"Idempotency-Key": "bulk-1"})
        for city in ("Berlin", "Bonn")
    )

    assert first.status_code == 202
    assert second.status_code == 422, second.content
    assert Job.objects.count() == 1


def test_of_a_lead_that_one_may_no_longer_see_the_report_tells_nothing(ask, rep, outsider):
    lead = LeadFactory(owner=rep)
    job = jobs.qualify_many([lead.pk], by=rep)
    Lead.objects.update(owner=outsider)

    report = ask(f"jobs/{job.pk}/").json()["report"]

    assert report == [
        {
            "kind": "lead", "id": None, "name": "a lead that you cannot open", "state": "done",
            "code": "", "text": "",
        }
    ]  # fmt: skip
