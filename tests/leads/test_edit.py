"""Capturing a lead and working on it."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.operations import create_account, create_contact
from leads.errors import LeadIsClosed
from leads.models import DisqualifyReason, Lead
from leads.operations import (
    assign_lead,
    capture_lead,
    delete_lead,
    disqualify,
    restore_lead,
    set_progress,
    update_lead,
)
from leads.rules import verdicts_for
from opportunities.models import Product
from records.errors import IsInBin, NotPermitted, Stale, Unacceptable
from records.models import AuditEntry, Currency

BANT = {
    "budget_amount": Decimal(10),
    "budget_status": "can_buy",
    "decision_maker_known": True,
    "need": "must",
    "timeframe": "this_year",
}


def a_lead(by, **fields):
    return capture_lead(by=by, **({"topic": "Engines", "company": "Acme"} | fields))


def test_captures_a_lead_that_belongs_to_who_captured_it(rep):
    lead = a_lead(rep, email="Ada@Engine.example")

    assert (lead.owner, lead.created_by, lead.version) == (rep, rep, 1)
    assert lead.email_key == "ada@engine.example"
    assert AuditEntry.objects.get().event == "lead.created"


def test_fills_empty_fields_from_a_picked_account_and_contact(rep):
    account = create_account(by=rep, name="Acme", city="Ulm", industry="Steam")
    contact = create_contact(by=rep, first_name="Ada", last_name="Lovelace", account=account)

    lead = capture_lead(by=rep, topic="Engines", city="Bonn", account=account, contact=contact)

    assert (lead.company, lead.city, lead.industry) == ("Acme", "Bonn", "Steam")
    assert lead.full_name == "Ada Lovelace"


def test_only_what_is_picked_now_fills_fields_and_the_trail_tells_them(rep):
    account = create_account(by=rep, name="Acme", industry="Brass")
    contact = create_contact(by=rep, last_name="Lovelace", account=account, job_title="Founder")
    lead = capture_lead(by=rep, topic="Engines", last_name="Lovelace", account=account)
    update_lead(lead, by=rep, industry="")

    changed = update_lead(lead, by=rep, contact=contact)

    assert (changed.industry, changed.job_title) == ("", "Founder")
    told = AuditEntry.objects.filter(event="lead.changed").latest("pk").changes
    assert told["job_title"] == ["", "Founder"]
    assert "industry" not in told


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"topic": ""}, {"topic"}),
        ({"company": " "}, {"last_name"}),
        ({"email": "nobody"}, {"email"}),
        ({"topic": "x" * 301}, {"topic"}),
        ({"estimated_value": Decimal(-1)}, {"estimated_value"}),
        ({"estimated_value": Decimal(10) ** 30}, {"estimated_value"}),
        ({"need": "perhaps"}, {"need"}),
        ({"last_name": "a\0b"}, {"last_name"}),
        ({"description": "\udfff"}, {"description"}),
        ({"country": "Atlantis"}, {"country"}),
    ],
)
def test_refuses_what_cannot_be_stored_and_names_the_field(rep, fields, errors):
    with pytest.raises(Unacceptable) as refusal:
        a_lead(rep, **fields)

    assert set(refusal.value.errors) == errors
    assert not Lead.objects.exists()


def test_does_not_capture_for_those_who_may_not(rep, rep2):
    with pytest.raises(NotPermitted):
        a_lead(rep, owner=rep2)
    with pytest.raises(NotPermitted):
        a_lead(rep, is_unassigned=True)


def test_a_manager_captures_for_the_team_but_not_beyond(manager, rep, outsider):
    assert a_lead(manager, owner=rep).owner == rep
    assert a_lead(manager, is_unassigned=True).owner is None
    with pytest.raises(NotPermitted):
        a_lead(manager, owner=outsider)


def test_changes_fields_as_the_next_version(rep):
    lead = a_lead(rep)

    changed = update_lead(lead, by=rep, version=1, topic="Bigger", products=[])

    entry = AuditEntry.objects.get(event="lead.changed")
    assert (changed.topic, changed.version) == ("Bigger", 2)
    assert entry.changes == {"topic": ["Engines", "Bigger"]}
    assert changed.history.count() == 2


def test_changes_product_interest(rep):
    engine = Product.objects.create(key="engine", name="Engine")
    lead = a_lead(rep)

    update_lead(lead, by=rep, products=[engine])
    update_lead(lead, by=rep, products=[engine])

    assert list(lead.products.all()) == [engine]
    assert AuditEntry.objects.filter(event="lead.changed").count() == 1


def test_refuses_a_stale_change_and_tells_what_stands(rep):
    lead = a_lead(rep)
    update_lead(lead, by=rep, version=1, topic="Theirs")

    with pytest.raises(Stale) as refusal:
        update_lead(lead, by=rep, version=1, topic="Mine")

    assert refusal.value.theirs["topic"] == "Theirs"
    assert Lead.objects.get().topic == "Theirs"
    with pytest.raises(Stale, match="There is no version 99 of"):
        update_lead(lead, by=rep, version=99, topic="Mine")


def test_does_not_change_a_closed_or_deleted_lead(rep):
    closed, binned = a_lead(rep), a_lead(rep)
    disqualify(closed, by=rep, reason=DisqualifyReason.objects.get(key="lost"))
    delete_lead(binned, by=rep)

    with pytest.raises(LeadIsClosed):
        update_lead(closed, by=rep, topic="More")
    with pytest.raises(IsInBin):
        update_lead(binned, by=rep, topic="More")


def test_does_not_change_for_those_who_may_not(rep, rep2, outsider):
    lead = a_lead(rep)

    for stranger in (rep2, outsider):
        with pytest.raises(NotPermitted):
            update_lead(lead, by=stranger, topic="Mine")

    assert Lead.objects.get().topic == "Engines"


def test_converts_the_value_at_the_rate_of_the_currency(rep):
    lead = a_lead(rep, estimated_value=Decimal(100), currency="USD")

    assert lead.base_value == Decimal("92.00")
    assert update_lead(lead, by=rep, currency="EUR").base_value == Decimal("100.00")


def test_converts_a_value_at_the_rate_of_the_day_on_which_it_is_entered(rep):
    lead = a_lead(rep, estimated_value=Decimal(100), currency="USD")
    Currency.objects.filter(code="USD").update(rate=Decimal("0.5"))

    assert update_lead(lead, by=rep, topic="Looms").base_value == Decimal("92.00")
    assert update_lead(lead, by=rep, estimated_value=Decimal(50)).base_value == Decimal("25.00")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "ZZZ"),
        ("estimated_close_date", date(1, 1, 1)),
        ("estimated_close_date", date(9999, 12, 31)),
    ],
)
def test_refuses_what_no_page_and_no_figure_can_count_with(rep, field, value):
    lead = a_lead(rep)

    for refused in (
        lambda: a_lead(rep, **{field: value}),
        lambda: update_lead(lead, by=rep, **{field: value}),
    ):
        with pytest.raises(Unacceptable) as refusal:
            refused()
        assert set(refusal.value.errors) == {field}

    assert Lead.objects.get().version == lead.version


def test_is_ready_since_every_rule_holds_and_no_longer_when_one_fails(rep):
    lead = a_lead(rep, email="ada@engine.example", **BANT)
    since = lead.ready_since

    assert since is not None
    assert update_lead(lead, by=rep, topic="More").ready_since == since
    assert update_lead(lead, by=rep, need="").ready_since is None


def test_says_all_verdicts_at_once(rep):
    verdicts = verdicts_for(a_lead(rep, need="must"), by=rep)

    assert (verdicts.met, verdicts.total) == (2, 6)
    assert [v.key for v in verdicts.unmet_required] == ["reachable"]
    assert [v.state for v in verdicts.items] == [
        "met",
        "blocking",
        "warning",
        "warning",
        "met",
        "warning",
    ]


def test_marks_progress_and_owner(rep, manager, rep2):
    lead = a_lead(rep)

    assert set_progress(lead, by=rep, progress="working").status_reason == "working"
    assert assign_lead(lead, by=manager, owner=rep2).owner == rep2
    assert assign_lead(lead, by=manager, owner=rep2).version == 3


def test_does_not_assign_to_somebody_inactive(manager, rep, rep2):
    rep2.is_active = False
    rep2.save()

    with pytest.raises(Unacceptable):
        assign_lead(a_lead(rep), by=manager, owner=rep2)


def test_goes_to_the_bin_and_back(rep):
    lead = a_lead(rep)

    delete_lead(lead, by=rep)
    delete_lead(lead, by=rep)
    assert not Lead.objects.exists()
    restore_lead(lead, by=rep)
    restore_lead(lead, by=rep)

    assert Lead.objects.get().version == 3


def test_does_not_go_to_the_bin_for_those_who_may_not(rep, rep2):
    with pytest.raises(NotPermitted):
        delete_lead(a_lead(rep), by=rep2)


def test_does_not_delete_what_changed_in_the_meantime(rep):
    lead = a_lead(rep)
    update_lead(lead, by=rep, topic="More")

    with pytest.raises(Stale):
        delete_lead(lead, by=rep, version=1)


def test_does_not_change_hands_without_the_right_to_assign(rep, rep2):
    rep.roles.get().grants.filter(permission="leads.assign_lead").delete()
    lead = a_lead(rep)

    with pytest.raises(NotPermitted):
        update_lead(lead, by=rep, owner=rep2)
