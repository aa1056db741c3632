"""What a cell says, coming in, and how it is said so that nothing runs, going out."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries
from django_countries.fields import CountryField

from records import keys
from records.custom import choices_of, from_text, stored
from records.field_types import read_money, type_of
from records.models import CustomField, tag_problem
from workbench.forms.tags import names_in
from workbench.transfer.mapping import ColumnMapping

if TYPE_CHECKING:
    from collections.abc import Callable


class CellIsUnreadable(ValueError):
    """A cell does not say what its field needs; the row is rejected."""


class CellIsLeftOut(ValueError):
    """A cell is no good, but the row goes in without it, its text kept in the description."""


_YES = {"true", "yes", "y", "1", "x", "on", "t", "ja", "oui", "si", "sí", "wahr"}
_NO = {"false", "no", "n", "0", "off", "f", "nein", "non", "falsch"}
_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_LONGEST_NUMBER = 40
_YEAR_TURN = 70  # a two-digit year below this one is of our century


def as_text(text: str, mapping: ColumnMapping) -> str:
    if problem := keys.text_problem(text):
        raise CellIsUnreadable(problem)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_email(text: str, mapping: ColumnMapping) -> str:
    text = as_text(text, mapping)
    try:
        validate_email(text)
    except ValidationError:
        raise CellIsLeftOut(_("“%(text)s” is no email address.") % {"text": short(text)}) from None
    return text


def as_tags(text: str, mapping: ColumnMapping) -> list[str]:
    """Return the names of tags, which have semicolons or commas between them.

    >>> as_tags("Hot; VIP ,hot", ColumnMapping())
    ['Hot', 'VIP']
    """
    names = names_in(as_text(text, mapping))
    for name in names:
        if problem := tag_problem(name):
            raise CellIsUnreadable(f"“{short(name)}”: {problem}")
    return names


def as_flag(text: str, mapping: ColumnMapping) -> bool:
    """Return what a yes or no says.

    >>> as_flag("TRUE", ColumnMapping()), as_flag("no", ColumnMapping())
    (True, False)
    """
    word = text.strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise CellIsUnreadable(_("“%(text)s” is neither yes nor no.") % {"text": short(text)})


def as_number(text: str, mapping: ColumnMapping) -> Decimal:
    """Return the number in a cell, with or without currency and thousands.

    >>> [str(as_number(text, ColumnMapping())) for text in ("€ 1.234,56", "2,666", "12,5", "$30")]
    ['1234.56', '2666', '12.5', '30']
    >>> str(as_number("30.000", ColumnMapping(decimal=",")))
    '30000'
    """
    bare = re.sub(r"[\s  '’_]|[^\W\d_]{3}(?=$)|^[^\W\d_]{3}(?=[\d\s-])", "", text.strip())
    bare = "".join(c for c in bare if unicodedata.category(c) != "Sc").replace("−", "-")
    if len(bare) > _LONGEST_NUMBER:
        raise CellIsUnreadable(_("This number is too long."))
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d{1,2}", bare):
        return Decimal(bare)
    point, comma = bare.rfind("."), bare.rfind(",")
    if point >= 0 and comma >= 0:
        decimal = "." if point > comma else ","
    elif mapping.decimal == "," or (comma >= 0 and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", bare)):
        is_grouped = re.fullmatch(r"-?\d{1,3}(\.\d{3})+", bare)
        decimal = "," if comma >= 0 or is_grouped else "."
    else:
        decimal = "."
    plain = bare.replace("," if decimal == "." else ".", "").replace(decimal, ".")
    if not re.fullmatch(r"-?\d+(\.\d*)?|-?\.\d+", plain):
        raise CellIsUnreadable(_("“%(text)s” is not a number.") % {"text": short(text)})
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise CellIsUnreadable(_("“%(text)s” is not a number.") % {"text": short(text)}) from None


def as_money(text: str, mapping: ColumnMapping) -> Decimal:
    amount = as_number(text, mapping)
    if amount.adjusted() > _LONGEST_NUMBER:
        raise CellIsUnreadable(_("This number is too large."))
    return amount.quantize(Decimal("0.01"))


def as_whole(text: str, mapping: ColumnMapping) -> int:
    number = as_number(text, mapping)
    if number != number.to_integral_value():
        raise CellIsUnreadable(_("“%(text)s” is not a whole number.") % {"text": short(text)})
    return int(number)


def as_date(text: str, mapping: ColumnMapping) -> date:
    """Return the day that a cell names, in the order that the mapping says.

    >>> as_date("02/23/26", ColumnMapping(date_order="mdy")).isoformat()
    '2026-02-23'
    >>> as_date("23 May, 2012 00:00:00", ColumnMapping()).isoformat()
    '2012-05-23'
    """
    return _day_and_rest(text, mapping)[0]


def as_moment(text: str, mapping: ColumnMapping) -> datetime:
    """Return the moment that a cell names; one without a zone is of the installation's."""
    day, rest = _day_and_rest(text, mapping)
    moment = _clock(text, day, rest)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _day_and_rest(text: str, mapping: ColumnMapping) -> tuple[date, str]:
    bare = text.strip()
    problem = CellIsUnreadable(
        _("“%(text)s” is not a date in the order %(order)s.")
        % {"text": short(text), "order": mapping.date_order}
    )
    if found := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", bare):
        year, month, day = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)", bare):
        if mapping.date_order == "ymd":
            raise problem
        first, second, year = (int(part) for part in found.groups())
        month, day = (first, second) if mapping.date_order == "mdy" else (second, first)
    elif found := re.match(
        r"(\d{1,2})\.?[\s-]+([^\W\d_]{3})[^\W\d_]*\.?,?[\s-]+(\d{4})(?!\d)", bare
    ):
        day, month, year = int(found[1]), _MONTHS.get(found[2].lower(), 0), int(found[3])
    elif found := re.match(r"([^\W\d_]{3})[^\W\d_]*\.?\s+(\d{1,2}),?\s+(\d{4})(?!\d)", bare):
        month, day, year = _MONTHS.get(found[1].lower(), 0), int(found[2]), int(found[3])
    else:
        raise problem
    if year < 100:
        year += 2000 if year < _YEAR_TURN else 1900
    try:
        return date(year, month, day), bare[found.end() :].strip(" ,T")
    except ValueError:
        raise problem from None


