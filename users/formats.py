"""How numbers, money, days and hours are written and read for whoever reads: the one place for it.

Three things are known of a reader: his language and his time zone, which Django keeps for the
request, and his style, which is kept here in the same way: the locale of numbers and days, how a
currency is shown, on which day a week begins. `written_for` gives all three for a person, and is
what the pages, the mails and the jobs are run in. Where nobody has chosen, the language says it.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.localedata import locale_identifiers
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from users.models import User

COMPACT_FROM, MILLION = 10_000, 1_000_000
KILO = 1024
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
CENTS = re.compile(r"\.0+")
CODE_BEFORE_DIGIT = re.compile(r"([^\W\d_])(?=\d)")  # "DKK42" reads badly
GAP = "\\1\N{NO-BREAK SPACE}"

# English without a country is nobody's: days as the design has them, hours of the whole day.
PLAIN_ENGLISH = {
    "yMMMd": "d MMM y",
    "MMMd": "d MMM",
    "yMMMMEEEEd": "EEEE, d MMMM y",
    "MMMMEEEEd": "EEEE d MMMM",
    "yMMMMd": "d MMMM y",
}
# These every locale has under another name; of the others some have only what is like it.
WHOLE_DAYS = {"yMMMMEEEEd": "full", "yMMMMd": "long", "MMM": "LLL"}
LIKE = {"MMMMEEEEd": ("MMMMEd", "MMMEd"), "yMMMM": ("yMMM", "yM"), "yMMM": ("yM",)}


# Who reads


def _no_rates() -> Mapping[str, Decimal]:
    return {}


@dataclass(frozen=True)
class Style:
    """How somebody wants numbers, money and days to be written.

    locale           like `de_CH`; empty is that of the language
    shows_code       EUR in place of €
    shows_own        an amount in another currency also in the installation's
    rates            what a unit of each currency is worth in the installation's; asked when needed
    first_weekday    0 is Monday; None is as usual in the locale
    """

    locale: str = ""
    shows_code: bool = False
    shows_own: bool = False
    rates: Callable[[], Mapping[str, Decimal]] = _no_rates
    first_weekday: int | None = None


USUAL = Style()
_style: ContextVar[Style | None] = ContextVar("style", default=None)


def style() -> Style:
    """Return the style of the reader; where nobody reads, the usual one."""
    return _style.get() or USUAL


@contextmanager
def written_for(
    user: User, *, rates: Callable[[], Mapping[str, Decimal]] = _no_rates
) -> Iterator[None]:
    """Write and read as `user` does: his language, his zone, his style."""
    with kept():
        begin(user, rates=rates)
        yield


@contextmanager
def kept() -> Iterator[None]:
    """Bring language, zone and style back in the end to what they were."""
    with ExitStack() as stack:
        stack.enter_context(translation.override(get_language()))
        stack.enter_context(timezone.override(timezone.get_current_timezone()))
        stack.callback(_style.reset, _style.set(_style.get()))
        yield


def begin(user: User, *, rates: Callable[[], Mapping[str, Decimal]] = _no_rates) -> None:
    """Write and read as `user` does from now on; what he leaves open stays as it is."""
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)
    timezone.activate(zone_of(user))
    days: dict[str, int] = {"monday": MONDAY, "saturday": SATURDAY, "sunday": SUNDAY}
    _style.set(
        Style(
            locale=user.locale,
            shows_code=user.currency_display == "code",
            shows_own=user.shows_own_currency,
            rates=rates,
            first_weekday=days.get(user.first_weekday),
        )
    )


def zone_of(user: User) -> tzinfo:
    """Return the zone in which the days of `user` begin: his own, else the installation's."""
    return zone_named(user.time_zone) or timezone.get_default_timezone()


@cache
def zone_named(name: str) -> tzinfo | None:
    """Return the zone of this name, if there is one."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all zones, in their order."""
    return tuple(sorted(name for name in available_timezones() if name != "localtime"))


def house_now() -> datetime:
    """Return the present moment where the installation is: rules mean one day for everybody."""
    return timezone.localtime(timezone=timezone.get_default_timezone())


# Locales


@cache
def locale_names() -> frozenset[str]:
    """Return the locales of a country that one can choose, like `de_CH`."""
    return frozenset(
        name
        for name in locale_identifiers()
        if re.fullmatch(r"[a-z]{2,3}(_[A-Z][a-z]{3})?_([A-Z]{2})", name)
    )


@cache
def locales(language: str) -> tuple[tuple[str, str], ...]:
    """Return each locale that one can choose with its name in a language, by that name."""
    words = locale_named(language)
    named = []
    for name in locale_names():
        parts = name.split("_")
        script = words.scripts.get(parts[1], parts[1]) if len(parts) > 2 else ""
        country = words.territories.get(parts[-1], parts[-1])
        spoken = words.languages.get(parts[0], parts[0])
        named.append((name, f"{spoken} ({', '.join(filter(None, [script, country]))})"))
    return tuple(sorted(named, key=lambda pair: pair[1].casefold()))


