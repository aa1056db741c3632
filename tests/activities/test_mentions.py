"""An @ in what was written: who is meant, who is told, and how often."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.operations import create_account
from activities.models import Mention
from activities.operations import (
    add_task,
    complete,
    edit_activity,
    log_email,
    log_note,
    who_cannot_see,
)
from activities.rules import people_meant
from activities.timeline import timeline_of
from leads.operations import qualify
from records.models import Notice
from tests.factories import LeadFactory, UserFactory


@pytest.fixture
def lead(rep):
    return LeadFactory(owner=rep, first_name="Elena", last_name="Marchetti")


@pytest.fixture
def jonas(team):
    """A colleague of rep's in the same team, with a name of two words."""
    from users.models import Role

    return UserFactory(
        name="Jonas Weber",
        email="jonas@north.example",
        team=team,
        roles=[Role.objects.get(name="Sales rep")],
    )


def told(person) -> list[tuple[str, str, int]]:
    notices = Notice.objects.filter(whom=person, what="mentioned").order_by("pk")
    return [(n.record_type.model, n.text, n.record_id) for n in notices]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Jonas Weber has it", ["Jonas Weber"]),
        ("ask @jonas weber, please", ["Jonas Weber"]),
        ('(@"Jonas Weber")', ["Jonas Weber"]),
        ("@jonas@north.example.", ["Jonas Weber"]),
        ("That is @Jonas Weber's. @Jonas Weber!", ["Jonas Weber"]),
        ("@Jonas alone", []),
        ("mail jonas@north.example or me@Jonas Weber", []),
        ("@Jonas Weberson", []),
        ("@Rep and @Jonas Weber and @Nobody Here", ["Rep", "Jonas Weber"]),
        ("@Gone Person and @Robot", []),
        ("@", []),
        ("@ @@ @\x00 @\n@Jonas\nWeber", []),
        ("@" * 5000, []),
    ],
)
def test_means_active_people_by_their_whole_names(rep, jonas, text, meant):
    UserFactory(name="Gone Person", is_active=False)
    UserFactory(name="Robot", is_machine=True)

    assert [person.name for person in people_meant(text).people] == meant


def test_means_neither_of_two_who_are_called_the_same(rep, jonas):
    UserFactory(name="jonas weber", email="other@north.example")

    meant = people_meant("@Jonas Weber or @jonas@north.example")

    assert (meant.people, meant.several) == ([jonas], ["Jonas Weber"])


def test_costs_nothing_where_nobody_is_named(rep, lead, statements):
    log_note(lead, by=rep, text="What is asked once in the life of a process")
    with statements() as plain:
        log_note(lead, by=rep, text="Nobody")
    with statements() as named:
        log_note(lead, by=rep, text="ada@engine.example")

    assert len(plain) == len(named)


def test_tells_once_and_only_who_is_new(rep, rep2, jonas, lead):
    note = log_note(lead, by=rep, text="@Jonas Weber, @Rep and @Jonas Weber: call her")
    assert told(jonas) == [("lead", note.text, lead.pk)]
    assert told(rep) == []  # nobody tells himself

    note = edit_activity(note, by=rep, text="@rep2 and @Jonas Weber: call her")
    note = edit_activity(note, by=rep, text="Nobody")
    assert not Mention.objects.filter(is_current=True).exists()
    edit_activity(note, by=rep, text="@Jonas Weber again")

    assert len(told(jonas)) == 1
    assert len(told(rep2)) == 1
    (entry,) = timeline_of(lead, kind="note").entries
    assert [(p.name, p.email) for p in entry.people] == [("Jonas Weber", "jonas@north.example")]


def test_is_told_of_tasks_and_of_what_was_added_when_one_was_done(rep, jonas, rep2, lead):
    task = add_task(lead, by=rep, subject="Call", text="With @Jonas Weber")
    complete(task, by=rep, text="@rep2 knows more")
    log_email(lead, by=rep, subject="Re: you", text="@Jonas Weber wrote this")

    assert len(told(jonas)) == len(told(rep2)) == 1