def _clock(text: str, day: date, rest: str) -> datetime:
    if not rest:
        return datetime.combine(day, time())
    found = re.fullmatch(
        r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?",
        rest,
    )
    try:
        if not found:
            raise ValueError
        hour = int(found[1])
        if found[5]:
            hour = hour % 12 + (12 if found[5].lower() == "pm" else 0)
        micro = int((found[4] or "").ljust(6, "0"))
        moment = datetime.combine(day, time(hour, int(found[2]), int(found[3] or 0), micro))
        if found[6]:
            moment = datetime.fromisoformat(
                f"{moment.isoformat()}{found[6].replace('Z', '+00:00')}"
            )
    except ValueError:
        raise CellIsUnreadable(_("“%(text)s” is not a moment.") % {"text": short(text)}) from None
    return moment


def as_country(text: str, mapping: ColumnMapping) -> str:
    """Return the code of a country given by code or English name.

    >>> as_country("Germany", ColumnMapping()), as_country("us", ColumnMapping())
    ('DE', 'US')
    """
    code = _code_of(text.strip())
    if not code:
        raise CellIsUnreadable(_("“%(text)s” is no country that we know.") % {"text": short(text)})
    return code


@lru_cache(maxsize=1024)  # a file says few names many times, and each is looked for in a long list
def _code_of(word: str) -> str:
    return str(
        countries.alpha2(word.upper())
        or countries.by_name(word, language="en")
        or _COUNTRY_WORDS.get(word.casefold().replace(".", ""), "")
    )


_COUNTRY_WORDS = {
    "usa": "US",
    "united states": "US",
    "united states of america": "US",
    "uk": "GB",
    "united kingdom": "GB",
    "great britain": "GB",
    "england": "GB",
    "korea": "KR",
    "south korea": "KR",
    "russia": "RU",
    "taiwan": "TW",
    "vietnam": "VN",
    "iran": "IR",
}


def as_currency(text: str, mapping: ColumnMapping) -> str:
    return text.strip().upper()


def as_choice(field: models.Field[Any, Any]) -> Callable[[str, ColumnMapping], str]:
    """Return a reader of the words of `field`, by value or label."""
    words = {}
    for value, label in field.flatchoices:
        words[str(value).casefold()] = words[str(label).casefold()] = str(value)

    def read(text: str, mapping: ColumnMapping) -> str:
        word = text.strip().casefold()
        if word not in words:
            allowed = ", ".join(str(value) for value, _ in field.flatchoices)
            raise CellIsUnreadable(
                _("“%(text)s” is not one of %(allowed)s.")
                % {"text": short(text), "allowed": allowed}
            )
        return words[word]

    return read


