"""The pages of opportunities: they answer, they refuse, they lose nothing that was typed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.operations import qualify
from opportunities.models import Competitor, LossReason, Opportunity, Product, Stage, Step
from opportunities.operations import add_stakeholder, lose, set_lines, win
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
)
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

Statements = Callable[[], AbstractContextManager[list[str]]]

OPEN_PAGES = [
    "detail", "edit", "delete", "assign", "stage", "win", "lose", "hold", "resume", "reopen",
    "lines", "stakeholder-add",
]  # fmt: skip


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


@pytest.fixture
def deal(rep: User) -> Opportunity:
    account = AccountFactory(owner=rep, name="Northgate Storage")
    contact = ContactFactory(owner=rep, account=account, phone="+44 113 496 0128")
    return OpportunityFactory(
        owner=rep, topic="Warehouse rollout", account=account, contact=contact, value=Decimal(5000)
    )


def page(name: str, opportunity: Opportunity, **more: int) -> str:
    return reverse(f"opportunities:{name}", kwargs={"pk": opportunity.pk, **more})


def require_step(stage: str, label: str, field: str = "") -> Step:
    return Step.objects.create(
        stage=Stage.objects.get(key=stage), key=label, label=label, field=field, is_required=True
    )


# They answer


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_page_answers_with_one_heading(reps: Client, deal: Opportunity, name: str) -> None:
    answer = reps.get(page(name, deal))

    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1
    assert "Warehouse rollout" in answer.content.decode()


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_page_outside_the_scope_does_not_exist(
    client: Client, outsider: User, deal: Opportunity, name: str
) -> None:
    client.force_login(outsider)

    assert client.get(page(name, deal)).status_code == 404
    assert client.post(page(name, deal)).status_code == 404


@pytest.mark.parametrize("name", ["edit", "delete", "assign", "stage", "win", "lose", "lines"])
def test_page_of_a_colleague_may_be_read_but_not_used(
    client: Client, rep2: User, deal: Opportunity, name: str
) -> None:
    client.force_login(rep2)
    shown = client.get(page("detail", deal)).content.decode()

    assert client.get(page(name, deal)).status_code == 403
    assert client.post(page(name, deal)).status_code == 403
    assert page(name, deal) not in shown


def test_manager_uses_what_belongs_to_the_team(
    client: Client, manager: User, deal: Opportunity
) -> None:
    client.force_login(manager)

    assert all(client.get(page(name, deal)).status_code == 200 for name in OPEN_PAGES)


@pytest.mark.both
def test_list_opens_with_what_is_mine_and_open(
    reps: Client, rep: User, rep2: User, deal: Opportunity
) -> None:
    OpportunityFactory(owner=rep2, topic="Of a colleague")
    win(OpportunityFactory(owner=rep, topic="Won long ago"), by=rep)

    mine = reps.get(reverse("opportunities:list")).content.decode()
    everybody = reps.get(reverse("opportunities:list"), {"status": "open"}).content.decode()

    assert "Warehouse rollout" in mine
    assert "Of a colleague" not in mine
    assert "Won long ago" not in mine
    assert "Of a colleague" in everybody


@pytest.mark.both
def test_list_narrows_by_the_periods_of_its_tabs(reps: Client, rep: User) -> None:
    today = timezone.localdate()
    OpportunityFactory(owner=rep, topic="Closes today", estimated_close_date=today)
    OpportunityFactory(
        owner=rep, topic="Closes later", estimated_close_date=today + timedelta(days=60)
    )
    win(OpportunityFactory(owner=rep, topic="Won today"), by=rep)
    listed = reverse("opportunities:list")

    closing = reps.get(listed, {"status": "open", "closing": "month"}).content.decode()
    won = reps.get(listed, {"status": "won", "closed": "quarter"}).content.decode()

    assert "Closes today" in closing
    assert "Closes later" not in closing
    assert "Won today" in won
    assert "Closes today" not in won


@pytest.mark.both
def test_list_is_narrowed_to_a_stage_that_belongs_to_leads_by_now(reps: Client, rep: User) -> None:
    stage = Stage.objects.get(key="propose")
    OpportunityFactory(owner=rep, stage=stage, topic="Looms")
    OpportunityFactory(owner=rep, topic="Pumps")
    Stage.objects.filter(pk=stage.pk).update(is_for_leads=True)

    shown = reps.get(reverse("opportunities:list"), {"stage": stage.pk, "status": "open"})

    text = shown.content.decode()
    assert shown.status_code == 200
    assert "Looms" in text
    assert "Pumps" not in text
    assert str(stage) in text


@pytest.mark.both
def test_list_marks_what_has_been_in_its_stage_for_too_long(reps: Client, rep: User) -> None:
    old = OpportunityFactory(owner=rep, topic="Resting")
    OpportunityFactory(owner=rep, topic="Fresh")
    moment = timezone.now() - timedelta(days=60)
    Opportunity.objects.filter(pk=old.pk).update(stage_entered_at=moment)

    everything = reps.get(reverse("opportunities:list"), {"status": "open"}).content.decode()
    stale = reps.get(reverse("opportunities:list"), {"stale": "1"}).content.decode()

    assert "Stale: 21 days are usual" in everything
    assert "60 days" in everything
    assert "Resting" in stale
    assert "Fresh" not in stale


HOSTILE = [
    "stage=x", "stage=999999999999999999999", "owner=%00", "account=-1", "account=1e9",
    "closing=never", "closed_after=0000-00-00", "closing_before=9999-12-31", "page=-1",
    "after=zzz", "sort=password", "sort=-", "per=0", "q=%00", "q=%F0%9F%92%A9", "hold=2",
    "account=99999999999999999999999", "before=%5B%5D&sort=close", "contact=0",
]  # fmt: skip


@pytest.mark.parametrize("part", [None, "list", "list-body", "related-opportunities"])
def test_list_survives_a_hostile_address(reps: Client, deal: Opportunity, part: str | None) -> None:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}

    for query in HOSTILE:
        answer = reps.get(f"{reverse('opportunities:list')}?{query}", headers=headers)
        assert answer.status_code == 200, query


def test_record_survives_a_hostile_address(reps: Client, deal: Opportunity) -> None:
    for query in ("stage=x", "stage=%00", "kind=?", "before=1", "compose=rocket"):
        assert reps.get(f"{page('detail', deal)}?{query}").status_code == 200, query


@pytest.mark.both
def test_list_as_a_card_shows_the_records_of_one_account(
    reps: Client, rep: User, deal: Opportunity
) -> None:
    OpportunityFactory(owner=rep, topic="Of another account")
    headers = {"HX-Request": "true", "HX-Target": "related-opportunities"}

    answer = reps.get(
        reverse("opportunities:list"), {"account": deal.account_id}, headers=headers
    ).content.decode()

    assert "Warehouse rollout" in answer
    assert "Of another account" not in answer
    assert "<html" not in answer


# What the record shows


@pytest.mark.both
def test_record_leads_to_the_lead_it_came_from(reps: Client, rep: User) -> None:
    lead = LeadFactory(owner=rep, first_name="Tom", last_name="Breckenridge")
    (opportunity,) = qualify(lead, by=rep).opportunities

    answer = reps.get(page("detail", opportunity)).content.decode()

    assert "from lead" in answer
    assert f'href="{lead.get_absolute_url()}"' in answer
    assert "Qualify" in answer


@pytest.mark.both
def test_record_names_nobody_outside_the_scope(
    reps: Client, rep: User, outsider: User, admin: User
) -> None:
    account = AccountFactory(owner=outsider, name="Secret Holdings")
    contact = ContactFactory(owner=outsider, last_name="Hidden", email="hidden@secret.example")
    opportunity = OpportunityFactory(owner=rep, by=admin, account=account, contact=contact)

    shown = reps.get(page("detail", opportunity)).content.decode()
    listed = reps.get(reverse("opportunities:list")).content.decode()

    for answer in (shown, listed):
        assert "Secret Holdings" not in answer
        assert "hidden@secret.example" not in answer
    assert "cannot open" in shown


def test_record_shows_people_with_ways_to_reach_them(
    reps: Client, rep: User, deal: Opportunity
) -> None:
    champion = ContactFactory(owner=rep, first_name="Dana", last_name="Whitfield")
    add_stakeholder(deal, by=rep, contact=champion, role="champion")

    answer = reps.get(page("detail", deal)).content.decode()

    assert "tel:+441134960128" in answer
    assert f"mailto:{champion.email}" in answer
    assert "Champion" in answer
    assert page("stakeholder-remove", deal, contact=champion.pk) in answer


def test_record_of_a_closed_one_offers_only_to_reopen(
    reps: Client, rep: User, deal: Opportunity
) -> None:
    lose(deal, by=rep, reason=LossReason.objects.first(), comment="Too dear")

    answer = reps.get(page("detail", deal)).content.decode()

    assert "Too dear" in answer
    assert page("reopen", deal) in answer
    assert not any(page(name, deal) in answer for name in ("edit", "win", "lose", "stage"))


# They change


@pytest.mark.both
def test_create_opens_an_opportunity_once(reps: Client, rep: User) -> None:
    form = reps.get(reverse("opportunities:create")).context["form"]
    data = {
        "topic": "Roof sensors",
        "value": "30k",
        "currency": "EUR",
        "owner": rep.pk,
        "submission": str(form["submission"].value()),
    }

    answers = [reps.post(reverse("opportunities:create"), data) for _ in range(2)]

    made = Opportunity.objects.get(topic="Roof sensors")
    assert made.value == Decimal(30_000)
    assert [answer.headers["Location"] for answer in answers] == [made.get_absolute_url()] * 2


def test_edit_keeps_what_was_typed_when_it_is_refused(reps: Client, deal: Opportunity) -> None:
    data = {
        "topic": "Renamed",
        "value": "around 30k",
        "currency": "EUR",
        "probability": "130",
        "forecast_category": "commit",
        "version": deal.version,
    }

    answer = reps.post(page("edit", deal), data)

    assert answer.status_code == 422
    content = answer.content.decode()
    assert "around 30k" in content
    assert 'value="Renamed"' in content
    assert "<title>Error:" in content
    deal.refresh_from_db()
    assert deal.topic == "Warehouse rollout"


def test_move_goes_on_to_the_next_stage(reps: Client, deal: Opportunity) -> None:
    propose = Stage.objects.get(key="propose")

    answer = reps.post(page("stage", deal), {"stage": propose.pk}, follow=True)

    deal.refresh_from_db()
    assert deal.stage == propose
    assert "is in Propose" in answer.content.decode()


def test_move_that_is_blocked_leads_to_what_is_missing(reps: Client, deal: Opportunity) -> None:
    box = require_step("develop", "Decision maker met")
    require_step("develop", "Solution drawn", field="proposed_solution")

    answer = reps.post(page("stage", deal), {"stage": Stage.objects.get(key="propose").pk})

    content = answer.content.decode()
    assert answer.status_code == 422
    assert "Decision maker met" in content
    assert f'name="step" value="{box.pk}"' in content
    assert f"{page('edit', deal)}#id_proposed_solution" in content
    deal.refresh_from_db()
    assert deal.stage.key == "develop"


def test_move_to_a_stage_of_another_process_is_refused(reps: Client, deal: Opportunity) -> None:
    lead_stage = Stage.objects.get(is_for_leads=True)

    for stage in (lead_stage.pk, 0, "x", ""):
        assert reps.post(page("stage", deal), {"stage": stage}).status_code == 422


def test_tick_comes_back_to_the_checklist(reps: Client, deal: Opportunity) -> None:
    box = require_step("develop", "Decision maker met")
    shown = Stage.objects.get(key="propose").pk

    data = {"step": box.pk, "is_done": "1", "shown": shown}
    ticked = reps.post(page("tick", deal), data)
    done = reps.get(ticked.headers["Location"].partition("#")[0]).context["stage_panel"]
    reps.post(page("tick", deal), {"step": box.pk})
    undone = reps.get(page("detail", deal)).context["checklist"]

    assert ticked.headers["Location"].endswith(f"?stage={shown}#stage-panel")
    assert {item["label"]: item["is_done"] for item in done["items"]}["Decision maker met"]
    assert not {item["label"]: item["is_done"] for item in undone["items"]}["Decision maker met"]


def test_tick_of_a_foreign_step_changes_nothing(reps: Client, deal: Opportunity) -> None:
    for step in ("x", "0", "", Step.objects.filter(stage__is_for_leads=True).first().pk):  # type: ignore[union-attr]
        assert reps.post(page("tick", deal), {"step": step, "is_done": "1"}).status_code == 302

    assert not deal.ticks.exists()
    assert reps.get(page("tick", deal)).status_code == 405


@pytest.mark.both
def test_win_asks_for_amount_and_day_and_can_be_undone(reps: Client, deal: Opportunity) -> None:
    form = reps.get(page("win", deal)).context["form"]
    today = timezone.localdate()

    answer = reps.post(
        page("win", deal), {"actual_value": "4,800", "closed_on": str(today), "comment": "Signed"}
    )
    deal.refresh_from_db()
    won = deal.status, deal.actual_value, deal.close_comment
    reps.post(page("reopen", deal))
    deal.refresh_from_db()

    assert form["actual_value"].value() == "5,000"
    assert answer.headers["Location"] == deal.get_absolute_url()
    assert won == ("won", Decimal(4800), "Signed")
    assert deal.is_open


def test_win_in_the_future_is_refused_and_keeps_the_comment(
    reps: Client, deal: Opportunity
) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)

    answer = reps.post(page("win", deal), {"closed_on": str(tomorrow), "comment": "Nearly"})

    assert answer.status_code == 422
    assert "Nearly" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.is_open


def test_lose_needs_a_reason(reps: Client, deal: Opportunity) -> None:
    rival = Competitor.objects.create(key="sensorio", name="Sensorio")
    data = {"closed_on": str(timezone.localdate()), "lost_to": rival.pk, "comment": "Cheaper"}

    refused = reps.post(page("lose", deal), data)
    lost = reps.post(page("lose", deal), {**data, "reason": LossReason.objects.first().pk})  # type: ignore[union-attr]

    deal.refresh_from_db()
    assert refused.status_code == 422
    assert "Cheaper" in refused.content.decode()
    assert lost.status_code == 302
    assert (deal.status, deal.lost_to) == ("lost", rival)


def test_hold_and_resume(reps: Client, deal: Opportunity) -> None:
    reps.post(page("hold", deal))
    deal.refresh_from_db()
    assert deal.is_on_hold
    assert "On hold" in reps.get(page("detail", deal)).content.decode()

    reps.post(page("resume", deal))
    deal.refresh_from_db()
    assert not deal.is_on_hold


def lines(version: int, *rows: dict[str, str], **more: str) -> dict[str, str]:
    """Return what the form of the lines sends."""
    data = {
        "version": str(version),
        "lines-TOTAL_FORMS": str(len(rows)),
        "lines-INITIAL_FORMS": "0",
        **more,
    }
    for number, row in enumerate(rows):
        data |= {f"lines-{number}-{name}": value for name, value in row.items()}
    return data


@pytest.mark.both
def test_lines_make_the_value(reps: Client, deal: Opportunity) -> None:
    product = Product.objects.create(key="logger", name="Logger", price=Decimal(100))
    data = lines(
        deal.version,
        {"product": str(product.pk), "quantity": "2"},
        {"description": "Training", "price": "1.5k"},
        {},
        {"description": "Crossed out", "price": "9", "DELETE": "on"},
    )

    answer = reps.post(page("lines", deal), data)

    deal.refresh_from_db()
    assert answer.status_code == 302
    assert [str(line) for line in deal.lines.order_by("position")] == ["Logger", "Training"]
    assert deal.value == Decimal(1700)


def test_lines_that_are_refused_keep_every_row(reps: Client, rep: User, deal: Opportunity) -> None:
    set_lines(deal, by=rep, lines=[{"description": "Before", "price": Decimal(1)}])
    deal.refresh_from_db()
    data = lines(
        deal.version, {"description": "Typed", "price": "a lot"}, {"quantity": "3"}, {"price": "1"}
    )

    answer = reps.post(page("lines", deal), data)

    content = answer.content.decode()
    assert answer.status_code == 422
    assert "Typed" in content
    assert "a lot" in content
    assert "Line 2:" in content
    assert [str(line) for line in deal.lines.all()] == ["Before"]


def test_lines_get_more_rows_without_a_script(reps: Client, deal: Opportunity) -> None:
    answer = reps.post(page("lines", deal), lines(deal.version, {"description": "Typed"}, more="1"))

    assert answer.status_code == 200
    assert "Typed" in answer.content.decode()
    assert len(answer.context["form"].rows.forms) == 4
    assert not deal.lines.exists()


def test_lines_survive_a_hostile_form(reps: Client, deal: Opportunity) -> None:
    for count in ("", "x", "-1", "99999999999", "5000"):
        data = {"version": "1", "lines-TOTAL_FORMS": count, "lines-INITIAL_FORMS": count}
        for more in ({}, {"more": "1"}):
            answer = reps.post(page("lines", deal), {**data, **more})
            assert answer.status_code in {200, 302, 422}, count


@pytest.mark.both
def test_lines_of_somebody_elses_version_are_not_overwritten(
    reps: Client, rep: User, deal: Opportunity
) -> None:
    set_lines(deal, by=rep, lines=[{"description": "Theirs", "price": Decimal(1)}])

    answer = reps.post(page("lines", deal), lines(deal.version, {"description": "Mine"}))

    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert [str(line) for line in deal.lines.all()] == ["Theirs"]


@pytest.mark.both
def test_people_are_added_and_removed(reps: Client, rep: User, deal: Opportunity) -> None:
    person = ContactFactory(owner=rep, first_name="Priit", last_name="Saar")

    reps.post(page("stakeholder-add", deal), {"contact": "Priit Saar", "role": "evaluator"})
    added = list(deal.stakeholders.values_list("contact", "role"))
    removed = page("stakeholder-remove", deal, contact=person.pk)
    asked = reps.get(removed)
    reps.post(removed)

    assert added == [(person.pk, "evaluator")]
    assert asked.status_code == 200
    assert not deal.stakeholders.exists()
    assert reps.post(removed).status_code == 404


def test_people_outside_the_scope_cannot_be_added(
    reps: Client, outsider: User, deal: Opportunity
) -> None:
    stranger = ContactFactory(owner=outsider, first_name="Not", last_name="Yours")

    answer = reps.post(
        page("stakeholder-add", deal), {"contact": f"#{stranger.pk}", "role": "other"}
    )

    assert answer.status_code == 422
    assert not deal.stakeholders.exists()


def test_assign_leads_to_the_list_when_the_record_leaves_the_scope(
    client: Client, manager: User, outsider: User, deal: Opportunity
) -> None:
    client.force_login(manager)

    answer = client.post(page("assign", deal), {"owner": outsider.pk})

    assert answer.headers["Location"] == reverse("opportunities:list")
    assert client.get(page("detail", deal)).status_code == 404


def test_delete_can_be_undone(reps: Client, deal: Opportunity) -> None:
    reps.post(page("delete", deal))
    gone = reps.get(page("detail", deal)).status_code
    reps.post(page("restore", deal))

    assert gone == 404
    assert reps.get(page("detail", deal)).status_code == 200


# They are quick


@pytest.mark.both
def test_record_takes_few_statements_whatever_it_holds(
    reps: Client, rep: User, statements: Statements
) -> None:
    lead = LeadFactory(owner=rep)
    (opportunity,) = qualify(lead, by=rep).opportunities
    # One of each: a trail that names a record asks whether it may be named.
    add_stakeholder(opportunity, by=rep, contact=ContactFactory(owner=rep))
    reps.get(page("detail", opportunity))

    with statements() as few:
        reps.get(page("detail", opportunity))
    opportunity.competitors.add(
        *(Competitor.objects.create(key=f"c{n}", name=f"Rival {n}") for n in range(5))
    )
    set_lines(
        opportunity,
        by=rep,
        lines=[{"description": f"Line {n}", "price": Decimal(1)} for n in range(20)],
    )
    for _ in range(8):
        add_stakeholder(opportunity, by=rep, contact=ContactFactory(owner=rep))
        ActivityFactory(on=opportunity, owner=rep)
        ActivityFactory(on=opportunity, owner=rep, kind="task")
    with statements() as many:
        answer = reps.get(page("detail", opportunity))

    assert "Rival 4" in answer.content.decode()
    assert len(many) == len(few) <= 15


@pytest.mark.parametrize("key", ["9" * 30, str(2**63)])
def test_a_choice_that_no_column_can_hold_is_refused_at_its_field(
    reps: Client, deal: Opportunity, key: str
) -> None:
    answer = reps.post(
        page("edit", deal),
        {"topic": deal.topic, "version": deal.version, "currency": "EUR", "competitors": [key]},
    )

    assert answer.status_code == 422
    assert "competitors" in answer.context["form"].errors
