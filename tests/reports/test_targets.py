"""Targets: who sets them, how they add up, and what the figures say beside them."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from records.errors import NotPermitted, Stale, Unacceptable
from records.models import AuditEntry
from reports.models import Target
from reports.operations import set_targets, targets_of, version_of
from reports.queries import NOBODY, Period, months_from
from tests.api.conftest import Caller
from tests.reports.test_overview import asked_by, listed
from tests.reports.world import a_won_opportunity, an_opportunity, noon
from users.models import Team, User

YEAR = 2026
QUARTER = Period(date(YEAR, 1, 1), date(YEAR, 3, 31))


def set_(holder: User | Team, by: User, **amounts: int | None) -> list[Target]:
    """Set targets by the names of months: `jan=100`."""
    names = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    told = {
        names.index(name) + 1: None if amount is None else Decimal(amount)
        for name, amount in amounts.items()
    }
    return set_targets(holder, YEAR, by=by, amounts=told)


def this_month(holder: User | Team, by: User, amount: int) -> None:
    today = timezone.localdate()
    set_targets(holder, today.year, by=by, amounts={today.month: Decimal(amount)})


def target_of(viewer: User, period: Period = QUARTER, **question: Any) -> Decimal | None:
    return asked_by(viewer, period=period, **question).target


# Setting them


def test_sets_changes_and_takes_back_and_leaves_a_trail(manager: User, rep: User) -> None:
    set_(rep, manager, jan=100, feb=200)
    set_(rep, manager, jan=150)
    set_(rep, manager, jan=None)

    assert {month: target.amount for month, target in targets_of(rep, YEAR).items()} == {
        1: None,
        2: Decimal(200),
    }
    trail = AuditEntry.objects.filter(event="target.changed").order_by("pk")
    assert [line.changes["amount"] for line in trail] == [
        [None, "100"], [None, "200"], ["100.00", "150"], ["150.00", None],
    ]  # fmt: skip
    assert {line.actor for line in trail} == {manager}


def test_saying_what_stands_writes_nothing(manager: User, rep: User) -> None:
    set_(rep, manager, jan=100)
    before = version_of(targets_of(rep, YEAR)), AuditEntry.objects.count()

    set_(rep, manager, jan=100, feb=None)

    assert (version_of(targets_of(rep, YEAR)), AuditEntry.objects.count()) == before


def test_refuses_what_was_read_before_somebody_changed_it(
    manager: User, admin: User, rep: User
) -> None:
    set_(rep, manager, jan=100)
    read = version_of(targets_of(rep, YEAR))
    set_(rep, admin, jan=None)

    with pytest.raises(Stale) as refused:
        set_targets(rep, YEAR, by=manager, amounts={1: Decimal(5)}, version=read)

    assert refused.value.by == str(admin)
    assert targets_of(rep, YEAR)[1].amount is None


@pytest.mark.parametrize("who", ["rep", "rep2", "outsider"])
def test_nobody_sets_a_target_whose_role_does_not_say_so(
    who: str, rep: User, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)

    for holder in (rep, rep.team):
        with pytest.raises(NotPermitted):
            set_(holder, user, jan=100)

    assert not Target.objects.exists()


def test_a_manager_sets_those_of_the_own_team_alone(
    manager: User, outsider: User, rep: User
) -> None:
    for holder in (outsider, outsider.team):
        with pytest.raises(NotPermitted):
            set_(holder, manager, jan=100)

    set_(rep, manager, jan=1)
    set_(rep.team, manager, jan=1)
    assert Target.objects.count() == 2


@pytest.mark.once
@pytest.mark.parametrize("amount", ["0", "-1", "1e12", "NaN", "Infinity", "10.005"])
def test_refuses_an_amount_that_is_none(manager: User, rep: User, amount: str) -> None:
    with pytest.raises(Unacceptable):
        set_targets(rep, YEAR, by=manager, amounts={1: Decimal(amount)})

    assert not Target.objects.exists()


@pytest.mark.parametrize("year", [1999, 2200, -1])
def test_refuses_a_year_far_off(manager: User, rep: User, year: int) -> None:
    with pytest.raises(Unacceptable):
        set_targets(rep, year, by=manager, amounts={1: Decimal(1)})


def test_the_database_keeps_one_target_a_month_of_one_holder(rep: User) -> None:
    first = date(YEAR, 1, 1)
    Target.objects.create(month=first, owner=rep, amount=Decimal(1))

    for wrong in (
        {"owner": rep, "amount": Decimal(2)},
        {"owner": rep, "team": rep.team, "amount": Decimal(2)},
        {"amount": Decimal(2)},
        {"team": rep.team, "amount": Decimal(0)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Target.objects.create(month=first, **wrong)


# How they add up


def test_a_team_with_a_target_of_its_own_counts_as_that(
    manager: User, rep: User, rep2: User
) -> None:
    set_(rep, manager, jan=100, feb=100)
    set_(rep2, manager, jan=50)
    assert target_of(manager) == 250

    set_(rep.team, manager, jan=400)

    assert target_of(manager) == 500
    assert target_of(manager, owner=str(rep.pk)) == 200
    assert target_of(manager, team=str(rep.team_id)) == 500


def test_counts_whole_months_only(manager: User, rep: User) -> None:
    set_(rep, manager, jan=100, feb=10, mar=1)

    assert target_of(manager, Period(date(YEAR, 1, 2), date(YEAR, 2, 28))) == 10
    assert target_of(manager, Period(date(YEAR, 2, 1), date(YEAR, 3, 30))) == 10
    assert target_of(manager, Period(date(YEAR, 4, 1), date(YEAR, 4, 30))) is None
    assert target_of(manager, Period(date(1900, 1, 1), date(2199, 12, 31))) == 111


def test_there_is_none_of_a_source_nor_of_nobody(manager: User, rep: User) -> None:
    set_(rep, manager, jan=100)

    assert target_of(manager, source="1") is None
    assert target_of(manager, owner=NOBODY) is None


def test_adds_up_only_what_the_viewer_may_know(
    manager: User, admin: User, outsider: User, rep: User
) -> None:
    set_(rep, manager, jan=100)
    set_(outsider, admin, jan=7)

    assert target_of(rep) == target_of(manager) == 100
    assert target_of(outsider) == 7
    assert target_of(admin) == 107


# What the figures say


def test_the_overview_says_how_far_it_is(
    client: Client, manager: User, rep: User, rep2: User
) -> None:
    today = timezone.localdate()
    this_month(rep, manager, 1000)
    a_won_opportunity(rep, 930)
    an_opportunity(rep, value=100, probability=10, estimated_close_date=today)
    an_opportunity(rep2, value=9000, probability=90)  # nobody knows when
    client.force_login(manager)

    answer = client.get("/reports/?period=this_month")

    assert answer.context["aims"] == {
        "won": ("93%", "", 1000),
        "due": ("€60 short of target", "warn", 1000),
    }
    html = answer.content.decode()
    assert "of €1k" in html or "of €1,000" in html
    assert "with what was won" in html


def test_the_overview_says_nothing_of_a_target_that_there_is_not(
    client: Client, manager: User
) -> None:
    client.force_login(manager)

    answer = client.get("/reports/?period=this_month")
    card = client.get("/reports/attainment/?period=this_month")

    assert answer.context["aims"] == {}
    assert "Nobody has a target in this period." in card.content.decode()


def test_stands_against_the_own_target_also_with_nothing_won(
    manager: User, rep: User, rep2: User
) -> None:
    (month,) = months_from(timezone.localdate(), 1)
    this_month(rep, manager, 1000)
    this_month(rep2, manager, 500)
    a_won_opportunity(rep, 1190)

    first, second = asked_by(manager, period=month).leaderboard

    assert (first.name, first.target, first.share) == ("Rep", 1000, 1.19)
    assert (second.name, second.target, second.share, second.won.count) == ("Rep2", 500, 0.0, 0)


def test_the_forecast_has_the_target_of_each_month(
    client: Client, manager: User, rep: User
) -> None:
    this_month(rep, manager, 1000)
    client.force_login(manager)

    months = [place for place in asked_by(manager).forecast if place.month]
    html = client.get("/reports/forecast/").content.decode()

    assert [month.target for month in months] == [1000, None, None, None]
    assert html.count('class="c-mark--target"') == 2  # across the month, and in the legend
    assert "against the target of each month" in html


def test_months_beside_their_targets_add_up_and_open_what_was_won(
    client: Client, manager: User, rep: User
) -> None:
    today = timezone.localdate()
    this_month(rep, manager, 1000)
    a_won_opportunity(rep, 250)
    a_won_opportunity(rep, 50, at=noon(400))
    client.force_login(manager)

    page = client.get("/reports/attainment/?period=12_months")
    *months, total = page.context["table"].all_rows

    assert len(months) == 12
    assert [cell.value for cell in months[-1].cells] == [250, 1, 1000, 0.25, -750]
    assert [cell.value for cell in total.cells] == [250, 1, 1000, 0.25, -750]
    for row in (*months, total):
        assert listed(client, row.cells[1].url) == row.cells[1].value
    lines = list(
        csv.reader(
            client.get("/reports/attainment/?period=12_months&format=csv")
            .content.decode()
            .splitlines()
        )
    )
    assert lines[-1][1:] == ["250.00", "1", "1000.00", "0.2500", "-750.00"]
    body = Caller(manager).get(f"reports/attainment/?from={today.replace(day=1)}").json()
    assert body["total"]["values"]["won_value"] == "250.00"


def test_answers_for_three_hundred_years(manager: User, rep: User) -> None:
    set_(rep, manager, jan=100)
    a_won_opportunity(rep, 250)

    body = Caller(manager).get("reports/attainment/?from=1900-01-01&to=2199-12-31").json()

    assert [row["key"] for row in body["rows"]] == sorted(
        {f"{YEAR}-01", timezone.localdate().isoformat()[:7]}
    )
    assert body["total"]["values"]["target"] == "100.00"


# Which share of leads is to be qualified


def test_a_share_is_that_of_the_team_or_else_the_mean_of_its_people(
    manager: User, admin: User, rep: User, rep2: User, outsider: User
) -> None:
    def shares(viewer: User, **question: str) -> list[float | None]:
        found = asked_by(viewer, period=QUARTER, **question).targets
        return [found.rate_of(date(YEAR, month, 1)) for month in (1, 2, 3)]

    for holder, month, share in ((rep, 1, 20), (rep2, 1, 30), (rep, 2, 40), (outsider, 2, 60)):
        set_targets(holder, YEAR, by=admin, conversions={month: Decimal(share)})
    assert shares(manager) == [0.25, 0.4, None]
    assert shares(admin) == [0.25, 0.5, None]
    assert shares(manager, owner=str(rep.pk)) == [0.2, 0.4, None]
    assert shares(manager, source="1") == [None, None, None]

    set_(rep, manager, jan=100)
    set_targets(rep.team, YEAR, by=manager, conversions={1: Decimal("33.5")})

    assert shares(manager) == [0.335, 0.4, None]
    # Neither stands in the way of the other.
    assert target_of(manager) == 100
    assert asked_by(manager, period=QUARTER).leaderboard[0].target == 100


@pytest.mark.parametrize("share", ["0", "-1", "100.01", "NaN", "10.005"])
def test_refuses_a_share_that_is_none(manager: User, rep: User, share: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        set_targets(rep, YEAR, by=manager, conversions={3: Decimal(share)})

    assert refused.value.errors.keys() == {"conversion_3"}
    assert not Target.objects.exists()


def test_the_share_of_each_month_is_drawn_told_and_filled_in(
    client: Client, manager: User, rep: User
) -> None:
    today = timezone.localdate()
    client.force_login(manager)
    address = reverse("targets:team", args=[rep.team_id, today.year])

    client.post(address, {f"conversion_{today.month}": "37.5", "version": "0"})

    page = client.get("/reports/trend/")
    assert [row.cells[-1].value for row in page.context["table"].rows] == [*[None] * 11, 0.375]
    html = page.content.decode()
    assert html.count('class="c-mark--target"') == 2  # across the month, and in the legend
    assert "37.5%" in client.get("/reports/targets/").content.decode()
    body = Caller(manager).get("reports/trend/").json()
    assert body["rows"][-1]["values"]["target"] == "0.3750"


# For programs


def test_programs_set_change_and_take_back(manager: User, rep: User, rep2: User) -> None:
    caller = Caller(manager)
    sent = {"month": "2026-03", "owner": rep.email, "amount": "500.00", "conversion": "25"}

    made = caller.post("targets", sent)
    one = made.json()
    changed = caller.patch(f"targets/{one['id']}", {"amount": "600"}, If_Match=made["ETag"])
    slower = caller.patch(f"targets/{one['id']}", {"amount": "700"}, If_Match=made["ETag"])
    seen = Caller(rep2).get("targets?year=2026").json()["results"]
    gone = caller.delete(f"targets/{one['id']}", If_Match=changed["ETag"])

    assert made.status_code == 201
    assert one == {
        "id": one["id"], "version": 1, "month": "2026-03", "owner": rep.email, "team": None,
        "amount": "500.00", "conversion": "25.00",
    }  # fmt: skip
    assert (changed.json()["amount"], changed.json()["version"]) == ("600.00", 2)
    assert slower.status_code == 412
    assert [line["amount"] for line in seen] == ["600.00"]
    assert caller.get("targets?year=99999").status_code == 400
    assert gone.status_code == 204
    assert caller.get(f"targets/{one['id']}").status_code == 404
    assert caller.get("targets").json()["results"] == []
    again = caller.post("targets", {"month": "2026-03", "owner": rep.email, "amount": "1"})
    assert (again.json()["id"], again.json()["version"]) == (one["id"], 4)
    assert AuditEntry.objects.filter(event="target.changed", actor=manager).count() == 4


def test_programs_may_what_their_people_may(manager: User, rep: User, outsider: User) -> None:
    (target,) = set_(rep, manager, jan=100)
    mine = {"month": "2026-01", "owner": outsider.email, "amount": "5"}

    assert Caller(rep).patch(f"targets/{target.pk}", {"amount": "5"}).status_code == 403
    assert Caller(outsider).get(f"targets/{target.pk}").status_code == 404
    assert Caller(manager).post("targets", mine).status_code == 403
    assert Target.objects.get().amount == 100


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"month": "2026-13"}, "month"),
        ({"month": "1999-01"}, ""),
        ({"month": "２０２６-03"}, "month"),
        ({"owner": None}, "owner"),
        ({"team": "North"}, "owner"),
        ({"amount": "0"}, "amount"),
        ({"amount": None}, "amount"),
        ({"conversion": "101"}, "conversion"),
    ],
)
def test_programs_are_told_what_is_wrong(
    manager: User, rep: User, sent: dict[str, Any], field: str
) -> None:
    usual = {"month": "2026-03", "owner": rep.email, "amount": "5"}

    answer = Caller(manager).post("targets", usual | sent)

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == ({field} if field else set())
    assert not Target.objects.exists()


# Their pages


def test_shows_whom_the_viewer_may_know(
    client: Client, manager: User, rep: User, outsider: User
) -> None:
    set_(rep.team, manager, jan=400)
    set_(rep, manager, jan=100, feb=50)
    client.force_login(rep)

    page = client.get(f"/reports/targets/?year={YEAR}")

    lines = {line.name: line for line in page.context["lines"]}
    assert lines[str(rep)].total == 150
    assert lines[str(rep.team)].total == 400
    assert str(outsider) not in lines
    assert not [line for line in lines.values() if line.edit_url]


def test_a_manager_fills_in_a_year(client: Client, manager: User, rep: User) -> None:
    client.force_login(manager)
    address = reverse("targets:person", args=[rep.pk, YEAR])
    assert address in client.get(f"/reports/targets/?year={YEAR}").content.decode()

    answer = client.post(address, {"month_1": "30k", "month_2": "1,000.50", "version": "0"})

    assert answer.status_code == 302
    assert {n: t.amount for n, t in targets_of(rep, YEAR).items()} == {
        1: Decimal(30000),
        2: Decimal("1000.50"),
    }


def test_asks_where_somebody_else_was_quicker(
    client: Client, manager: User, admin: User, rep: User
) -> None:
    client.force_login(manager)
    address = reverse("targets:person", args=[rep.pk, YEAR])
    set_(rep, admin, jan=7)

    stale = client.post(address, {"month_1": "8", "month_3": "9", "version": "0"})

    assert stale.status_code == 409
    assert {line["name"] for line in stale.context["merge"]} == {"month_1", "month_3"}
    version = stale.context["form"].initial["version"]
    client.post(
        address,
        {"month_1": "8", "merge-month_1": "theirs", "month_3": "9", "version": str(version)},
    )
    assert {n: t.amount for n, t in targets_of(rep, YEAR).items()} == {1: 7, 3: 9}


@pytest.mark.once
@pytest.mark.parametrize("typed", ["-5", "0", "around 30k", "1e9", "9" * 30, "\x00"])
def test_says_what_to_type_instead(client: Client, manager: User, rep: User, typed: str) -> None:
    client.force_login(manager)

    answer = client.post(reverse("targets:person", args=[rep.pk, YEAR]), {"month_1": typed})

    assert answer.status_code == 422
    assert not Target.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize("year", ["", "0", "99999999999999999999", "-1", "x", "２０２６"])
def test_shows_this_year_where_none_is_meant(client: Client, manager: User, year: str) -> None:
    client.force_login(manager)

    page = client.get("/reports/targets/", {"year": year})

    assert page.context["year"] == timezone.localdate().year


def test_the_administration_sets_them_by_the_same_operation(
    client: Client, admin: User, rep: User
) -> None:
    admin.is_staff = True
    admin.save()
    client.force_login(admin)
    change = reverse("admin:reports_target_add")

    added = client.post(change, {"month": f"{YEAR}-05-17", "owner": rep.pk, "amount": "900"})

    assert added.status_code == 302, added.context["errors"]
    target = Target.objects.get()
    assert (target.month, target.amount) == (date(YEAR, 5, 1), 900)
    change = reverse("admin:reports_target_change", args=[target.pk])
    client.post(change, {"amount": "", "known_version": "1"})
    assert Target.objects.get().amount is None
    stale = client.post(change, {"amount": "5", "known_version": "1"})
    assert stale.status_code == 200
    assert Target.objects.get().amount is None
    assert AuditEntry.objects.filter(event="target.changed").count() == 2


def test_an_owner_who_has_left_keeps_the_target_of_the_past(
    client: Client, manager: User, rep: User
) -> None:
    set_(rep, manager, jan=100)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    client.force_login(manager)

    lines = client.get(f"/reports/targets/?year={YEAR}").context["lines"]

    assert target_of(manager) == 100
    assert str(rep) in {line.name for line in lines}
