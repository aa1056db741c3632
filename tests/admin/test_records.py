"""Records in the administration change by the operations of the pages, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from activities.models import Activity
from activities.operations import add_task
from leads.models import DisqualifyReason, Lead
from leads.operations import disqualify, update_lead
from opportunities.models import Opportunity, Stage
from records.models import AuditEntry
from tests.admin.forms import errors_of, form_of
from tests.factories import AccountFactory, LeadFactory, OpportunityFactory, UserFactory
from users.models import User


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def clerk_of_north(team: Any) -> User:
    """Somebody of the team who may open the administration, and is no superuser."""
    verbs = ("view", "add", "change", "delete")
    user: User = UserFactory(
        team=team,
        is_staff=True,
        may={f"leads.{verb}_lead": "team" for verb in verbs} | {"leads.assign_lead": "own"},
    )
    return user


def trail(record: Any) -> list[str]:
    rows = AuditEntry.objects.filter(
        record_id=record.pk, record_type__model=record._meta.model_name
    )
    return list(rows.order_by("pk").values_list("event", flat=True))


def test_adds_a_lead_as_the_page_does(desk: Client, admin: User):
    sent = form_of(desk, "/admin/leads/lead/add/")
    sent |= {"topic": "Engines", "last_name": "Lovelace", "email": "ada@engine.example"}

    answer = desk.post("/admin/leads/lead/add/", sent)

    assert answer.status_code == 302, errors_of(answer)
    lead = Lead.objects.get()
    assert (lead.owner, lead.created_by, lead.email_key) == (admin, admin, "ada@engine.example")
    assert trail(lead) == ["lead.created"]
    assert [row.history_user for row in lead.history.all()] == [admin]


def test_changes_a_lead_as_the_page_does(desk: Client, admin: User):
    one, two = LeadFactory(topic="Engines"), LeadFactory(topic="Engines")
    address = f"/admin/leads/lead/{one.pk}/change/"

    answer = desk.post(address, form_of(desk, address) | {"topic": "Looms"})
    update_lead(two, by=admin, topic="Looms")

    assert answer.status_code == 302
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.topic, one.version, one.changed_by) == (two.topic, two.version, two.changed_by)
    entries = [
        AuditEntry.objects.filter(record_id=lead.pk).order_by("pk").last() for lead in (one, two)
    ]
    assert entries[0].event == entries[1].event == "lead.changed"
    assert entries[0].changes == entries[1].changes == {"topic": ["Engines", "Looms"]}
    assert one.history.count() == two.history.count() == 2


def test_saving_without_a_change_writes_nothing(desk: Client):
    lead = LeadFactory(country="DE", estimated_value="100.00")
    address = f"/admin/leads/lead/{lead.pk}/change/"

    desk.post(address, form_of(desk, address))

    lead.refresh_from_db()
    assert lead.version == 1
    assert trail(lead) == ["lead.created"]


def test_a_new_owner_is_assigned(desk: Client, rep: User):
    lead = LeadFactory()
    address = f"/admin/leads/lead/{lead.pk}/change/"

    desk.post(address, form_of(desk, address) | {"owner": rep.pk})

    lead.refresh_from_db()
    assert lead.owner == rep
    assert trail(lead) == ["lead.created", "lead.assigned"]


def test_a_stale_form_says_who_and_loses_nothing(desk: Client, rep: User):
    lead = LeadFactory(owner=rep, topic="Engines")
    address = f"/admin/leads/lead/{lead.pk}/change/"
    sent = form_of(desk, address) | {"topic": "My looms"}
    update_lead(lead, by=rep, topic="Her looms")

    answer = desk.post(address, sent)

    said = errors_of(answer)
    assert "Rep changed this lead (" in said
    assert "It is now: Her looms" in said
    assert b"My looms" in answer.content
    lead.refresh_from_db()
    assert lead.topic == "Her looms"

    shown = answer.context["adminform"].form["known_version"].value()
    answer = desk.post(address, sent | {"known_version": shown})

    assert answer.status_code == 302
    lead.refresh_from_db()
    assert lead.topic == "My looms"


def test_a_form_without_a_version_is_stale(desk: Client):
    lead = LeadFactory()
    address = f"/admin/leads/lead/{lead.pk}/change/"
    sent = form_of(desk, address) | {"topic": "Looms"}
    del sent["known_version"]

    assert "changed this lead" in errors_of(desk.post(address, sent))


def test_a_refusal_stands_beside_its_field(desk: Client):
    address = "/admin/leads/lead/add/"

    answer = desk.post(address, form_of(desk, address) | {"topic": "Engines", "website": "x" * 50})

    assert "Enter a name, a company, an email or a phone number." in errors_of(answer)
    assert answer.context["adminform"].form["last_name"].errors
    assert b"x" * 50 in answer.content
    assert not Lead.all_objects.exists()


def test_a_twin_is_refused_until_a_person_says_it_is_none(desk: Client):
    AccountFactory(name="Babbage Works", website="babbage.example")
    address = "/admin/accounts/account/add/"
    sent = form_of(desk, address) | {"name": "Babbage works", "website": "babbage.example"}

    assert "exists already" in errors_of(desk.post(address, sent))
    assert Account.objects.count() == 1

    answer = desk.post(address, sent | {"is_different": "on"})

    assert answer.status_code == 302
    assert Account.objects.count() == 2


def test_an_external_id_names_one(desk: Client):
    AccountFactory(external_id="A-1")
    address = "/admin/accounts/account/add/"

    answer = desk.post(address, form_of(desk, address) | {"name": "Other", "external_id": "A-1"})

    assert "Another record has this external id already." in errors_of(answer)


def test_a_closed_lead_is_only_shown(desk: Client, admin: User):
    lead = LeadFactory()
    address = f"/admin/leads/lead/{lead.pk}/change/"
    sent = form_of(desk, address) | {"topic": "Looms"}
    reason = DisqualifyReason.objects.filter(needs_comment=False).first()
    disqualify(lead, by=admin, reason=reason, comment="No")

    assert not desk.get(address).context["has_change_permission"]
    answer = desk.post(address, sent)
    assert "Admin changed this lead" in errors_of(answer)
    shown = answer.context["adminform"].form["known_version"].value()
    answer = desk.post(address, sent | {"known_version": shown})

    assert "disqualified already" in errors_of(answer)
    assert b"Looms" in answer.content


def test_deleting_goes_into_the_bin_and_back(desk: Client):
    lead = LeadFactory()

    asked = desk.get(f"/admin/leads/lead/{lead.pk}/delete/")
    desk.post(f"/admin/leads/lead/{lead.pk}/delete/", {"post": "yes"})

    assert b"recycle bin" in asked.content
    lead = Lead.all_objects.get()
    assert lead.is_in_bin
    assert trail(lead) == ["lead.created", "lead.deleted"]
    assert desk.get("/admin/leads/lead/").context["cl"].result_count == 0
    assert desk.get("/admin/leads/lead/?bin=in").context["cl"].result_count == 1
    assert b"Restore" in desk.get(f"/admin/leads/lead/{lead.pk}/change/").content

    desk.post(
        "/admin/leads/lead/?bin=all",
        {"index": "0", "action": "restore_selected", "_selected_action": lead.pk},
    )

    assert Lead.objects.get() == lead


def test_several_go_together_or_not_at_all(admin: User, clerk_of_north: User, client: Client):
    client.force_login(clerk_of_north)
    mine = LeadFactory(owner=clerk_of_north)
    foreign = LeadFactory(owner=UserFactory())
    sent = {"action": "delete_selected", "post": "yes", "_selected_action": [mine.pk, foreign.pk]}

    client.post("/admin/leads/lead/", sent)

    # What one cannot see cannot be chosen; the rest is done.
    assert list(Lead.objects.all()) == [foreign]


def test_an_account_in_use_goes_into_the_bin_alone(desk: Client):
    account = AccountFactory()
    opportunity = OpportunityFactory(account=account)

    desk.post(
        "/admin/accounts/account/",
        {"action": "delete_selected", "post": "yes", "_selected_action": [account.pk]},
    )

    assert not Account.objects.exists()
    assert list(Opportunity.objects.all()) == [opportunity]


def test_an_opportunity_is_opened_moved_and_given_away(desk: Client, rep: User, admin: User):
    address = "/admin/opportunities/opportunity/add/"
    answer = desk.post(address, form_of(desk, address) | {"topic": "Looms", "value": "500"})
    assert answer.status_code == 302, errors_of(answer)

    opportunity = Opportunity.objects.get()
    assert (opportunity.owner, opportunity.stage.key) == (admin, "develop")
    address = f"/admin/opportunities/opportunity/{opportunity.pk}/change/"
    sent = form_of(desk, address)
    sent |= {"stage": Stage.objects.get(key="propose").pk, "owner": rep.pk, "topic": "New looms"}
    answer = desk.post(address, sent)

    assert answer.status_code == 302, errors_of(answer)
    opportunity.refresh_from_db()
    assert (opportunity.stage.key, opportunity.owner, opportunity.topic) == (
        "propose",
        rep,
        "New looms",
    )
    assert opportunity.moves.count() == 2


def test_a_refused_part_takes_the_rest_back(desk: Client):
    """A change and a new owner are one thing: when the second is refused, the first is not done."""
    account = AccountFactory(name="Babbage")
    gone = UserFactory(is_active=False)
    address = f"/admin/accounts/account/{account.pk}/change/"

    answer = desk.post(address, form_of(desk, address) | {"name": "Ada", "owner": gone.pk})

    assert errors_of(answer)
    account.refresh_from_db()
    assert (account.name, account.version) == ("Babbage", 1)


def test_a_fault_leaves_nothing_behind(desk: Client, broken_trail: Any):
    lead = LeadFactory(topic="Engines")
    address = f"/admin/leads/lead/{lead.pk}/change/"
    sent = form_of(desk, address) | {"topic": "Looms"}
    broken_trail()

    desk.raise_request_exception = False
    desk.post(address, sent)

    lead.refresh_from_db()
    assert lead.topic == "Engines"


def test_an_entry_is_corrected(desk: Client, admin: User):
    task = add_task(AccountFactory(), by=admin, subject="Call")
    address = f"/admin/activities/activity/{task.pk}/change/"

    desk.post(address, form_of(desk, address) | {"subject": "Call back"})

    assert Activity.objects.get().subject == "Call back"


def test_shows_its_history(desk: Client, admin: User, rep: User):
    lead = LeadFactory(owner=rep, topic="Engines")
    update_lead(lead, by=admin, topic="Looms <b>now</b>")
    other = UserFactory(name="Grace")
    desk.post(
        f"/admin/leads/lead/{lead.pk}/change/",
        form_of(desk, f"/admin/leads/lead/{lead.pk}/change/") | {"owner": other.pk},
    )

    said = desk.get(f"/admin/leads/lead/{lead.pk}/history/").content.decode()

    assert "lead.changed" in said
    assert "Engines → Looms &lt;b&gt;now&lt;/b&gt;" in said
    assert "Rep → Grace" in said
    assert "<b>now" not in said


# Who is no superuser


def test_staff_see_what_their_roles_show(clerk_of_north: User, rep: User, client: Client):
    client.force_login(clerk_of_north)
    seen, hidden = LeadFactory(owner=rep), LeadFactory(owner=UserFactory())

    listed = client.get("/admin/leads/lead/").context["cl"].result_list

    assert list(listed) == [seen]
    assert client.get(f"/admin/leads/lead/{seen.pk}/change/").status_code == 200
    for page in ("change", "history", "delete"):
        answer = client.get(f"/admin/leads/lead/{hidden.pk}/{page}/")
        assert answer.status_code in {302, 403}, page
    answer = client.post(f"/admin/leads/lead/{hidden.pk}/change/", {"topic": "Mine"})
    assert answer.status_code in {302, 403}
    hidden.refresh_from_db()
    assert hidden.topic != "Mine"


def test_staff_see_no_other_kind(clerk_of_north: User, client: Client):
    client.force_login(clerk_of_north)

    for kind in ("accounts/account", "users/user", "users/role", "records/auditentry"):
        assert client.get(f"/admin/{kind}/").status_code == 403
    assert client.get("/admin/users/user/add/").status_code == 403
    index = client.get("/admin/").content
    assert b"/admin/leads/lead/" in index
    assert b"/admin/users/" not in index


def test_staff_choose_among_what_they_see(clerk_of_north: User, rep: User, client: Client):
    client.force_login(clerk_of_north)
    AccountFactory(name="Hidden works", owner=rep)
    asked = {"app_label": "leads", "model_name": "lead", "field_name": "account", "term": "hidden"}

    answer = client.get("/admin/autocomplete/", asked)

    assert answer.status_code == 403 or answer.json()["results"] == []
    people = client.get("/admin/autocomplete/", asked | {"field_name": "owner", "term": "rep"})
    assert [person["text"] for person in people.json()["results"]] == ["Rep"]


def test_staff_may_not_give_away_what_is_not_theirs(
    clerk_of_north: User, rep: User, client: Client
):
    client.force_login(clerk_of_north)
    lead = LeadFactory(owner=rep)
    address = f"/admin/leads/lead/{lead.pk}/change/"

    client.post(address, form_of(client, address) | {"owner": clerk_of_north.pk, "topic": "Looms"})

    lead.refresh_from_db()
    assert (lead.owner, lead.topic) == (rep, "Looms")


def test_not_everything_at_once(desk: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.admin.pages.MOST_AT_ONCE", 2)
    for _ in range(3):
        LeadFactory()
    sent = {
        "action": "delete_selected",
        "post": "yes",
        "select_across": "1",
        "index": "0",
        "_selected_action": [Lead.objects.first().pk],
    }

    answer = desk.post("/admin/leads/lead/", sent, follow=True)

    assert b"At most 2 at once" in answer.content
    assert Lead.objects.count() == 3
