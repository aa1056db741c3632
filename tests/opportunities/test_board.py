"""The board: what stands on it and in which order, how a card is moved, and what stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from opportunities.models import LossReason, Opportunity, Process, Stage, Step
from opportunities.operations import (
    move_to_stage,
    put_on_hold,
    take_back_move,
    update_opportunity,
    win,
)
from records.errors import NotPermitted, Stale, Unacceptable
from tests.factories import AccountFactory, ActivityFactory, OpportunityFactory
from tests.posted import posted
from tests.world import stored
from users.models import User
from workbench.operations import back_date

BOARD = "/opportunities/board/"
CARD = {"HX-Request": "true", "HX-Target": "board-notice"}

Asked = Callable[..., Any]


@pytest.fixture
def reps(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def stage(key: str) -> Stage:
    return Stage.objects.get(key=key)


def column(client: Client, key: str, query: str = "") -> dict[str, Any]:
    """Return what the board shows of a stage."""
    columns = client.get(BOARD + query).context["columns"]
    return next(each for each in columns if each["stage"].key == key)


def topics(shown: dict[str, Any]) -> list[str]:
    return [card["topic"] for card in shown["cards"]]


def posts(opportunity: Opportunity, page: str = "stage") -> str:
    return f"/opportunities/{opportunity.pk}/{page}/?board=1&owner=me&status=open"


def moved(client: Client, opportunity: Opportunity, key: str, **more: Any) -> Any:
    """Move a card as the board does, by htmx."""
    data = {"stage": stage(key).pk, "version": opportunity.version, **more}
    return client.post(posts(opportunity), data, headers=CARD)


def require_steps(*keys: str) -> None:
    Step.objects.filter(key__in=keys).update(is_required=True)


# What stands on it


def test_begins_with_what_presses_most(reps: Client, rep: User) -> None:
    now = timezone.now()
    noon = timezone.localtime().replace(hour=23, minute=59, second=0, microsecond=0)
    due = {
        "Planned later": now + timedelta(days=9),
        "Planned": now + timedelta(days=3),
        "Late": now - timedelta(days=2),
        "Today": noon,
        "Later": now - timedelta(days=1),
    }
    for topic, at in due.items():
        deal = OpportunityFactory(owner=rep, topic=topic)
        ActivityFactory(on=deal, owner=rep, by=rep, kind="task", due_at=at)
    OpportunityFactory(owner=rep, topic="None")
    undated = OpportunityFactory(owner=rep, topic="Some day")
    ActivityFactory(on=undated, owner=rep, by=rep, kind="meeting", is_open=True)

    shown = topics(column(reps, "develop"))

    assert shown == ["Late", "Later", "Today", "None", "Planned", "Planned later", "Some day"]


def test_adds_up_each_stage_in_the_main_currency(reps: Client, rep: User) -> None:
    OpportunityFactory(owner=rep, value=Decimal(100_000))
    there = OpportunityFactory(owner=rep, value=Decimal(50_000))
    move_to_stage(there, by=rep, stage=stage("propose"))
    Opportunity.objects.filter(pk=there.pk).update(
        currency="USD", rate=Decimal("0.5"), base_value=Decimal(25_000)
    )
    OpportunityFactory(owner=rep)
    win(OpportunityFactory(owner=rep, value=Decimal(7)), by=rep)

    page = reps.get(BOARD)
    develop, propose, close = page.context["columns"]

    assert (develop["count"], develop["value"], develop["weighted"]) == (
        2, "€100K", "€30K weighted",
    )  # fmt: skip
    assert (propose["count"], propose["value"], propose["weighted"]) == (
        1, "€25K", "€15K weighted",
    )  # fmt: skip
    assert "$50,000" in propose["cards"][0]["value"]
    assert (close["count"], close["value"], close["cards"]) == (0, "€0", [])
    assert page.context["toolbar_note"] == "€125K open, €45K weighted"


def test_shows_what_was_won_this_month_beside_what_is_open(
    reps: Client, rep: User, rep2: User, outsider: User
) -> None:
    today = timezone.localdate()
    hidden = AccountFactory(owner=outsider, name="Hidden Works")
    for number in range(27):
        deal = OpportunityFactory(
            owner=rep, topic=f"Won {number}", value=Decimal(1000), account=hidden
        )
        win(deal, by=rep, actual_value=Decimal(900), closed_on=today)
    old = OpportunityFactory(owner=rep, topic="Long ago")
    back_date(old, created_at=timezone.now() - timedelta(days=40))
    win(old, by=rep, closed_on=today.replace(day=1) - timedelta(days=1))
    win(OpportunityFactory(owner=rep2, topic="Of a colleague"), by=rep2)
    win(OpportunityFactory(owner=outsider, topic="Not theirs to see"), by=outsider)

    page = reps.get(BOARD)
    won = page.context["won"]
    more = reps.get(
        BOARD + won["more_url"], headers={"HX-Request": "true", "HX-Target": "column-won"}
    ).content.decode()

    assert (won["count"], won["value"], won["more_label"]) == (27, "€24K", "Show 2 more")
    assert len(won["cards"]) == 25
    assert won["cards"][0]["won_in"] == "Won in 0 days"
    assert "Hidden Works" not in page.content.decode()
    assert page.context["switch"][-1]["label"] == "Won"
    assert more.count("data-card") == 27
    assert "<html" not in more
    everybody = reps.get(BOARD + "?status=open").context["won"]
    assert everybody["count"] == 28
    assert reps.get(BOARD + "?q=colleague").context["won"]["count"] == 1
    assert reps.get(BOARD + "?stale=1&status=open").context["won"] is None
    assert reps.get(BOARD + "?status=lost").context["won"] is None
    phone = reps.get(BOARD + "?status=open&column=won")
    assert phone.context["won"]["is_shown"]


def test_shows_first_ones_and_then_more(reps: Client, rep: User) -> None:
    for _ in range(31):
        OpportunityFactory(owner=rep)

    first = column(reps, "develop")
    url = first["more_url"]
    page = reps.get(BOARD + url)
    part = reps.get(
        BOARD + url, headers={"HX-Request": "true", "HX-Target": f"column-{first['stage'].pk}"}
    )

    assert (len(first["cards"]), first["more_label"]) == (25, "Show 6 more")
    assert len(page.context["columns"][0]["cards"]) == 31
    assert page.context["columns"][0]["more_url"] == ""
    assert part.content.decode().count("data-card") == 31
    assert "<html" not in part.content.decode()


@pytest.mark.parametrize("cards", ["0", "-3", "x", "99999", "٣", "1e3"])
def test_shows_the_first_ones_whatever_number_is_asked_for(
    reps: Client, rep: User, cards: str
) -> None:
    OpportunityFactory(owner=rep)

    answer = reps.get(BOARD, {"cards": cards, "column": stage("develop").pk, "view": "all"})

    assert len(answer.context["columns"][0]["cards"]) == 1


def test_narrows_as_the_list_does_and_leads_there(reps: Client, rep: User, rep2: User) -> None:
    OpportunityFactory(owner=rep, topic="Mine")
    OpportunityFactory(owner=rep2, topic="Of a colleague")

    mine = reps.get(BOARD)
    everybody = reps.get(BOARD, {"q": "colleague", "status": "open"})
    table = {each["label"]: each["url"] for each in everybody.context["layouts"]}["Table"]
    back = {each["label"]: each["url"] for each in reps.get(table).context["layouts"]}["Board"]

    assert topics(mine.context["columns"][0]) == ["Mine"]
    assert topics(everybody.context["columns"][0]) == ["Of a colleague"]
    assert [row.topic for row in reps.get(table).context["page"]["rows"]] == ["Of a colleague"]
    assert topics(reps.get(back).context["columns"][0]) == ["Of a colleague"]


def test_shows_nothing_that_may_not_be_seen(client: Client, rep: User, outsider: User) -> None:
    account = AccountFactory(owner=outsider, name="Hidden Works")
    OpportunityFactory(owner=outsider, topic="Not theirs to see", value=Decimal(9000))
    OpportunityFactory(owner=rep, topic="Seen", account=account)
    client.force_login(rep)

    page = client.get(BOARD + "?status=open").content.decode()

    assert "Not theirs to see" not in page
    assert "Hidden Works" not in page
    assert "€9" not in page


def test_card_of_a_colleague_can_be_read_and_not_moved(
    client: Client, rep: User, rep2: User
) -> None:
    OpportunityFactory(owner=rep, topic="Seen")
    client.force_login(rep2)

    shown = column(client, "develop", "?status=open")

    assert topics(shown) == ["Seen"]
    assert not shown["cards"][0]["may_change"]
    page = client.get(BOARD + "?status=open").content.decode()
    assert "data-move=" not in page
    assert "/stage/" not in page


def test_marks_what_is_longer_in_its_stage_than_usual(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    since = timezone.now() - timedelta(days=34)
    Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=since)
    OpportunityFactory(owner=rep)

    cards = column(reps, "develop")["cards"]

    assert {(card["is_stale"], card["days"]) for card in cards} == {
        (True, "Stale, 34 days"),
        (False, "0 days in stage"),
    }


def test_has_a_column_for_each_stage_of_one_process(reps: Client, rep: User) -> None:
    other = Process.objects.create(key="renewal", name="Renewal", position=2)
    first = Stage.objects.create(process=other, key="ask", name="Ask", position=1, probability=50)
    deal = OpportunityFactory(owner=rep, topic="Renewed")
    Opportunity.objects.filter(pk=deal.pk).update(stage=first)
    OpportunityFactory(owner=rep, topic="New")

    page = reps.get(BOARD)
    switch = {each["label"]: each["url"] for each in page.context["process_switch"]}
    renewal = reps.get(BOARD + switch["Renewal"])

    assert [each["stage"].key for each in page.context["columns"]] == [
        "develop", "propose", "close",
    ]  # fmt: skip
    assert topics(page.context["columns"][0]) == ["New"]
    assert [topics(each) for each in renewal.context["columns"]] == [["Renewed"]]
    assert "process" not in [chip["name"] for chip in renewal.context["chips"]]


def test_says_where_closed_ones_are(reps: Client, rep: User) -> None:
    win(OpportunityFactory(owner=rep), by=rep)

    page = reps.get(BOARD, {"status": "won"})

    assert "The board shows open opportunities" in page.content.decode()
    assert "/opportunities/?status=won" in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?process=99",
        "?process=x",
        "?column=x",
        "?stage=x",
        "?owner=x",
        "?closing=never",
        "?sort=value",
        "?sort=-value&sort=topic",
        "?columns=topic&columns=value",
        "?sort=x&columns=x&per=x&density=x",
    ],
)
def test_answers_whatever_stands_in_the_address(reps: Client, rep: User, query: str) -> None:
    OpportunityFactory(owner=rep)

    assert reps.get(BOARD + query).status_code == 200


def test_takes_as_many_statements_however_many_cards(
    reps: Client, rep: User, statements: Any
) -> None:
    account = AccountFactory(owner=rep)
    OpportunityFactory(owner=rep, account=account)
    reps.get(BOARD)
    with statements() as few:
        reps.get(BOARD)
    for key in ("propose", "close"):
        for _ in range(5):
            deal = OpportunityFactory(owner=rep, account=AccountFactory(owner=rep))
            move_to_stage(deal, by=rep, stage=stage(key))

    with statements() as many:
        reps.get(BOARD)

    assert len(few) == len(many) <= 10, "\n".join(many)


# Moving


def test_moving_answers_with_both_columns_and_how_it_is_undone(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep, topic="Kiln sensors", value=Decimal(1000))
    OpportunityFactory(owner=rep, topic="Stays")

    answer = moved(reps, deal, "propose")

    deal.refresh_from_db()
    assert answer.status_code == 200
    assert deal.stage.key == "propose"
    told = json.loads(answer["HX-Trigger"])
    assert told["toast"]["text"] == "Kiln sensors is in Propose"
    assert told["toast"]["undo"].startswith(f"/opportunities/{deal.pk}/stage/back/?board=1")
    assert told["announce"]["text"] == "Propose: 1, €1,000"
    html = answer.content.decode()
    assert [f'id="column-{stage(key).pk}"' in html for key in ("develop", "propose", "close")] == [
        True, True, False,
    ]  # fmt: skip
    assert f'id="card-{deal.pk}"' in html
    assert not list(reps.get(BOARD).context["messages"])  # it was said by the toast


def test_a_moved_card_is_shown_though_others_press_more(reps: Client, rep: User) -> None:
    for _ in range(26):
        urgent = OpportunityFactory(owner=rep)
        move_to_stage(urgent, by=rep, stage=stage("propose"))
    late = timezone.now() - timedelta(days=1)
    Opportunity.objects.all().update(next_step="Call", next_step_at=late)
    deal = OpportunityFactory(owner=rep, topic="Last in line")

    html = moved(reps, deal, "propose").content.decode()

    assert f'id="card-{deal.pk}"' in html


def test_undo_brings_a_card_back_as_likely_as_it_was(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    deal = update_opportunity(deal, by=rep, probability=45, version=deal.version)
    undo = json.loads(moved(reps, deal, "propose")["HX-Trigger"])["toast"]["undo"]

    answer = reps.post(undo, follow=True)

    deal.refresh_from_db()
    assert (deal.stage.key, deal.probability) == ("develop", 45)
    assert answer.redirect_chain == [(BOARD + "?owner=me&status=open", 302)]


def test_undo_does_nothing_once_somebody_else_has_changed_it(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    undo = json.loads(moved(reps, deal, "propose")["HX-Trigger"])["toast"]["undo"]
    put_on_hold(deal, by=rep)

    answer = reps.post(undo)

    deal.refresh_from_db()
    assert answer.status_code == 409
    assert deal.stage.key == "propose"


def test_a_missing_step_stops_a_card_and_is_named_with_a_link(reps: Client, rep: User) -> None:
    require_steps("customer-need", "identify-competitors")
    Step.objects.filter(key="customer-need").update(field="customer_need")
    deal = OpportunityFactory(owner=rep, topic="Kiln sensors")
    step = Step.objects.get(key="identify-competitors")
    before = stored()

    answer = moved(reps, deal, "propose")

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Kiln sensors stays in Develop" in html
    assert f'href="/opportunities/{deal.pk}/edit/#id_customer_need"' in html
    assert f'href="/opportunities/{deal.pk}/?stage={stage("propose").pk}#checklist"' in html
    assert step.label in html
    assert "<html" not in html
    assert stored() == before


def test_a_card_that_was_changed_since_stays_and_the_board_is_brought_anew(
    reps: Client, rep: User
) -> None:
    deal = OpportunityFactory(owner=rep)
    move_to_stage(deal, by=rep, stage=stage("close"))

    answer = moved(reps, deal, "propose")

    html = answer.content.decode()
    deal.refresh_from_db()
    assert answer.status_code == 409
    assert deal.stage.key == "close"
    assert "in the meantime" in html
    assert all(
        f'id="column-{each.pk}"' in html for each in Stage.objects.exclude(is_for_leads=True)
    )


def test_a_card_that_was_closed_since_is_refused_in_words(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    win(deal, by=rep)

    answer = moved(reps, deal, "propose")

    assert answer.status_code == 409
    assert "is won" in answer.content.decode()
    assert f'id="card-{deal.pk}"' not in answer.content.decode()


def test_hidden_card_cannot_be_moved(client: Client, rep: User, rep2: User, outsider: User) -> None:
    deal = OpportunityFactory(owner=rep)

    client.force_login(outsider)
    assert moved(client, deal, "propose").status_code == 404
    client.force_login(rep2)
    assert moved(client, deal, "propose").status_code == 403
    deal.refresh_from_db()
    assert deal.stage.key == "develop"


@pytest.mark.parametrize("data", [{}, {"stage": "x"}, {"stage": 10**9}, {"version": "x"}])
def test_nonsense_is_refused_in_words(reps: Client, rep: User, data: dict[str, Any]) -> None:
    deal = OpportunityFactory(owner=rep)

    answer = reps.post(posts(deal), data, headers=CARD)

    assert answer.status_code == 422
    assert "stays in Develop" in answer.content.decode()


# Without scripts


def test_a_card_is_moved_by_its_form(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep, topic="Kiln sensors")
    page = reps.get(BOARD).content.decode()
    form = page[page.index(f'action="/opportunities/{deal.pk}/stage/') :]
    sent = posted(form[: form.index("</form>")])

    answer = reps.post(
        posts(deal), {"stage": stage("propose").pk, "version": sent["version"]}, follow=True
    )

    assert answer.redirect_chain == [(BOARD + "?owner=me&status=open", 302)]
    assert topics(answer.context["columns"][1]) == ["Kiln sensors"]
    assert "Kiln sensors is in Propose" in answer.content.decode()
    assert f"/opportunities/{deal.pk}/stage/back/" in answer.content.decode()


def test_a_refusal_is_a_page_that_leads_back(reps: Client, rep: User) -> None:
    require_steps("customer-need")
    deal = OpportunityFactory(owner=rep)

    answer = reps.post(posts(deal), {"stage": stage("propose").pk})

    assert answer.status_code == 422
    assert "Still to do" in answer.content.decode()
    assert f"{BOARD}?owner=me&amp;status=open" in answer.content.decode()


def test_a_page_that_is_out_of_date_can_be_sent_again(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    put_on_hold(deal, by=rep)
    data = {"stage": stage("propose").pk, "version": deal.version}

    stale = reps.post(posts(deal), data)
    form = stale.content.decode()
    again = posted(form[form.index('id="record-form"') - 20 :])
    answer = reps.post(posts(deal), {**data, "version": again["version"]})

    assert stale.status_code == 409
    assert answer.status_code == 302


# Closed and at rest


@pytest.mark.parametrize("page", ["win", "lose", "hold", "resume", "reopen"])
def test_what_is_done_to_a_card_leads_back_to_the_board(reps: Client, rep: User, page: str) -> None:
    deal = OpportunityFactory(owner=rep)
    if page == "reopen":
        win(deal, by=rep)
    data = {"closed_on": timezone.localdate().isoformat()}
    if page == "lose":
        data["reason"] = str(LossReason.objects.all()[0].pk)

    assert BOARD in reps.get(posts(deal, page)).content.decode()
    answer = reps.post(posts(deal, page), data)

    assert answer["Location"] == BOARD + "?owner=me&status=open"


def test_a_dialog_that_wins_takes_the_card_off_the_board(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep, topic="Kiln sensors")
    dialog = {"HX-Request": "true", "HX-Target": "dialog"}

    asked = reps.get(posts(deal, "win"), headers=dialog).content.decode()
    answer = reps.post(
        posts(deal, "win"), {"closed_on": timezone.localdate().isoformat()}, headers=dialog
    )

    assert "<dialog" in asked
    told = json.loads(answer["HX-Trigger"])["toast"]
    assert told["text"] == "Kiln sensors is won"
    assert told["undo"].startswith(f"/opportunities/{deal.pk}/reopen/?board=1")
    stage_part, won_part = answer.content.decode().split('id="column-won"')
    assert f'id="card-{deal.pk}"' not in stage_part
    assert f'id="column-{deal.stage_id}"' in stage_part
    assert f'id="card-{deal.pk}"' in won_part


def test_a_card_at_rest_says_so_and_stays(reps: Client, rep: User) -> None:
    deal = OpportunityFactory(owner=rep)

    html = reps.post(posts(deal, "hold"), headers=CARD).content.decode()

    assert f'id="card-{deal.pk}"' in html
    assert "On hold" in html
    assert f"/opportunities/{deal.pk}/resume/" in html


# Taking a move back


def test_takes_back_the_last_move_and_remembers_both(rep: User) -> None:
    deal = move_to_stage(OpportunityFactory(owner=rep), by=rep, stage=stage("propose"))

    back = take_back_move(deal, by=rep, version=deal.version)

    assert back.stage == stage("develop")
    moves = back.moves.filter(kind="moved").order_by("pk").values_list("to_stage__key", flat=True)
    assert list(moves) == ["propose", "develop"]


@pytest.mark.parametrize("version", ["x", "-1", "0", "1.5", "²"])
def test_takes_nothing_back_by_what_is_no_version(reps: Client, rep: User, version: str) -> None:
    deal = move_to_stage(OpportunityFactory(owner=rep), by=rep, stage=stage("propose"))

    answer = reps.post(f"/opportunities/{deal.pk}/stage/back/?board=1&version={version}")

    assert answer.status_code == 422
    deal.refresh_from_db()
    assert deal.stage == stage("propose")


def test_takes_nothing_back_that_was_no_move(rep: User) -> None:
    deal = OpportunityFactory(owner=rep)
    before = stored()

    with pytest.raises(Unacceptable):
        take_back_move(deal, by=rep)

    assert stored() == before


def test_takes_nothing_back_to_where_no_opportunity_may_be_by_now(rep: User) -> None:
    deal = move_to_stage(OpportunityFactory(owner=rep), by=rep, stage=stage("propose"))
    Stage.objects.filter(key="develop").update(is_for_leads=True)

    with pytest.raises(Unacceptable):
        take_back_move(deal, by=rep)


def test_takes_nothing_back_that_was_changed_since_or_belongs_to_others(
    rep: User, outsider: User
) -> None:
    deal = move_to_stage(OpportunityFactory(owner=rep), by=rep, stage=stage("propose"))

    with pytest.raises(Stale):
        take_back_move(deal, by=rep, version=deal.version - 1)
    with pytest.raises(NotPermitted):
        take_back_move(deal, by=outsider)
