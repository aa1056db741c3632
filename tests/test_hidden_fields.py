"""What a role keeps: hidden fields are told and taken by no door, read-only ones are read."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import reverse

from activities.operations import edit_activity
from activities.timeline import timeline_of
from crm.configuration import configuration, take_in
from crm.may import told_of
from crm.operations import save_role
from duplicates.operations import merge
from emails.queries import placeholders_for, values_for
from leads.jobs.rows import EXPORTED
from leads.models import FieldMapping, Lead, QualificationRuleSet, ScoringRule
from leads.operations import activate_rules, capture_lead, draft_rules, qualify, update_lead
from leads.operations.carrying import save_mapping
from leads.operations.scoring import save_scoring_rule
from opportunities.operations import update_opportunity
from records.errors import NotPermitted, Unacceptable
from records.models import AuditEntry, Currency, CustomField
from records.permissions import fixed_fields, hidden_fields
from tests.access import ACCESS, DONE
from tests.custom import define
from tests.factories import LeadFactory, UserFactory
from tests.test_access import OURS, address_of, ask, world
from users.models import Grant, Role, User
from users.operations import update_user, withheld_by
from webhooks.models import Webhook
from webhooks.operations import save_webhook
from workbench.operations.saved_views import save_view
from workbench.transfer.export import csv_lines
from workbench.views.conflict import as_sent

__all__ = ["world"]

BUDGET, WORD, LABEL, PERSON = 7654321, "Quagmire", "Ballast", "Zaphodius"
KEY = WORD.lower()
SECRETS = ("7,654,321", "7654321", WORD, KEY, LABEL, PERSON)
KINDS = ("lead", "account", "opportunity", "activity")
OWN = {"ballast": [KEY], "seal": "Wax"}


def keep(role: Role, fields: dict[str, str], *, by: User) -> None:
    """Let a role keep these fields, and no others."""
    grants = dict(role.grants.values_list("permission", "scope"))
    save_role(
        role, by=by, name=role.name, description=role.description, grants=grants, fields=fields
    )


@pytest.fixture
def sales(rep: User, admin: User) -> Role:
    """The role of rep, from whom one custom field of each kind and the budget are hidden."""
    role: Role = rep.roles.get()
    fields = {f"{kind}.custom.ballast": "hidden" for kind in KINDS}
    fields |= {f"{kind}.custom.seal": "read_only" for kind in KINDS}
    for kind in KINDS:
        define(kind, "ballast", by=admin, label=LABEL, type="choices", choices=[WORD, "Other"])
        define(kind, "seal", by=admin, label="Seal")
    for kind in ("lead", "opportunity"):
        fields |= {f"{kind}.{name}": "hidden" for name in ("budget_amount", "decision_maker")}
        fields[f"{kind}.need_description"] = "read_only"
    fields |= {f"{kind}.annual_revenue": "hidden" for kind in ("lead", "account")}
    keep(role, fields, by=admin)
    return role


def again(user: User) -> User:
    """Load a user anew, as each request does."""
    return User.objects.get(pk=user.pk)


@pytest.fixture
def lead(sales: Role, rep: User, admin: User) -> Lead:
    """A lead of rep that holds all of it, changed twice so that it has a history."""
    lead = capture_lead(by=rep, topic="Engines", last_name="Lovelace", company="Acme Kept")
    for custom in ({"ballast": ["other"], "seal": "Lead"}, OWN):
        bant = {"decision_maker": PERSON, "need_description": "Ten engines"}
        update_lead(lead, by=admin, budget_amount=BUDGET, custom=custom, annual_revenue=7, **bant)
    return Lead.objects.get(pk=lead.pk)


def told(answer: Any) -> list[str]:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [secret for secret in SECRETS if secret in content.decode(errors="replace")]


@pytest.mark.once
def test_no_address_tells_what_is_hidden(world, sales, rep, admin, manager, lead):
    records, _users = world
    for kind in ("account", "opportunity"):
        save_mapping(FieldMapping(source="custom.ballast", target=field_of(kind)), by=admin)
    asks = {"field": "custom.ballast", "is": "any_of", "value": [KEY]}
    rule = {"condition": {"all": [asks]}, "label": f"{WORD} it is", "is_required": False}
    QualificationRuleSet.objects.drafts().delete()
    activate_rules(draft_rules(by=manager, rules=[rule]), by=manager)
    points = ScoringRule(name=f"{WORD} points", points=5, condition={"all": [asks]})
    save_scoring_rule(points, by=manager)
    won = capture_lead(by=rep, topic="Wings", last_name="Babbage", company="Apex Kept")
    terms = {"budget_amount": BUDGET, "decision_maker": PERSON, "annual_revenue": BUDGET}
    update_lead(won, by=admin, custom=OWN, **terms)
    done = qualify(won, by=again(rep))
    deal = done.opportunities[0]
    assert (deal.custom["ballast"], deal.budget_amount) == ([KEY], BUDGET)  # carried all the same
    assert deal.value is None  # but a hidden budget becomes no value that is seen
    update_lead(lead, by=admin, **terms)
    edit_activity(records["activities"], by=admin, custom=OWN)
    update_opportunity(deal, by=admin, budget_amount=BUDGET + 1)
    update_opportunity(deal, by=admin, budget_amount=BUDGET)
    other = records["leads"]
    made = {"accounts": done.account, "opportunities": deal}
    records |= {"leads": lead, "qualified lead": won, **made}

    rooms = ("lead", "account", "contact", "opportunit", "activit", "duplicates")
    names = [n for n in OURS if n.startswith(rooms) and ACCESS[n].get["rep"] == DONE]
    urls = {address_of(n, records) for n in names if OURS[n] or n.endswith("list")}
    page = reverse("leads:detail", args=[lead.pk])
    urls |= {
        f"{page}?kind=changes",
        f"{reverse('opportunities:detail', args=[deal.pk])}?kind=changes",
        f"{reverse('accounts:detail', args=[done.account.pk])}?kind=changes",
        f"{page}history/",
        f"{page}history/?field=custom.ballast",
        f"{page}history/?field=budget_amount",
        "/leads/?columns=name,custom.ballast,custom.seal&sort=custom.ballast",
        f"/field/lead/{lead.pk}/custom.ballast/",
        f"/api/v1/leads/{lead.pk}/qualification/",
        f"/api/v1/leads/{won.pk}/receipts/",
        f"/api/v1/leads/{lead.pk}/score/",
        f"/duplicates/merge/?kind=lead&id={lead.pk}&id={other.pk}",
        "/filter/lead/",
    }
    for record in (lead, deal, done.account):
        space = f"admin:{record._meta.app_label}_{record._meta.model_name}"
        urls |= {reverse(f"{space}_{page_}", args=[record.pk]) for page_ in ("change", "history")}
    User.objects.filter(pk=rep.pk).update(is_staff=True)
    answers = {url: ask(rep, "get", url, {}) for url in sorted(urls)}
    kept = merge(lead, [other], by=admin)
    answers["merged"] = ask(rep, "get", kept.get_absolute_url(), {})
    query = "/leads/?columns=name,custom.ballast,custom.seal&view=all"
    answers["file"] = ask(rep, "post", query, {"format": "csv"})
    answers["export"] = HttpResponse("".join(csv_lines(EXPORTED["lead"], by=again(rep))))

    assert {u: t for u, each in answers.items() if (t := told(each))} == {}
    assert {each.status_code for each in answers.values()} <= {200, 204, 302, 400, 403, 404, 405}
    assert "Wax" in answers[page if page in answers else f"{page}?kind=changes"].content.decode()
    assert "Wax" in answers["export"].content.decode()
    # Whoever may see it reads it at the same addresses.
    seen = {url for url in (page, f"{page}history/", f"/leads/{won.pk}/receipt/")
            if set(told(ask(admin, "get", url, {}))) & {WORD, "7,654,321", LABEL}}  # fmt: skip
    assert len(seen) == 3


def field_of(kind: str) -> Any:
    return CustomField.objects.get(kind=kind, key="ballast")


def test_no_question_finds_by_what_is_hidden(sales, rep, lead):
    LeadFactory(owner=rep, custom={"ballast": ["other"]})
    view = save_view(
        "lead", by=rep, name="Kept", query=f"where=custom.ballast:any_of:{KEY}&view=all"
    )

    def shown(query: str) -> list[int]:
        answer = ask(rep, "get", f"/leads/?{query}", {})
        return [row.pk for row in answer.context["page"]["rows"]]

    def found(query: str) -> set[int]:
        return set(shown(query))

    both = found("view=all")
    assert len(both) == 2
    for sort in ("custom.ballast", "-custom.ballast"):
        assert shown(f"sort={sort}&view=all") == shown("view=all")
    for query in (f"custom.ballast={KEY}", f"view={view.pk}",
                  f"where=custom.ballast:any_of:{KEY}", "where=budget_amount:at_least:1",
                  "where=decision_maker:known"):  # fmt: skip
        assert found(query) in (both, set()), query
    assert found("where=custom.seal:is:Wax") == {lead.pk}
    for query in (f"custom.ballast={KEY}", "budget_amount__gte=1", "budget_amount=7654321",
                  "where=custom.ballast:known"):  # fmt: skip
        assert ask(rep, "get", f"/api/v1/leads/?{query}", {}).status_code == 400, query
    page = reverse("leads:detail", args=[lead.pk])
    assert timeline_of(lead, text=WORD, viewer=again(rep)).entries == []
    assert ask(rep, "get", f"{page}history/?field=custom.ballast", {}).status_code == 404


@pytest.mark.once
def test_no_door_takes_what_is_kept(sales, rep, admin, lead, tmp_path):
    stands = (lead.custom, lead.budget_amount, lead.need_description)

    def untouched() -> bool:
        now = Lead.objects.get(pk=lead.pk)
        return (now.custom, now.budget_amount, now.need_description) == stands

    kept = {"budget_amount": "5", "need_description": "None", "custom.ballast": "other",
            "custom.seal": "x"}  # fmt: skip
    page = reverse("leads:edit", args=[lead.pk])
    form = ask(rep, "get", page, {}).context["form"]
    assert {"budget_amount", "custom.ballast"}.isdisjoint(form.fields)
    assert "Wax" in str(form["custom.seal"])
    assert "Ten engines" in str(form["need_description"])
    sent = {name: as_sent(form, name) for name in form.fields} | {"topic": "Wings"} | kept
    assert ask(rep, "post", page, sent, stays=True).status_code == 302
    assert untouched()
    lead.refresh_from_db()
    assert lead.topic == "Wings"

    for name, value in kept.items():
        field = f"/field/lead/{lead.pk}/{name}/"
        body = {name: value, "version": lead.version}
        for url in (field, f"/cell/lead/{lead.pk}/{name}/"):
            assert ask(rep, "post", url, body, stays=True).status_code == 404, url
        api = {"custom": {name[7:]: value}} if "." in name else {name: value}
        for method, url in (("patch", f"/api/v1/leads/{lead.pk}/"), ("post", "/api/v1/leads/")):
            answer = ask(rep, method, url, {"last_name": "X", **api}, stays=True)
            assert (answer.status_code, "field" in answer.content.decode()) == (400, True), name
    shown = ask(rep, "get", f"/api/v1/leads/{lead.pk}/", {}).json()
    assert shown["custom"] == {"seal": "Wax"}
    assert "budget_amount" not in shown
    assert shown["need_description"] == "Ten engines"

    bulk = {"numbers": str(lead.pk), "field": "custom.seal", "value": "x"}
    assert ask(rep, "post", "/leads/bulk/field/", bulk, stays=True).status_code in {404, 422}
    history = {"entry": entry_of(lead), "field": "custom.seal", "take": "old"}
    ask(rep, "post", f"{reverse('leads:detail', args=[lead.pk])}history/", history, stays=True)
    for changes in ({"custom": {"seal": "x"}}, {"budget_amount": 5}):
        with pytest.raises(Unacceptable):
            update_lead(lead, by=again(rep), **changes)
    other = LeadFactory(owner=rep)
    numbers = {"survivor": lead.pk, "losers": [other.pk], "values": {"custom.seal": other.pk}}
    assert ask(rep, "post", "/api/v1/leads/merge/", numbers).status_code == 400
    file = tmp_path / "leads.csv"
    file.write_text("last_name,budget_amount,custom.seal\nNew,5,x\n")
    call_command("import_records", "lead", str(file), "--by", rep.email, stdout=StringIO(),
                 stderr=StringIO())  # fmt: skip
    made = Lead.objects.filter(last_name="New").first()
    assert made is None or (made.budget_amount, made.custom) == (None, {})
    assert untouched()
    words = values_for(lead, again(rep))
    assert (words("lead.budget_amount"), words("custom.ballast"), words("custom.seal")) == (
        "", "", "Wax",
    )  # fmt: skip
    assert "custom.ballast" not in placeholders_for(["lead"], again(rep))


def entry_of(lead: Lead) -> int:
    return AuditEntry.objects.filter(record_id=lead.pk, event="lead.changed").latest("pk").pk


@pytest.mark.once
def test_the_most_generous_role_counts_and_the_administration_says_why(sales, rep, admin):
    person = again(rep)
    assert "budget_amount" in hidden_fields(person, "lead")
    assert "need_description" in fixed_fields(person, "lead") - hidden_fields(person, "lead")
    lines = [verdict for each in told_of(person) for verdict in each["verdicts"]]
    why = next(each for each in lines if each.action == "Can see the field Budget")
    assert (why.may, why.why) == (False, "Sales rep (hidden)")

    # A role that shows no leads opens none of their fields; one that shows them does.
    for permission, is_open in (("activities.view_activity", False), ("leads.view_lead", True)):
        role = Role.objects.create(name=permission)
        Grant.objects.create(role=role, permission=permission, scope="own")
        rep.roles.add(role)
        assert ("budget_amount" not in fixed_fields(again(rep), "lead")) is is_open
    keep(role, {"lead.budget_amount": "read_only"}, by=admin)
    person = again(rep)
    assert "budget_amount" in fixed_fields(person, "lead") - hidden_fields(person, "lead")
    shaper = UserFactory(may={"users.change_role": "all"}, roles=[sales])
    assert again(shaper).withheld == again(admin).withheld == {}

    # By the page, and as a file.
    url = reverse("admin:users_role_grants", args=[role.pk])
    data = {"grant-leads.view_lead": "own", "field-lead.budget_amount": "hidden"}
    assert "field-lead.custom.ballast" in ask(admin, "get", url, {}).content.decode()
    assert ask(admin, "post", url, data, stays=True).status_code == 302
    assert withheld_by(role) == {"lead.budget_amount": "hidden"}
    for field in ("lead.topic", "lead.custom.nothing"):
        with pytest.raises(Unacceptable):
            keep(role, {field: "hidden"}, by=admin)
    define("lead", "words", by=admin)
    with pytest.raises(Unacceptable, match="A search finds"):
        keep(role, {"lead.custom.words": "hidden"}, by=admin)
    told_out = configuration()
    keep(role, {}, by=admin)
    take_in(told_out, by=again(admin))
    assert withheld_by(role) == {"lead.budget_amount": "hidden"}


@pytest.mark.once
def test_nobody_gives_away_what_is_kept_from_them(sales, rep, admin, lead):
    """By the currency of an amount, by a role that keeps less, or by a webhook."""
    Currency.objects.create(code="XTS", rate=Decimal(2))
    with pytest.raises(Unacceptable) as refused:
        update_lead(lead, by=again(rep), currency="XTS")
    assert list(refused.value.errors) == ["currency"]
    sales.grants.update(scope="all")
    for permission in ("users.change_user", "webhooks.add_webhook"):
        Grant.objects.create(role=sales, permission=permission, scope="all")
    wide = Role.objects.create(name="Wide")
    Grant.objects.create(role=wide, permission="leads.view_lead", scope="own")

    with pytest.raises(PermissionDenied, match="Wide shows fields"):
        update_user(rep, by=again(rep), roles=[sales, wide])
    with pytest.raises(NotPermitted, match="your role hides fields"):
        save_webhook(Webhook(name="Out", url="https://out.example/"), by=again(rep))
    assert update_user(rep, by=admin, roles=[sales, wide])[1]
