"""Numbers, money, days and hours: written and read as their reader does, in one place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from babel.numbers import format_decimal
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from tests.factories import UserFactory
from users import formats
from users.models import User
from workbench.custom import number_of
from workbench.forms import MoneyField
from workbench.templatetags.workbench import ago, due, due_state

ON = date(2026, 11, 27)
AT = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


def reader(**said: Any) -> User:
    return User(email="ada@engine.example", name="Ada", **said)


# locale, thousands, per cent, money, day, short day, moment in UTC
WRITTEN = [
    ("", "12,431.5", "12.5%", "€30,000", "27 Nov 2026", "27 Nov", "27 Nov 2026, 23:30"),
    (
        "en_US", "12,431.5", "12.5%", "€30,000", "Nov 27, 2026", "Nov 27",
        "Nov 27, 2026, 11:30\N{NARROW NO-BREAK SPACE}PM",
    ),
    (
        "de_DE", "12.431,5", "12,5\N{NO-BREAK SPACE}%", "30.000\N{NO-BREAK SPACE}€",
        "27. Nov. 2026", "27. Nov.", "27. Nov. 2026, 23:30",
    ),
    (
        "fr_FR", "12\N{NARROW NO-BREAK SPACE}431,5",
        "12,5\N{NO-BREAK SPACE}%", "30\N{NARROW NO-BREAK SPACE}000\N{NO-BREAK SPACE}€",
        "27 nov. 2026", "27 nov.", "27 nov. 2026, 23:30",
    ),
    (
        "en_IN", "12,431.5", "12.5%", "€30,000", "27 Nov 2026", "27 Nov",
        "27 Nov 2026, 11:30\N{NARROW NO-BREAK SPACE}pm",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("locale", "number", "share", "money", "day", "short", "at"), WRITTEN)
@time_machine.travel(AT, tick=False)
def test_writes_as_the_reader_does(
    locale: str, number: str, share: str, money: str, day: str, short: str, at: str
) -> None:
    with formats.written_for(reader(locale=locale)):
        assert formats.number(Decimal("12431.5")) == number
        assert formats.percent(Decimal("0.125"), 1) == share
        assert formats.money(30000, "EUR") == money
        assert formats.day(ON) == day
        assert formats.short_day(ON) == short
        assert formats.moment(AT) == at


def test_every_locale_that_can_be_chosen_writes_and_reads_back() -> None:
    """Whatever region somebody chooses, a form shows him an amount that it takes again."""
    assert len(formats.locale_names()) > 300
    field = MoneyField()
    wrong = []
    for name in sorted(formats.locale_names()):
        with formats.written_for(reader(locale=name)):
            for amount in (Decimal("1234567.89"), Decimal("30000"), Decimal("999.5")):
                shown = field.prepare_value(amount)
                try:
                    read = field.clean(shown)
                except ValidationError:
                    read = None
                if read != amount:
                    wrong.append((name, shown, read))
            words = (
                formats.day(ON), formats.weekday(ON), formats.long_day(ON), formats.month(ON),
                formats.long_month(ON), formats.clock(AT), formats.moment(AT),
                formats.money(30000, "USD", compact=True), formats.percent(0.5, 1),
            )  # fmt: skip
            wrong += [(name, text, None) for text in words if not text.strip() or "{" in text]

    assert not wrong


@pytest.mark.parametrize(
    ("locale", "typed", "meant"),
    [
        ("de_DE", "30.000,50", "30000.50"),
        ("de_DE", "€30 000", "30000"),
        ("de_DE", "30k", "30000"),
        ("de_CH", "30’000.50", "30000.50"),
        ("fr_FR", "30\N{NARROW NO-BREAK SPACE}000,5", "30000.50"),
        ("en_US", "$30,000.50", "30000.50"),
        ("en_IN", "1,00,000", "100000"),
    ],
)
def test_reads_as_the_reader_types(locale: str, typed: str, meant: str) -> None:
    with formats.written_for(reader(locale=locale)):
        assert MoneyField().clean(typed) == Decimal(meant)


@pytest.mark.parametrize(
    ("locale", "typed", "example"),
    [("de_DE", "30,000.50", "80.000"), ("en_US", "30.000,50", "80,000"), ("", "a lot", "80,000")],
)
def test_refuses_what_is_in_doubt_with_an_example_of_ones_own(
    locale: str, typed: str, example: str
) -> None:
    with (
        formats.written_for(reader(locale=locale)),
        pytest.raises(ValidationError, match=f"like {example}"),
    ):
        MoneyField().clean(typed)


def test_numbers_of_custom_fields_are_read_in_the_same_way() -> None:
    with formats.written_for(reader(locale="de_DE")):
        assert number_of("1.250,5") == Decimal("1250.5")
        assert number_of("1,250.5") is None


def test_a_currency_is_a_symbol_or_a_code_and_may_be_told_in_ones_own() -> None:
    with formats.written_for(reader(currency_display="code")):
        assert formats.money(30000, "EUR") == "EUR\N{NO-BREAK SPACE}30,000"
        assert formats.money(1_260_000, "EUR", compact=True) == "EUR\N{NO-BREAK SPACE}1.26M"
    with formats.written_for(
        reader(shows_own_currency=True), rates=lambda: {"USD": Decimal("0.92")}
    ):
        assert formats.money(30000, "USD") == "$30,000 (€27,600)"
        assert formats.money(30000, "EUR") == "€30,000"
        assert formats.money(30000, "XXX") == "¤30,000"


def test_today_and_late_are_decided_where_the_reader_is() -> None:
    with time_machine.travel(AT, tick=False):
        tomorrow_there = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
        with formats.written_for(reader(time_zone="UTC")):
            assert due_state(tomorrow_there) == "planned"
            assert ">Tomorrow, 01:00<" in due(tomorrow_there)
        with formats.written_for(reader(time_zone="Asia/Tokyo")):  # 08:30 on the 28th
            assert timezone.localdate() == date(2026, 11, 28)
            assert due_state(tomorrow_there) == "today"
            assert ">Today, 10:00<" in due(tomorrow_there)
        with formats.written_for(reader(time_zone="Pacific/Honolulu")):
            assert 'title="27 Nov 2026, 11:30"' in ago(datetime(2026, 11, 27, 21, 30, tzinfo=UTC))


def test_brings_back_what_was_there_before() -> None:
    with translation.override("de"), timezone.override("Asia/Tokyo"):
        with formats.written_for(reader(locale="en_US", time_zone="UTC", first_weekday="sunday")):
            assert formats.first_weekday() == 6
        assert translation.get_language() == "de"
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
        assert formats.style() == formats.USUAL
        assert formats.day(ON) == "27. Nov. 2026"  # the locale is that of the language


def test_a_week_begins_where_the_region_or_the_person_says() -> None:
    for said, first in (
        ({}, 0), ({"locale": "en_US"}, 6), ({"locale": "de_DE"}, 0),
        ({"locale": "en_US", "first_weekday": "monday"}, 0), ({"first_weekday": "saturday"}, 5),
    ):  # fmt: skip
        with formats.written_for(reader(**said)):
            assert formats.first_weekday() == first
    with formats.written_for(reader(first_weekday="sunday")):
        assert formats.week_of(ON) == (date(2026, 11, 22), date(2026, 11, 29))


def test_a_zone_or_a_locale_that_is_gone_breaks_nothing() -> None:
    with formats.written_for(reader(time_zone="Mars/Base", locale="xx_XX", language="tlh")):
        assert formats.day(ON) == "27 Nov 2026"
        assert timezone.get_current_timezone() == timezone.get_default_timezone()


def test_rounds_as_people_do() -> None:
    assert [formats.number(Decimal("2.5"), 0), formats.number(Decimal("-0.125"), 2)] == [
        "3",
        "-0.13",
    ]
    assert formats.percent(Decimal("0.9995"), 1) == "100.0%"
    assert formats.number(Decimal("1E+3")) == "1,000"
    assert formats.number(1234) == format_decimal(1234, locale="en")


def test_house_days_are_the_same_for_everybody(db: None) -> None:
    user = UserFactory(time_zone="Asia/Tokyo")
    with formats.written_for(user):
        assert formats.house_now().tzinfo == timezone.get_default_timezone()
