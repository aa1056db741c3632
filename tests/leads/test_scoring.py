"""Scores: what gives a lead its points, on every save and for all leads at once."""

from __future__ import annotations

import pytest

from leads import jobs
from leads.models import Lead, ScoringRule
from leads.operations import capture_lead, qualify, rescore, set_scale, update_lead
from leads.rules.scoring import parts_told, suggested_rating
from opportunities.models import Product, Source
from opportunities.operations import win
from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import AccountFactory, LeadFactory, UserFactory
from tests.leads.assigning import GERMANY, a_scoring_rule

RULES = "/rules/scoring/"
API = "/api/v1/scoring-rules/"


def asks(field, comparison, **value):
    return {"all": [{"field": field, "is": comparison, **value}]}


def a_product():
    return Product.objects.create(key="pumps", name="Pumps")


def typed(**more):
    """What a browser sends of a rule."""
    return {
        "name": "Germany",
        "condition-kind": "all",
        "condition-0-field": "country",
        "condition-0-is": "is",
        "condition-0-value": "DE",
        "points": "30",
        "is_active": "on",
        **more,
    }


def test_a_score_follows_every_save_within_the_ends_of_the_scale(rep, manager):
    a_scoring_rule()
    a_scoring_rule("Interest", 90, asks("products", "known"))
    a_scoring_rule("No mail", -50, asks("do_not_contact", "yes"))
    before = LeadFactory(owner=rep)
    lead = capture_lead(by=rep, topic="Pumps", company="Acme", country="DE")
    assert (before.score, lead.score) == (0, 30)

    full = update_lead(lead, by=rep, products=[a_product()])
    parts = parts_told(full, viewer=rep)
    least = update_lead(full, by=rep, products=[], country="FR", do_not_contact=True)

    assert (full.score, suggested_rating(full)) == (100, "hot")
    assert parts == [{"rule": "Interest", "points": 90}, {"rule": "Germany", "points": 30}]
    assert (least.score, suggested_rating(least)) == (0, "cold")
    line = AuditEntry.objects.filter(event="lead.changed").latest("pk")
    assert line.changes["score"] == [100, 0]
    Lead.objects.update(ready_since=None)
    wider = jobs.set_scale(by=manager, lowest=-100)
    least.refresh_from_db()
    assert (wider.lowest, least.score) == (-100, -50)


def test_a_change_of_rules_scores_all_leads_anew_as_the_save_would(rep, manager, statements):
    """Closed ones too; as many statements for many leads as for few, and again none changes."""
    parts = [
        ("Germany", 30, GERMANY),
        ("Source", 20, asks("source", "known")),
        ("Interest", -15, asks("products", "known")),
        ("Bank", 7, asks("account.industry", "is", value="bank")),
    ]
    for each in parts:
        a_scoring_rule(*each)
    bank, product, source = (
        AccountFactory(owner=rep, industry="bank"),
        a_product(),
        Source.objects.first(),
    )
    for number in range(16):
        lead = LeadFactory(
            owner=rep,
            country="DE" if number & 1 else "FR",
            source=source if number & 2 else None,
            account=bank if number & 4 else None,
        )
        lead.products.set([product] if number & 8 else [])
    qualify(Lead.objects.first(), by=rep)

    with statements() as told:
        first = rescore(by=manager)

    assert (first.changed, rescore(by=manager, after=first.last)) == (8, None)
    assert rescore(by=manager).changed == 0
    assert len(told) < 25
    by_hand = {
        lead.pk: 30 * (lead.country == "DE")
        + 20 * (lead.source_id is not None)
        - 15 * lead.products.exists()
        + 7 * (lead.account is not None and lead.account.industry == "bank")
        for lead in Lead.objects.all()
    }
    assert {lead.pk: lead.score for lead in Lead.objects.all()} == {
        pk: max(0, points) for pk, points in by_hand.items()
    }
    lead = Lead.objects.open().get(score=42)
    same = update_lead(lead, by=rep, topic="Other")
    assert (same.score, same.score_parts) == (lead.score, lead.score_parts)
    rule = ScoringRule.objects.get(name="Germany")
    jobs.change_scoring_rule(rule, by=manager, points=31)
    lead.refresh_from_db()
    assert lead.score == 43
    assert AuditEntry.objects.filter(event="lead.scored").latest("pk").changes["score"]
    for each in ScoringRule.objects.all():
        jobs.delete_scoring_rule(each, by=manager)
    assert not Lead.objects.exclude(score=None, score_parts=[]).exists()


