"""Fields that name a user, and what an administrator may limit: lengths, patterns, values."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client

from intake.rules import fields_to_ask
from leads.models import Lead
from leads.operations import update_lead
from records import custom
from records.errors import Unacceptable
from records.field_types import TYPES
from records.field_types.limits import limit_problem, pattern_problem
from records.models import CustomField
from records.operations.shaping import save_field
from records.permissions import reaches
from tests.api.conftest import Caller
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory, UserFactory
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.mark.once
def test_every_type_has_a_class_and_every_class_a_type() -> None:
    assert set(TYPES) == set(CustomField.Type.values)
    assert all(set(each.fits_into) <= set(TYPES) for each in TYPES.values())
    assert all(name in each.fits_into for name, each in TYPES.items())


@pytest.fixture
def buddy(admin: User) -> CustomField:
    return define("lead", "buddy", type="user", by=admin)


def test_names_a_user_on_every_surface(
    buddy: CustomField, client: Client, rep: User, statements: Callable[[], Any], tmp_path: Any
) -> None:
    ada, bob = UserFactory(name="Ada Buddy"), UserFactory(name="Bob Buddy")
    client.force_login(rep)
    lead, other, _bare = (LeadFactory(owner=rep) for _ in range(3))
    program = Caller(rep)

    # By form and by program, by number and by email.
    edit = client.get(f"/leads/{lead.pk}/edit/")
    offered = dict(edit.context["form"].fields["custom.buddy"].choices)
    assert {str(ada.pk), str(bob.pk)} <= offered.keys()
    url = f"/field/lead/{lead.pk}/custom.buddy/"
    placed = client.post(url, {"custom.buddy": str(ada.pk), "version": lead.version})
    assert placed.status_code in {200, 302}, placed.content[:300]
    answer = program.patch(f"leads/{other.pk}/", {"custom": {"buddy": bob.email.upper()}})
    assert answer.json()["custom"] == {"buddy": bob.pk}
    wrong = program.patch(f"leads/{other.pk}/", {"custom": {"buddy": 10**14}})
    assert list(wrong.json()["errors"]) == ["custom.buddy"]
    lead.refresh_from_db()
    assert lead.custom == {"buddy": ada.pk}

    # Column and filters; the names cost one statement, however many rows there are.
    listed = "/leads/?view=all&columns=custom.buddy"
    with statements() as few:
        page = client.get(listed)
    for _ in range(4):
        LeadFactory(owner=rep, custom={"buddy": UserFactory().pk})
    with statements() as many:
        client.get(listed)
    assert "Ada Buddy" in page.content.decode()
    assert len(many) == len(few)
    for query in (f"custom.buddy={ada.pk}", f"custom.buddy={ada.email}"):
        found = client.get(f"/leads/?view=all&{query}")
        assert [row.pk for row in found.context["page"]["rows"]] == [lead.pk], query
    mine = update_lead(other, by=again(rep), custom={"buddy": rep.pk})
    found = client.get("/leads/?view=all&where=custom.buddy:me")
    assert [row.pk for row in found.context["page"]["rows"]] == [mine.pk]

    # Page and history call the user by name; a file by email, and takes it again.
    assert "Ada Buddy" in client.get(f"/leads/{lead.pk}/").content.decode()
    out = io.StringIO()
    call_command("export_records", "lead", by=rep.email, stdout=out)
    cells = {row["id"]: row["custom.buddy"] for row in csv.DictReader(io.StringIO(out.getvalue()))}
    assert cells[str(lead.pk)] == ada.email
    file = tmp_path / "leads.csv"
    file.write_text(out.getvalue(), newline="")
    told = io.StringIO()
    call_command("import_records", "lead", str(file), by=rep.email, stdout=told)
    assert told.getvalue().count('"verdict": "unchanged"') == len(cells)


def test_who_has_left_stays_named_and_is_not_chosen_anew(buddy: CustomField, rep: User) -> None:
    gone = UserFactory(name="Gone Buddy")
    lead, other = LeadFactory(owner=rep, custom={"buddy": gone.pk}), LeadFactory(owner=rep)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    asking = again(rep)

    kept = update_lead(lead, by=asking, job_title="Weaver", custom={"buddy": gone.pk})
    with pytest.raises(Unacceptable, match="Choose an active user for Buddy"):
        update_lead(other, by=asking, custom={"buddy": gone.pk})

    assert kept.custom == {"buddy": gone.pk}
    assert custom.in_words(buddy, gone.pk) == "Gone Buddy"
    assert custom.in_words(buddy, 10**14) == "a user who is gone"


def test_a_web_form_does_not_tell_who_works_here(buddy: CustomField, admin: User) -> None:
    define("lead", "note", by=admin)

    assert "custom.note" in dict(fields_to_ask())
    assert "custom.buddy" not in dict(fields_to_ask())


def test_links_to_a_record_that_one_may_see(
    client: Client, admin: User, rep: User, statements: Callable[[], Any]
) -> None:
    field = define("lead", "partner", type="record", target="account", by=admin)
    seen, hidden = AccountFactory(name="Seen", owner=rep), AccountFactory(name="Secret")
    assert not reaches(again(rep), "view", hidden)
    lead, other = (LeadFactory(owner=rep) for _ in range(2))
    LeadFactory(owner=rep, by=admin, custom={"partner": hidden.pk})
    client.force_login(rep)
    program = Caller(rep)

    # Chosen by name on the page, by number in a program; not what is hidden, by either.
    url = f"/field/lead/{lead.pk}/custom.partner/"
    client.post(url, {"custom.partner": "Seen", "version": lead.version})
    client.post(f"/field/lead/{other.pk}/custom.partner/", {"custom.partner": "Secret"})
    refused = program.patch(f"leads/{other.pk}/", {"custom": {"partner": hidden.pk}})
    assert list(refused.json()["errors"]) == ["custom.partner"]
    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.custom, other.custom) == ({"partner": seen.pk}, {})

    # Lists name what one sees, with one statement for all rows; a file does so, too.
    listed = "/leads/?view=all&columns=custom.partner"
    with statements() as few:
        page = client.get(listed).content.decode()
    for _ in range(3):
        LeadFactory(owner=rep, by=again(rep), custom={"partner": AccountFactory(owner=rep).pk})
    with statements() as many:
        client.get(listed)
    assert len(many) == len(few)
    assert "Seen" in page
    assert "Secret" not in page
    assert "an account that you cannot open" in page
    file = b"".join(client.post(listed, {"format": "csv"}))  # type: ignore[arg-type]
    assert b"Seen" in file
    assert b"Secret" not in file
    found = client.get(f"/leads/?view=all&custom.partner={seen.pk}")
    assert [row.pk for row in found.context["page"]["rows"]] == [lead.pk]

    # Saving the form keeps what is hidden there; the web form for visitors does not ask.
    blind = Lead.objects.get(custom__partner=hidden.pk)
    form = client.get(f"/leads/{blind.pk}/edit/").context["form"]
    assert form["custom.partner"].value() in ("", None, hidden.pk)
    assert "Secret" not in client.get(f"/leads/{blind.pk}/edit/").content.decode()
    update_lead(blind, by=again(rep), job_title="Weaver", custom={"partner": hidden.pk})
    assert field.name not in dict(fields_to_ask())


def test_a_link_says_what_it_links_to(admin: User) -> None:
    with pytest.raises(Unacceptable, match="Choose what kind of record it links to"):
        define("lead", "partner", type="record", by=admin)

    assert define("lead", "size", type="whole", target="account", by=admin).target == ""


@pytest.mark.parametrize(
    ("type_", "limits", "good", "bad", "told"),
    [
        ("text", {"longest": 3}, "abc", "abcd", "at most 3 characters"),
        ("text", {"pattern": "[A-Z]{2}-[0-9]+"}, "DE-42", "de-42", "the form that is asked for"),
        ("whole", {"least": 1, "most": "10"}, 10, 11, "10 at most"),
        ("decimal", {"least": "-0.5"}, "-0.5", "-0.51", "-0.5 at least"),
        ("money", {"most": "1000"}, "1000 EUR", "1000.01 EUR", "1,000 at most"),
        ("date", {"least": "2026-01-01"}, "2026-01-01", "2025-12-31", "1 Jan 2026 at least"),
    ],
)
def test_keeps_its_limits_and_what_stood_before(
    type_: str, limits: dict[str, Any], good: Any, bad: Any, told: str, admin: User, rep: User
) -> None:
    field = define("lead", "measured", type=type_, by=admin)
    old = LeadFactory(owner=rep, custom={"measured": bad})
    field.limits = limits
    save_field(field, by=admin)
    rep = again(rep)

    with pytest.raises(Unacceptable, match=told):
        update_lead(LeadFactory(owner=rep), by=rep, custom={"measured": bad})
    update_lead(LeadFactory(owner=rep), by=rep, custom={"measured": good})
    standing = Lead.objects.get(pk=old.pk).custom
    update_lead(old, by=rep, job_title="Weaver", custom=standing)

    assert Lead.objects.get(pk=old.pk).custom == standing
    assert custom.in_words(field, standing["measured"])


@pytest.mark.once
@pytest.mark.parametrize(
    ("type_", "limits"),
    [
        ("text", {"least": 1}),
        ("text", {"longest": 256}),
        ("text", {"longest": "many"}),
        ("text", {"pattern": "(a+)+"}),
        ("long_text", {"pattern": "a"}),
        ("whole", {"least": 5, "most": 4}),
        ("decimal", {"least": "NaN"}),
        ("date", {"most": "soon"}),
        ("yes_no", {"most": 1}),
        ("text", ["longest"]),
        ("text", {"pattern": "nul\x00"}),
        ("text", {"pattern": "half \ud800"}),
    ],
)
def test_limits_that_make_no_sense_are_refused(type_: str, limits: Any, admin: User) -> None:
    with pytest.raises(Unacceptable) as refused:
        define("lead", "measured", type=type_, limits=limits, by=admin)

    assert list(refused.value.errors) == ["limits"]


@pytest.mark.once
@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*", "a*a*a*a*b", "a?" * 30, r"(.)\1", "(?=a)", "(?:a)", "[", "a{1,500}" * 3,
     "^a", "x" * 101, "(a|b){2}", "a**", "(a"],
)  # fmt: skip
def test_a_pattern_that_could_take_long_is_refused(pattern: str) -> None:
    assert pattern_problem(pattern)


@pytest.mark.once
@pytest.mark.parametrize(
    "pattern", [r"\d{5}", "[A-ZÄÖÜ]+-.*", "DE|AT|CH", r"a\.b", "(North|South) [0-9]?"]
)
def test_a_pattern_as_people_need_it_is_taken(pattern: str) -> None:
    assert not pattern_problem(pattern)
    field = CustomField(label="Code", limits={"pattern": pattern})
    assert limit_problem(field, "text", "\n" * 255)


@pytest.mark.parametrize(
    ("type_", "value", "sentence"),
    [
        ("text", "one\ntwo", "several lines"),
        ("decimal", "NaN", "as a number, like 12.5"),
        ("decimal", "Infinity", "as a number, like 12.5"),
    ],
)
def test_what_is_no_such_value_is_refused_in_its_words(
    type_: str, value: str, sentence: str, admin: User
) -> None:
    field = define("lead", "field", type=type_, by=admin)

    with pytest.raises(ValueError, match=sentence):
        custom.stored(field, value)
    assert custom.from_text(define("lead", "other", by=admin), "one\r\ntwo") == "one two"


@pytest.mark.parametrize("pattern", [["a"], 5, {"a": 1}])
def test_a_pattern_is_a_text(pattern: Any, admin: User) -> None:
    with pytest.raises(Unacceptable, match="Write the pattern as a text"):
        define("lead", "field", limits={"pattern": pattern}, by=admin)


def test_a_value_leads_where_it_says_and_nowhere_else(
    client: Client, admin: User, rep: User, outsider: User
) -> None:
    define("lead", "mailbox", type="email", by=admin)
    define("lead", "partner", type="record", target="account", by=admin)
    accounts = [AccountFactory(owner=rep, name="Seen"), AccountFactory(owner=outsider)]
    leads = [
        LeadFactory(
            owner=rep,
            by=again(admin),
            custom={"mailbox": "a?cc=b@c.example", "partner": account.pk},
        )
        for account in accounts
    ]
    client.force_login(rep)

    pages = [client.get(lead.get_absolute_url()).content.decode() for lead in leads]

    assert "mailto:a%3Fcc%3Db@c.example" in pages[0]
    assert f'<a href="{accounts[0].get_absolute_url()}">Seen</a>' in pages[0]
    assert accounts[1].get_absolute_url() not in pages[1]