def test_tells_nobody_who_may_not_see_the_record_but_keeps_the_mention(rep, outsider, lead):
    note = log_note(lead, by=rep, text="@Outsider should know")

    assert told(outsider) == []
    assert Mention.objects.get().activity == note
    assert who_cannot_see(lead, [outsider]) == [outsider]


def test_tells_of_the_record_that_one_sees_where_the_first_is_hidden(rep, jonas, lead):
    """A contact's entry is shown on its account, which everybody here may see."""
    from users.models import Grant, Role

    role = Role.objects.create(name="Accounts only")
    Grant.objects.create(role=role, permission="accounts.view_account", scope="all")
    guest = UserFactory(name="Guest", roles=[role])
    contact = qualify(lead, by=rep).contact

    log_note(contact, by=rep, text="@Guest, look")

    assert told(guest) == [("account", "@Guest, look", contact.account_id)]
    assert who_cannot_see(contact, [guest]) == []


def test_leaves_nothing_behind_when_it_fails(rep, jonas, lead, broken_trail):
    broken_trail()

    with pytest.raises(Exception, match="trail is full"):
        log_note(lead, by=rep, text="@Jonas Weber")

    assert not Mention.objects.exists()
    assert told(jonas) == []


# Pages


def test_proposes_colleagues_and_says_who_cannot_see_the_record(client: Client, rep, jonas, lead):
    UserFactory(name="Jo Stranger", email="jo@south.example")
    UserFactory(name="Jo Gone", is_active=False)
    client.force_login(rep)

    def proposed(q: str, about: str = f"lead:{lead.pk}") -> str:
        answer = client.get("/activities/people/", {"q": q, "on": about})
        assert answer.status_code == 200
        return answer.content.decode()

    found = proposed("jo")
    assert 'data-insert="@Jonas Weber"' in found
    assert "Jo Stranger cannot see this lead" in found
    assert "Jonas Weber cannot see" not in found
    assert "Jo Gone" not in found
    assert "Rep" not in proposed("rep")  # oneself
    assert "Jonas Weber" in proposed("web")
    assert "jonas@north.example" in proposed("jonas@n")
    assert "cannot see" not in proposed("jo", "")
    for hostile in ("%", "_", "\x00", "'", "a" * 9000, "lead:1"):
        proposed(hostile, hostile)


def test_two_of_one_name_are_inserted_by_email(client: Client, rep, jonas, lead):
    UserFactory(name="Jonas Weber", email="second@north.example")
    client.force_login(rep)

    found = client.get("/activities/people/?q=jonas").content.decode()

    assert 'data-insert="@jonas@north.example"' in found
    assert 'data-insert="@second@north.example"' in found


def test_says_before_and_after_saving_who_is_not_told_and_draws_chips(
    client: Client, rep, outsider, jonas, lead
):
    client.force_login(rep)
    data = {"kind": "note", "text": "@Outsider and @Jonas Weber **now** <script>"}
    address = f"/activities/new/?on=lead:{lead.pk}"
    part = {"HX-Request": "true", "HX-Target": "composer-preview"}

    fragment = client.post(address, {**data, "then": "preview"}, headers=part).content.decode()
    page = client.post(address, {**data, "then": "preview"}).content.decode()
    assert not Mention.objects.exists()
    saved = client.post(address, data, follow=True).content.decode()

    for shown in (fragment, page, saved):
        assert "Outsider cannot see this lead" in shown
    for shown in (fragment, page, client.get(lead.get_absolute_url()).content.decode()):
        assert "<strong>now</strong> &lt;script&gt;" in shown
        assert '<span class="c-mention" title="jonas@north.example">@Jonas Weber</span>' in shown
    assert "<html" not in fragment
    assert "@Outsider and @Jonas Weber **now**" in page  # and what was typed is in its field


def test_the_account_shows_chips_of_its_leads_notes(client: Client, rep, jonas):
    account = create_account(by=rep, name="Engines")
    client.force_login(rep)
    log_note(account, by=rep, text="@Jonas Weber")

    assert "c-mention" in client.get(f"/accounts/{account.pk}/").content.decode()