@pytest.mark.once
def test_what_makes_no_sense_is_refused_with_a_sentence(manager, rep, admin):
    field = define("lead", "fleet", by=admin)
    rule = a_scoring_rule("Fleet", 5, asks("custom.fleet", "known"))
    for condition in (
        asks("score", "at_least", value=5),
        asks("ready_since", "known"),
        {"all": []},
    ):
        with pytest.raises(Unacceptable):
            a_scoring_rule("Loop", 5, condition)
    with pytest.raises(Unacceptable, match="other than 0"):
        a_scoring_rule("Nothing", 0)
    with pytest.raises(Unacceptable, match="lower of two numbers"):
        set_scale(by=manager, lowest=100)
    with pytest.raises(NotPermitted):
        jobs.change_scoring_rule(rule, by=rep, points=6)
    jobs.change_scoring_rule(rule, by=manager, points=6, version=1)
    with pytest.raises(Stale):
        jobs.change_scoring_rule(rule, by=manager, points=7, version=1)

    field.is_active = False
    save_field(field, by=admin)
    lead = capture_lead(by=rep, topic="Pumps", company="Acme")

    assert lead.score == 0
    assert jobs.change_scoring_rule(rule, by=manager, is_active=False)


@pytest.mark.once
def test_a_rule_about_a_hidden_account_is_not_told(rep, outsider):
    a_scoring_rule("Is a bank", 20, asks("account.industry", "is", value="bank"))
    a_scoring_rule()
    theirs = AccountFactory(owner=outsider, industry="bank")
    lead = LeadFactory(owner=rep, account=theirs, country="DE")
    rescore(by=rep)
    lead.refresh_from_db()

    assert parts_told(lead, viewer=rep) == [
        {"rule": "Germany", "points": 30},
        {"rule": "", "points": None},
    ]
    assert len(parts_told(lead, viewer=UserFactory(is_superuser=True))) == 2


def test_a_manager_writes_rules_and_every_number_opens_its_leads(client, manager, rep, outsider):
    leads = [LeadFactory(owner=rep, country=country) for country in ("DE", "DE", "DE", "FR")]
    LeadFactory(owner=outsider, country="DE")
    qualify(leads[0], by=rep)
    win(qualify(leads[1], by=rep).opportunities[0], by=rep)
    client.force_login(manager)

    wrong = client.post(f"{RULES}new/", typed(points="0"))
    client.post(f"{RULES}new/", typed())
    rule = ScoringRule.objects.get()
    client.post(f"{RULES}{rule.pk}/", typed(points="40", version="1"))
    stale = client.post(f"{RULES}{rule.pk}/", typed(points="50", version="1"))
    client.post(
        f"{RULES}scale/", {"lowest": "0", "highest": "90", "warm_from": "20", "hot_from": "40"}
    )
    page = client.get(RULES)

    assert (wrong.status_code, stale.status_code) == (422, 409)
    steps = page.context["steps"]
    counts = [(s["step"].score, s["step"].leads, s["step"].qualified, s["step"].won) for s in steps]
    assert counts == [(40, 3, 2, 1), (0, 1, 0, 0)]
    for step in steps:
        for kind, url in (("leads", "url"), ("qualified", "qualified_url"), ("won", "won_url")):
            listed = client.get(step[url]).context["table"].rows
            assert len(listed) == getattr(step["step"], kind), step[url]
    client.force_login(rep)
    shown = client.get(f"/leads/{leads[2].pk}/").content.decode()
    assert "Suggested rating: Hot" in shown
    assert "+40" in shown
    listed = client.get("/leads/?view=all&sort=-score&score_min=40&columns=name,score")
    assert len(listed.context["table"].rows) == 3
    client.force_login(manager)
    client.post(f"{RULES}{rule.pk}/delete/", {"version": "2"})
    assert not ScoringRule.objects.exists()
