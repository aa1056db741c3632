"""`qualify`: by the same function as the page; a line per lead."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from tests.factories import LeadFactory, UserFactory


@pytest.fixture
def seller(defaults):
    return UserFactory(
        email="seller@crm.example",
        may={
            "leads.qualify_lead": "own",
            "leads.view_lead": "own",
            "accounts.add_account": "own",
            "accounts.add_contact": "own",
            "opportunities.add_opportunity": "own",
            "accounts.view_account": "own",
            "accounts.view_contact": "own",
        },
    )


def run(*ids, code=0, **options):
    out = io.StringIO()
    if code:
        with pytest.raises(SystemExit) as ended:
            call_command("qualify", *map(str, ids), stdout=out, **options)
        assert ended.value.code == code
    else:
        call_command("qualify", *map(str, ids), stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_tells_what_was_made(seller):
    lead = LeadFactory(owner=seller)

    (line,) = run(lead.pk, by=seller.email)

    assert line["verdict"] == "qualified"
    assert line["account"] == {
        "id": Account.objects.get().pk,
        "outcome": "created",
        "reasons": line["account"]["reasons"],
    }


def test_gives_the_first_answer_again(seller):
    lead = LeadFactory(owner=seller)
    (first,) = run(lead.pk, by=seller.email)

    (second,) = run(lead.pk, by=seller.email)

    assert second == {**first, "verdict": "repeated"}


def test_one_refusal_stops_no_other(seller):
    blocked = LeadFactory(owner=seller, email="", phone="")
    good = LeadFactory(owner=seller)

    lines = run(blocked.pk, good.pk, by=seller.email, code=1)

    assert [line["verdict"] for line in lines] == ["refused", "qualified"]
    assert lines[0]["code"] == "rules_are_unmet"


def test_takes_all_that_may_be_qualified_and_are_open(seller):
    LeadFactory(owner=seller)
    LeadFactory(owner=seller)
    LeadFactory()

    assert len(run(by=seller.email, all=True)) == 2
    assert run(by=seller.email, all=True) == []


def test_lead_of_others_does_not_exist(seller):
    lead = LeadFactory()

    (line,) = run(lead.pk, by=seller.email, code=1)

    assert line["reasons"] == ["There is no such lead."]


def test_override_needs_its_permission(seller):
    blocked = LeadFactory(owner=seller, email="", phone="")
    boss = UserFactory(is_superuser=True)

    (refused,) = run(blocked.pk, by=seller.email, override_reason="I know them", code=1)
    (done,) = run(blocked.pk, by=boss.email, override_reason="I know them")

    assert (refused["verdict"], done["verdict"]) == ("refused", "qualified")


@pytest.mark.parametrize("options", [{}, {"all": True, "ids": [1]}])
def test_has_to_be_told_which(seller, options):
    with pytest.raises(CommandError):
        call_command(
            "qualify",
            *map(str, options.get("ids", [])),
            by=seller.email,
            all=options.get("all", False),
        )


def test_stranger_cannot_qualify(seller):
    with pytest.raises(CommandError, match="no active user"):
        call_command("qualify", all=True, by="nobody@crm.example")