@lru_cache(maxsize=64)
def locale_named(name: str) -> Locale:
    """Return a locale by its name, or that of its language, or plain English."""
    for each in (name, name.replace("-", "_").partition("_")[0]):
        try:
            return Locale.parse(each.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale("en")


def current() -> str:
    """Return the name of the locale that numbers and days are written in."""
    return style().locale or to_locale(get_language() or settings.LANGUAGE_CODE)


def first_weekday() -> int:
    """Return on which day a week begins for the reader; 0 is Monday.

    Plain English begins on Monday, as the product always has.
    """
    reader = style()
    if reader.first_weekday is not None:
        return reader.first_weekday
    return int(locale_named(reader.locale).first_week_day) if reader.locale else MONDAY


# Numbers


def number(value: int | float | Decimal, places: int | None = None) -> str:
    """Write a number with its thousands parted; with as many decimals as it has unless told."""
    return _number(_decimal(value), places, current())


def count(value: int) -> str:
    """Write how many there are: "12,431"."""
    return _number(Decimal(value), 0, current())


@lru_cache(maxsize=4096)
def _number(value: Decimal, places: int | None, name: str) -> str:
    locale = locale_named(name)
    if places is None:
        exponent = value.as_tuple().exponent
        places = max(0, -exponent) if isinstance(exponent, int) else 0
    whole = locale.decimal_formats[None].pattern.partition(";")[0].partition(".")[0]
    pattern = f"{whole}.{'0' * places}" if places else whole
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return format_decimal(rounded, pattern, locale=locale)


def percent(share: float | Decimal, places: int = 0) -> str:
    """Write a share of one as per cent: "12.5%", "12,5 %"."""
    return _percent(_decimal(share), places, current())


@lru_cache(maxsize=4096)
def _percent(share: Decimal, places: int, name: str) -> str:
    locale = locale_named(name)
    pattern = locale.percent_formats[None].pattern.partition(";")[0]
    if places:
        pattern = re.sub(r"(?<=0)(?=[^0#,.]*$)", f".{'0' * places}", pattern, count=1)
    rounded = share.quantize(Decimal(1).scaleb(-places - 2), ROUND_HALF_UP)
    return format_percent(rounded, pattern, locale=locale)


def size(count: int) -> str:
    """Write how large a file is: "340 bytes", "12 kB", "3.4 MB"."""
    if count < KILO:
        return ngettext("%(n)s byte", "%(n)s bytes", count) % {"n": number(count)}
    if count < KILO**2:
        return _("%(n)s kB") % {"n": number(Decimal(count) / KILO, 0)}
    return _("%(n)s MB") % {"n": number(Decimal(count) / KILO**2, 1)}


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def separators() -> tuple[str, str, int]:
    """Return the sign before the decimals, the one between groups of digits, and how many stand
    together before the last three: two in India.
    """
    return _separators(current())


@lru_cache(maxsize=64)
def _separators(name: str) -> tuple[str, str, int]:
    locale = locale_named(name)
    _last, inner = locale.decimal_formats[None].grouping
    return get_decimal_symbol(locale), get_group_symbol(locale), inner if inner < 10 else 3


def plainly(text: str, decimal: str, group: str) -> tuple[str, str, str]:
    """Return a typed number, and the two signs, with signs in it that every keyboard has.

    >>> plainly("1،234٫5", "٫", "،")
    ("1'234.5", '.', "'")
    """
    if group not in ".,'’ ":
        text, group = text.replace(group, "'"), "'"
    if decimal not in ".,":
        sign = "," if group == "." else "."
        text, decimal = text.replace(decimal, sign), sign
    return text, decimal, group


def is_grouped(groups: list[str], inner: int) -> bool:
    """Say whether digits stand in groups as they do in numbers."""
    first, *middle, last = ["", *groups] if len(groups) == 1 else groups
    are_whole = len(last) == 3 and all(len(part) == inner for part in middle)
    return len(groups) == 1 or (are_whole and 1 <= len(first) <= inner)


# Money


def money(amount: Any, currency: str = "", *, compact: bool = False) -> str:
    """Write an amount; cents only where there are any.

    `compact` is for tiles and charts: €1.26M, and no cents from a whole unit on. Who wants to sees
    an amount in another currency also in the installation's.
    """
    if amount in (None, ""):
        return ""
    code = currency or str(settings.DEFAULT_CURRENCY)
    number = _decimal(amount) or Decimal(0)  # and not less than nothing, which equals it
    reader, name = style(), current()
    text = _money(number, code, name, compact, reader.shows_code)
    own = str(settings.DEFAULT_CURRENCY)
    if reader.shows_own and code != own and (rate := reader.rates().get(code)):
        converted = (number * rate).quantize(Decimal(1), ROUND_HALF_UP)
        return f"{text} ({_money(converted, own, name, compact, reader.shows_code)})"
    return text


@lru_cache(maxsize=4096)
def _money(number: Decimal, code: str, name: str, compact: bool, shows_code: bool) -> str:
    locale = locale_named(name)
    if compact and abs(number) >= COMPACT_FROM:
        digits = 2 if abs(number) >= MILLION else 0
        text = format_compact_currency(number, code, locale=locale, fraction_digits=digits)
    else:
        if compact and abs(number) >= 1:
            number = number.quantize(Decimal(1), ROUND_HALF_UP)
        if number == number.to_integral_value():
            whole = CENTS.sub("", locale.currency_formats["standard"].pattern)
            text = format_currency(number, code, whole, locale=locale, currency_digits=False)
        else:
            text = format_currency(number, code, locale=locale)
    if shows_code:
        text = text.replace(get_currency_symbol(code, locale), code)
    return CODE_BEFORE_DIGIT.sub(GAP, text)


# Days and hours


def day(moment: date | datetime) -> str:
    """Write a day: "27 Nov 2026"."""
    return _written(_date(moment), "yMMMd", current())


def short_day(moment: date | datetime) -> str:
    """Write a day as "27 Nov", with its year where that is not this one."""
    on = _date(moment)
    return _written(on, "MMMd" if on.year == timezone.localdate().year else "yMMMd", current())


def day_of_year(moment: date | datetime) -> str:
    """Write a day without its year, which everybody knows: "27 Nov"."""
    return _written(_date(moment), "MMMd", current())


def long_day(moment: date | datetime) -> str:
    """Write a day with its weekday: "Friday, 27 November 2026"."""
    return _written(_date(moment), "yMMMMEEEEd", current())


def weekday(moment: date | datetime) -> str:
    """Write a day of this year with its weekday: "Friday 27 November"; of others as `long_day`."""
    on = _date(moment)
    if on.year != timezone.localdate().year:
        return _written(on, "yMMMMd", current())
    return _written(on, "MMMMEEEEd", current())


def month(moment: date | datetime, *, with_year: bool = False) -> str:
    """Write a month in short: "Nov", "Nov 2026"."""
    return _written(_date(moment), "yMMM" if with_year else "MMM", current())


def long_month(moment: date | datetime) -> str:
    """Write a month with its year: "November 2026"."""
    return _written(_date(moment), "yMMMM", current())


def clock(moment: datetime) -> str:
    """Write the hour of an aware moment, where the reader is: "14:30"."""
    local = local_of(moment)
    return _clock(local.hour, local.minute, current())


def hour(of_day: int) -> str:
    """Write a whole hour of any day: "08:00"."""
    return _clock(of_day, 0, current())


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, name: str) -> str:
    locale = locale_named(name)
    pattern = "HH:mm" if str(locale) == "en" else "short"
    return str(format_time(time(hour, minute), pattern, locale=locale))