def reader_for(field: models.Field[Any, Any]) -> Callable[[str, ColumnMapping], Any]:  # noqa: PLR0911
    """Return the function that reads cells for a column of a model."""
    match field:
        case CountryField():
            return as_country
        case models.EmailField():
            return as_email
        case models.CharField() if field.choices:
            return as_choice(field)
        case models.CharField() if field.name == "currency":
            return as_currency
        case models.BooleanField():
            return as_flag
        case models.DecimalField():
            return as_money
        case models.IntegerField():
            return as_whole
        case models.DateTimeField():
            return as_moment
        case models.DateField():
            return as_date
        case _:
            return as_text


def custom_reader(definition: CustomField) -> Callable[[str, ColumnMapping], Any]:
    """Return the function that reads cells for a custom field, into what records store.

    Numbers and days are read as those of columns are; a choice by key or label, several of them
    with semicolons between. A choice out of use is read as well: what a record has, it may keep.
    """

    reader = _CELLS.get(type_of(definition).cell)

    def read(text: str, mapping: ColumnMapping) -> Any:
        if definition.type == CustomField.Type.CHOICES:
            return _choices(definition, text)
        value = reader(text, mapping) if reader else from_text(definition, text)
        try:
            return stored(definition, value, standing=value)
        except ValueError as problem:
            raise CellIsUnreadable(str(problem)) from None

    return read


def as_amount(text: str, mapping: ColumnMapping) -> dict[str, Any]:
    """Return the amount and the currency of a cell; without one it is the installation's.

    >>> as_amount("1.250,50 €", ColumnMapping())
    {'amount': Decimal('1250.50'), 'currency': 'EUR'}
    """
    for sign, code in _SIGNS.items():
        text = text.replace(sign, f" {code} ")
    parts = read_money(text) or {}
    amount = as_money(parts.get("amount", text), mapping)
    return {"amount": amount, "currency": parts.get("currency", "")}


_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY"}
# What a type of custom field calls the reading of its cells.
_CELLS: dict[str, Callable[[str, ColumnMapping], Any]] = {
    "whole": as_whole,
    "number": as_number,
    "money": as_amount,
    "date": as_date,
    "moment": as_moment,
    "flag": as_flag,
}


def _choices(definition: CustomField, text: str) -> list[str]:
    """Return the keys of several choices, in the order of the definition."""
    known = choices_of(definition)
    keys = from_text(definition, text)
    for key in keys:
        if key not in known:
            raise CellIsUnreadable(
                _("“%(text)s” is not one of %(allowed)s.")
                % {"text": short(key), "allowed": ", ".join(known)}
            )
    return [key for key in known if key in keys]


def short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


# A cell that begins with one of these may run in a spreadsheet; the wide forms count as well.
_ACTIVE = frozenset("=+-@%|＝＋－＠％｜−")
_NUMBER = re.compile(r"[+-]?\d[\d ]*(\.\d+)?%?")
_PHONE = re.compile(r"\+?[\d\s()./-]+(\s?(x|ext\.?)\s?\d+)?", re.IGNORECASE)
PHONE_COLUMNS = frozenset({"phone", "mobile"})


def safe_cell(value: Any, column: str = "") -> str:
    """Return the text of a cell that no spreadsheet takes for a formula.

    >>> safe_cell("=1+1"), safe_cell("  @SUM(A1)"), safe_cell("Ada")
    ("'=1+1", "'  @SUM(A1)", 'Ada')
    >>> safe_cell(Decimal("-5.00")), safe_cell("+49 30 1234", "phone"), safe_cell("+49 30 1234")
    ('-5.00', '+49 30 1234', "'+49 30 1234")
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    text = str(value)
    if column in PHONE_COLUMNS and _PHONE.fullmatch(text):
        return text
    return f"'{text}" if _is_active(text) or _is_guarded(text) else text


def plain_cell(text: str) -> str:
    """Take away what `safe_cell` put before an active cell, and the blanks around it.

    >>> plain_cell("'=1+1"), plain_cell(" Ada "), plain_cell("'s Gravenhage")
    ('=1+1', 'Ada', "'s Gravenhage")
    >>> plain_cell(safe_cell("'=1+1"))  # it was typed with the apostrophe
    "'=1+1"
    """
    text = text.strip()
    return text[1:].strip() if _is_guarded(text) else text


def _is_guarded(text: str) -> bool:
    """Say whether the apostrophes before a text stand before an active cell."""
    bare = text.lstrip("'")
    return bare != text and _is_active(bare)


def _is_active(text: str) -> bool:
    if text.startswith(("\t", "\r", "\n", "\0")):
        return True
    for character in text:
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
            continue
        return character in _ACTIVE
    return False