def moment(at: datetime) -> str:
    """Write a moment: "27 Nov 2026, 14:30"."""
    pattern = str(locale_named(current()).datetime_formats["medium"]).replace("'", "")
    return pattern.replace("{1}", day(at)).replace("{0}", clock(at))


def value(thing: Any) -> str:
    """Write a number or a day, whichever it is; anything else as it is."""
    match thing:
        case bool():
            return str(thing)
        case int() | Decimal():
            return number(thing)
        case datetime():
            return moment(thing)
        case date():
            return day(thing)
    return str(thing)


def local_of(moment: Any) -> Any:
    """Return a moment where the reader is; a day is the same everywhere."""
    aware = isinstance(moment, datetime) and timezone.is_aware(moment)
    return timezone.localtime(moment) if aware else moment


def _date(moment: date | datetime) -> date:
    local = local_of(moment)
    return local.date() if isinstance(local, datetime) else local


@lru_cache(maxsize=4096)
def _written(on: date, skeleton: str, name: str) -> str:
    locale = locale_named(name)
    return str(format_date(on, _pattern(skeleton, locale), locale=locale))


def _pattern(skeleton: str, locale: Locale) -> str:
    """Return how a locale writes the parts of a day that `skeleton` names."""
    if str(locale) == "en" and skeleton in PLAIN_ENGLISH:
        return PLAIN_ENGLISH[skeleton]
    if skeleton in WHOLE_DAYS:
        return WHOLE_DAYS[skeleton]
    for each in (skeleton, *LIKE.get(skeleton, ())):
        if each in locale.datetime_skeletons:
            return str(locale.datetime_skeletons[each].pattern)
    return "medium"


def week_of(today: date) -> tuple[date, date]:
    """Return the first day of the week in which `today` lies, and the first one after it."""
    first = today - timedelta(days=(today.weekday() - first_weekday()) % 7)
    return first, first + timedelta(days=7)
