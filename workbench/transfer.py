"""Files in and out: a table of any spelling, its columns mapped, a verdict per row; safe cells out.

A room says in a subclass of `Importer` how a row of its kind becomes a record, by the operations that
the pages use. A bad row is named with its line and reason, and stops no other.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, OperationalError, models, transaction
from django.utils import timezone
from django_countries import countries
from django_countries.fields import CountryField

from records import keys
from records.errors import IsInBin, NotPermitted, Refused, Unacceptable
from records.operations import run_atomically
from records.permissions import may
from users.models import User
from workbench.operations import add_choice, find_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from records.models import Record

PRESETS = Path(__file__).parent / "presets"

LONGEST_CELL = 32_768
MOST_COLUMNS = 200
DELIMITERS = ",;\t|"


class FileIsUnreadable(Refused):
    """The file as a whole cannot be read as a table."""


class MappingIsWrong(Refused):
    """The mapping names what does not exist."""


class CellIsUnreadable(ValueError):
    """A cell does not say what its field needs; the row is rejected."""


class CellIsLeftOut(ValueError):
    """A cell is no good, but the row goes in without it, its text kept in the description."""


# Reading


class Row(NamedTuple):
    """One record of a file: where it begins, its cells, or why it has none."""

    line: int
    cells: dict[str, str]
    problem: str = ""


@dataclass
class Table:
    """A file of delimited text, with its headers, and its rows one by one."""

    path: Path
    encoding: str
    delimiter: str
    headers: list[str]
    header_line: int

    def rows(self) -> Iterator[Row]:
        """Give the rows in the order of the file, without holding more than one in memory."""
        for line, cells, problem in _records(self.path, self.encoding, self.delimiter):
            if line <= self.header_line:
                continue
            if problem:
                yield Row(line, {}, problem)
            elif not any(cell.strip() for cell in cells):
                continue
            elif len(cells) > len(self.headers) and any(c.strip() for c in cells[len(self.headers) :]):
                yield Row(
                    line, {}, f"This row has {len(cells)} cells, the header has {len(self.headers)}."
                )
            else:
                cells += [""] * (len(self.headers) - len(cells))
                yield Row(line, dict(zip(self.headers, cells, strict=False)))


def open_table(path: Path, *, encoding: str = "", delimiter: str = "", header: int | None = None) -> Table:
    """Find out how `path` is written. Raises `FileIsUnreadable` with the reason.

    `header` is the line of the headers; 0 says that there is none, and columns are called 1, 2, 3.
    Without it the first line that is not blank is the header, unless the rows below it are wider:
    then somebody has to say where the table begins.
    """
    try:
        encoding = encoding or _encoding_of(path)
        delimiter = delimiter or _delimiter_of(path, encoding)
        sample = _sample(path, encoding, delimiter)
    except (OSError, UnicodeError, LookupError) as error:
        raise FileIsUnreadable(f"{path.name} cannot be read: {error}") from error
    if not sample:
        raise FileIsUnreadable(f"{path.name} is empty.")
    width = max(len(cells) for _, cells in sample)
    if width > MOST_COLUMNS:
        raise FileIsUnreadable(f"{path.name} has {width} columns; at most {MOST_COLUMNS} are read.")
    if header == 0:
        return Table(path, encoding, delimiter, [str(n + 1) for n in range(width)], 0)
    if header is not None:
        named = [cells for line, cells in sample if line == header]
        if not named:
            raise FileIsUnreadable(f"Line {header} of {path.name} is blank or far down.")
        return Table(path, encoding, delimiter, _headers(named[0]), header)
    line, first = sample[0]
    wider = sum(len(_trimmed(cells)) > len(_trimmed(first)) for _, cells in sample[1:])
    if 2 * wider > len(sample) - 1:
        raise FileIsUnreadable(
            f"Line {line} of {path.name} is narrower than the rows below it. "
            "Say which line holds the headers."
        )
    return Table(path, encoding, delimiter, _headers(first), line)


def _encoding_of(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(4096)
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if start.startswith(mark):
            return name
    # Latin text in UTF-16 without a mark has a NUL in every second byte.
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) >= 4 and start[offset::2].count(0) > len(start) // 4:  # noqa: PLR2004
            return name
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 16):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter_of(path: Path, encoding: str) -> str:
    """Return the delimiter that cuts most of the first rows to one width above one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(len(cells) for _, cells in _sample(path, encoding, delimiter, 50))
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _sample(path: Path, encoding: str, delimiter: str, size: int = 100) -> list[tuple[int, list[str]]]:
    sample = []
    for line, cells, problem in _records(path, encoding, delimiter):
        if not problem and any(cell.strip() for cell in cells):
            sample.append((line, cells))
        if len(sample) == size or line > 10 * size:
            break
    return sample


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Give the first line, the cells and the problem of each record."""
    csv.field_size_limit(LONGEST_CELL)
    errors = "replace" if encoding == "cp1252" else "strict"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
        while True:
            line = reader.line_num + 1
            try:
                yield line, next(reader), ""
            except StopIteration:
                return
            except UnicodeError as error:
                yield line, [], f"This is not {encoding} text: {error.reason if isinstance(error, UnicodeDecodeError) else error}."
                return
            except csv.Error as error:
                last = reader.line_num
                where = f" Lines {line} to {last} were read as one row." if last > line else ""
                yield line, [], f"{_csv_problem(error)}{where}"


def _csv_problem(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return f"A cell is longer than {LONGEST_CELL} characters; is a quote not closed?"
    if "unexpected end" in text:
        return "A quote is opened and never closed."
    if "expected after" in text:
        return "There is text behind a closing quote."
    return f"This row cannot be read: {text}."


def _trimmed(cells: list[str]) -> list[str]:
    """Cut off the empty cells at the end: spreadsheets pad title lines with them."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _headers(cells: list[str]) -> list[str]:
    """Return unique headers; a column without one is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or str(number)
        headers.append(name if name not in headers else f"{name} ({number})")
    return headers


# Mapping


@dataclass
class ColumnMapping:
    """Which column fills which field, and what its words mean."""

    columns: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    duplicates: str = "report"
    match: list[str] = field(default_factory=lambda: ["external_id", "identity"])
    date_order: str = "ymd"
    decimal: str = "."
    header: int | None = None
    encoding: str = ""
    delimiter: str = ""

    DUPLICATES: ClassVar[tuple[str, ...]] = ("report", "skip", "update", "create")
    MATCH: ClassVar[tuple[str, ...]] = ("external_id", "identity")
    DATE_ORDERS: ClassVar[tuple[str, ...]] = ("ymd", "mdy", "dmy")

    @classmethod
    def of(cls, data: Any, kind: str) -> ColumnMapping:
        """Check `data`, as read from a mapping file. Raises `MappingIsWrong`.

        "preset" names a preset to begin with; what the file says itself goes before it.
        """
        if not isinstance(data, dict):
            raise MappingIsWrong("The mapping has to be an object.")
        data = dict(data)
        if name := data.pop("preset", ""):
            base = preset_data(name, kind)
            for part in ("columns", "values", "defaults"):
                data[part] = {**base.pop(part, {}), **data.get(part, {})}
            data = {**base, **data}
        if unknown := data.keys() - cls.__dataclass_fields__.keys():
            raise MappingIsWrong(f"The mapping has unknown parts: {', '.join(sorted(unknown))}.")
        for part in ("columns", "values", "defaults"):
            if not isinstance(data.get(part, {}), dict):
                raise MappingIsWrong(f"“{part}” of the mapping has to be an object.")
        mapping = cls(**data)
        mapping._check()
        return mapping

    def _check(self) -> None:
        if any(not isinstance(words, dict) for words in self.values.values()):
            raise MappingIsWrong("“values” has to hold an object for each field.")
        if self.duplicates not in self.DUPLICATES:
            raise MappingIsWrong(f"“duplicates” has to be one of {', '.join(self.DUPLICATES)}.")
        if not isinstance(self.match, list) or set(self.match) - set(self.MATCH):
            raise MappingIsWrong(f"“match” lists some of {', '.join(self.MATCH)}.")
        if self.date_order not in self.DATE_ORDERS:
            raise MappingIsWrong(f"“date_order” has to be one of {', '.join(self.DATE_ORDERS)}.")
        if self.decimal not in (".", ","):
            raise MappingIsWrong("“decimal” has to be a point or a comma.")
        if self.header is not None and (not isinstance(self.header, int) or self.header < 0):
            raise MappingIsWrong("“header” has to be the number of a line, or 0.")

    def targets(self, headers: list[str], names: Iterable[str]) -> list[tuple[str, str]]:
        """Return (header, field) for the columns of a file; raises `MappingIsWrong`.

        A column that the mapping does not mention fills the field of its own name, if there is one
        and nothing else fills it.
        """
        known = set(names)
        for part in (
            {target for target in self.columns.values() if target is not None},
            self.values.keys(),
            self.defaults.keys(),
        ):
            if unknown := {str(name) for name in part} - known:
                raise MappingIsWrong(
                    f"There is no field {', '.join(sorted(unknown))}. "
                    f"There are: {', '.join(sorted(known))}."
                )
        pairs = [
            (header, target)
            for header in headers
            if (target := self.columns.get(header)) is not None
        ]
        taken = {target for _, target in pairs}
        for header in headers:
            name = _SYNONYMS.get(_as_field(header), _as_field(header))
            if header not in self.columns and name in known and name not in taken:
                pairs.append((header, name))
                taken.add(name)
        if not pairs:
            raise MappingIsWrong(
                f"No column of the file fills a field. Its columns are: {', '.join(headers)}."
            )
        return pairs


_SYNONYMS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "e_mail": "email",
    "email_address": "email",
    "company_name": "company",
    "title": "job_title",
    "state": "region",
    "zip": "postal_code",
    "zip_code": "postal_code",
    "postcode": "postal_code",
    "mobile_phone": "mobile",
    "lead_source": "source",
    "estimated_close_on": "estimated_close_date",
    "owner": "owner.email",
}


def _as_field(header: str) -> str:
    """Return how a field of this name is spelled.

    >>> _as_field("First Name"), _as_field("account.external_id")
    ('first_name', 'account.external_id')
    """
    return re.sub(r"[^a-z0-9.]+", "_", header.strip().lower()).strip("_")


def preset_data(name: str, kind: str) -> dict[str, Any]:
    """Return the mapping that comes with the product under this name. Raises `MappingIsWrong`."""
    file = PRESETS / f"{name}.json"
    if not re.fullmatch(r"[a-z0-9_]+", name) or not file.exists():
        known = ", ".join(sorted(path.stem for path in PRESETS.glob("*.json")))
        raise MappingIsWrong(f"There is no preset “{name}”. There are: {known}.")
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if kind not in data:
        raise MappingIsWrong(f"The preset “{name}” knows no {kind}.")
    return dict(data[kind])


def mapping_from(source: str, kind: str) -> ColumnMapping:
    """Return the mapping of a file, or the preset of that name; without either the plain one."""
    if not source:
        return ColumnMapping()
    if not source.endswith(".json"):
        return ColumnMapping.of(preset_data(source, kind), kind)
    try:
        data = json.loads(Path(source).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise MappingIsWrong(f"{source} cannot be read: {error}") from error
    return ColumnMapping.of(data, kind)


# What a cell says

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


def as_text(text: str, mapping: ColumnMapping) -> str:  # noqa: ARG001
    if problem := keys.text_problem(text):
        raise CellIsUnreadable(problem)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_email(text: str, mapping: ColumnMapping) -> str:
    text = as_text(text, mapping)
    try:
        validate_email(text)
    except ValidationError:
        raise CellIsLeftOut(f"“{_short(text)}” is no email address.") from None
    return text


def as_flag(text: str, mapping: ColumnMapping) -> bool:  # noqa: ARG001
    """Return what a yes or no says.

    >>> as_flag("TRUE", ColumnMapping()), as_flag("no", ColumnMapping())
    (True, False)
    """
    word = text.strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise CellIsUnreadable(f"“{_short(text)}” is neither yes nor no.")


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
        raise CellIsUnreadable("This number is too long.")
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
        raise CellIsUnreadable(f"“{_short(text)}” is not a number.")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise CellIsUnreadable(f"“{_short(text)}” is not a number.") from None


def as_money(text: str, mapping: ColumnMapping) -> Decimal:
    amount = as_number(text, mapping)
    if amount.adjusted() > _LONGEST_NUMBER:
        raise CellIsUnreadable("This number is too large.")
    return amount.quantize(Decimal("0.01"))


def as_whole(text: str, mapping: ColumnMapping) -> int:
    number = as_number(text, mapping)
    if number != number.to_integral_value():
        raise CellIsUnreadable(f"“{_short(text)}” is not a whole number.")
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
    problem = CellIsUnreadable(f"“{_short(text)}” is not a date in the order {mapping.date_order}.")
    if found := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", bare):
        year, month, day = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)", bare):
        if mapping.date_order == "ymd":
            raise problem
        first, second, year = (int(part) for part in found.groups())
        month, day = (first, second) if mapping.date_order == "mdy" else (second, first)
    elif found := re.match(r"(\d{1,2})\.?[\s-]+([^\W\d_]{3})[^\W\d_]*\.?,?[\s-]+(\d{4})(?!\d)", bare):
        day, month, year = int(found[1]), _MONTHS.get(found[2].lower(), 0), int(found[3])
    elif found := re.match(r"([^\W\d_]{3})[^\W\d_]*\.?\s+(\d{1,2}),?\s+(\d{4})(?!\d)", bare):
        month, day, year = _MONTHS.get(found[1].lower(), 0), int(found[2]), int(found[3])
    else:
        raise problem
    if year < 100:  # noqa: PLR2004
        year += 2000 if year < _YEAR_TURN else 1900
    try:
        return date(year, month, day), bare[found.end() :].strip(" ,T")
    except ValueError:
        raise problem from None


def _clock(text: str, day: date, rest: str) -> datetime:
    if not rest:
        return datetime.combine(day, time())
    found = re.fullmatch(
        r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?", rest
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
            moment = datetime.fromisoformat(f"{moment.isoformat()}{found[6].replace('Z', '+00:00')}")
    except ValueError:
        raise CellIsUnreadable(f"“{_short(text)}” is not a moment.") from None
    return moment


def as_country(text: str, mapping: ColumnMapping) -> str:  # noqa: ARG001
    """Return the code of a country given by code or English name.

    >>> as_country("Germany", ColumnMapping()), as_country("us", ColumnMapping())
    ('DE', 'US')
    """
    word = text.strip()
    code = (
        countries.alpha2(word.upper())
        or countries.by_name(word, language="en")
        or _COUNTRY_WORDS.get(word.casefold().replace(".", ""), "")
    )
    if not code:
        raise CellIsUnreadable(f"“{_short(text)}” is no country that we know.")
    return str(code)


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


def as_currency(text: str, mapping: ColumnMapping) -> str:  # noqa: ARG001
    return text.strip().upper()


def as_choice(field: models.Field[Any, Any]) -> Callable[[str, ColumnMapping], str]:
    """Return a reader of the words of `field`, by value or label."""
    words = {}
    for value, label in field.flatchoices:
        words[str(value).casefold()] = words[str(label).casefold()] = str(value)

    def read(text: str, mapping: ColumnMapping) -> str:  # noqa: ARG001
        word = text.strip().casefold()
        if word not in words:
            allowed = ", ".join(str(value) for value, _ in field.flatchoices)
            raise CellIsUnreadable(f"“{_short(text)}” is not one of {allowed}.")
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


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004


# Rows become records


@dataclass
class Verdict:
    """What became of a row: what INTERFACES calls a line of the import."""

    line: int
    verdict: str
    id: int | None = None
    of: int | None = None
    external_id: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """Return the line; what is empty and only sometimes there is left out."""
        data = asdict(self)
        for name in ("external_id", "warnings", "reasons"):
            if not data[name]:
                del data[name]
        return json.dumps(data, ensure_ascii=False)


class Outcome(NamedTuple):
    """What an importer did with the values of a row."""

    verdict: str
    record: Record | None = None
    of: Record | None = None
    reasons: tuple[str, ...] = ()
    warnings: Mapping[str, list[str]] = MappingProxyType({})


class LinkIsMissing(Refused):
    """The row names a record that is not there (yet)."""

    def __init__(self, message: str, *, field: str, model: type[models.Model] | None = None) -> None:
        super().__init__(message, field=field)
        self.model = model


class Importer:
    """How a row of one kind becomes a record: subclassed in each room, made once per file."""

    kind: ClassVar[str]
    model: ClassVar[type[Record]]
    # Columns of the model that a file may fill.
    columns: ClassVar[tuple[str, ...]] = ()
    # Names that are no columns: links, and what takes an operation of its own.
    extras: ClassVar[dict[str, Callable[[str, ColumnMapping], Any]]] = {}
    # What an export adds to the columns: header to the path of the value.
    exports: ClassVar[dict[str, str]] = {}
    # Editable lists to which an administrator's file may add.
    grows: ClassVar[tuple[str, ...]] = ()
    # Where the text of a cell that was left out is kept.
    note_field: ClassVar[str] = "description"

    def __init__(self, *, by: User, mapping: ColumnMapping) -> None:
        self.by = by
        self.mapping = mapping
        self.readers = {
            **{name: reader_for(self._column(name)) for name in self.columns},
            "owner.email": as_text,
            "owner.name": as_text,
            "is_deleted": as_flag,
            "id": as_whole,
            **self.extras,
        }
        self._owners: dict[tuple[str, str], User] = {}
        self._choices: dict[tuple[str, str], Any] = {}

    def _column(self, name: str) -> models.Field[Any, Any]:
        return self.model._meta.get_field(name)  # type: ignore[return-value]

    # To be written by the room

    def settle(self, values: dict[str, Any]) -> Outcome:
        """Find, create or update the record of a row, by operations; raise a `Refused` to reject."""
        raise NotImplementedError

    # Common to all

    def verdicts(self, table: Table, *, is_dry: bool = False) -> Iterator[Verdict]:
        """Give the verdict of each row as it is reached.

        Each row is a transaction of its own. A dry run does the same in one transaction that is
        rolled back, so that a row sees the rows before it.
        """
        pairs = self.mapping.targets(table.headers, self.readers)
        if not is_dry:
            yield from self._verdicts(table, pairs)
            return
        with transaction.atomic():
            for verdict in self._verdicts(table, pairs):
                if verdict.verdict == "new":
                    verdict.id = None
                yield verdict
            transaction.set_rollback(True)

    def _verdicts(self, table: Table, pairs: list[tuple[str, str]]) -> Iterator[Verdict]:
        # A row may name one further down, like a parent account: it is tried again at the end.
        waiting: list[tuple[Row, Verdict]] = []
        for row in table.rows():
            verdict, must_wait = self.judge(row, pairs)
            if must_wait:
                waiting.append((row, verdict))
            else:
                yield verdict
        while waiting:
            still: list[tuple[Row, Verdict]] = []
            for row, _ in waiting:
                verdict, must_wait = self.judge(row, pairs)
                if must_wait:
                    still.append((row, verdict))
                else:
                    yield verdict
            if len(still) == len(waiting):
                yield from (verdict for _, verdict in still)
                return
            waiting = still

    def judge(self, row: Row, pairs: list[tuple[str, str]]) -> tuple[Verdict, bool]:
        """Return the verdict on a row, and whether it waits for another row of the same file."""
        verdict = Verdict(row.line, "rejected")
        if row.problem:
            verdict.errors = {"": [row.problem]}
            return verdict, False
        values = self.read(row, pairs, verdict)
        verdict.external_id = str(values.get("external_id", ""))
        if values.pop("is_deleted", False):
            verdict.errors["is_deleted"] = ["The row is marked as deleted."]
        if verdict.errors:
            return verdict, False
        try:
            outcome = run_atomically(lambda: self.settle(dict(values)))
        except LinkIsMissing as missing:
            verdict.errors = {missing.field or "": [str(missing)]}
            return verdict, missing.model is self.model
        except Unacceptable as refusal:
            verdict.errors = refusal.errors or {refusal.field or "": refusal.reasons}
        except Refused as refusal:
            verdict.errors = {refusal.field or "": refusal.reasons}
        except OperationalError:
            raise
        except DatabaseError as error:
            verdict.errors = {"": [f"The database refuses this row: {error}".splitlines()[0]]}
        else:
            verdict.verdict = outcome.verdict
            verdict.id = outcome.record.pk if outcome.record else None
            verdict.of = outcome.of.pk if outcome.of else None
            verdict.reasons = list(outcome.reasons)
            verdict.warnings |= outcome.warnings
        return verdict, False

    def read(self, row: Row, pairs: list[tuple[str, str]], verdict: Verdict) -> dict[str, Any]:
        """Return the values of a row by field; what is wrong is written into `verdict`.

        A blank cell says nothing: the field keeps what it has.
        """
        texts: dict[str, str] = {}
        for header, name in pairs:
            text = plain_cell(row.cells[header])
            if text and name not in texts:
                texts[name] = self.mapping.values.get(name, {}).get(text, text)
        for name, default in self.mapping.defaults.items():
            texts.setdefault(name, str(default))
        values: dict[str, Any] = {}
        notes: list[str] = []
        for name, text in texts.items():
            if not text:
                continue
            try:
                values[name] = self.readers[name](text, self.mapping)
            except CellIsLeftOut as problem:
                verdict.warnings[name] = [f"{problem} The row goes in without it."]
                notes.append(f"{name}: {keys.clean_text(text)}")
            except CellIsUnreadable as problem:
                verdict.errors[name] = [str(problem)]
        if notes:
            values[self.note_field] = "\n".join(
                filter(None, [values.get(self.note_field, ""), *notes])
            )
        return values

    def known(self, values: dict[str, Any]) -> Any:
        """Return the record that has the external id of the row, or that our own export wrote.

        Raises `IsInBin` when it lies there: a file neither restores nor doubles it.
        """
        pk, external_id = values.pop("id", None), values.get("external_id", "")
        records = self.model._base_manager.select_related("owner")
        found = None
        if external_id and "external_id" in self.mapping.match:
            found = records.filter(external_id=external_id).first()
        if found is None and pk is not None and "created_at" in values:
            # An id alone might be another installation's.
            found = records.filter(pk=pk, created_at=values["created_at"]).first()
        if found is not None and found.is_in_bin:
            raise IsInBin(f"{found} is in the recycle bin. Restore it first.", field="external_id")
        return found

    def changed(
        self, record: Any, values: dict[str, Any], update: Callable[..., Any]
    ) -> Outcome:
        """Bring a record to what the row says; nothing is written where it says the same."""
        values.pop("created_at", None)
        changes = self.differing(record, values)
        if not changes or self.mapping.duplicates == "skip":
            return Outcome("unchanged", record)
        return Outcome("updated", update(record, by=self.by, **changes))

    def choice(self, name: str, text: str, model: type[models.Model]) -> Any:
        """Return the line of an editable list with this key or name.

        Who may administer gets a missing one made; for others the row is rejected.
        """
        key = (name, text.casefold())
        if key not in self._choices:
            found = find_choice(model, text)
            if found is None and self.by.is_superuser and name in self.grows:
                found = add_choice(model, text)
            if found is None:
                raise LinkIsMissing(
                    f"There is no {model._meta.verbose_name} “{_short(text)}”.", field=name
                )
            self._choices[key] = found
        return self._choices[key]

    def owner_in(self, values: dict[str, Any]) -> User | None:
        """Take the owner out of the values: named by email, id or name; None when not named."""
        for name in ("owner.email", "owner.name"):
            text = values.pop(name, "")
            if not text:
                continue
            owner = self._owners.get((name, text)) or self._find_owner(name, text)
            self._owners[name, text] = owner
            if owner != self.by and not may(self.by, "assign", self.model):
                raise NotPermitted(
                    f"You may not give {self.model._meta.verbose_name_plural} to others.", field=name
                )
            return owner
        return None

    @staticmethod
    def _find_owner(name: str, text: str) -> User:
        if name == "owner.name":
            found = User.objects.filter(name__iexact=text)
        elif text.isdigit():
            found = User.objects.filter(pk=int(text))
        else:
            found = User.objects.filter(email=text.lower())
        users = list(found[:2])
        if len(users) != 1:
            raise LinkIsMissing(f"There is {'no' if not users else 'more than one'} user “{_short(text)}”.", field=name)
        return users[0]

    def linked(self, values: dict[str, Any], name: str, model: type[Record], by_name: Callable[[str], Any] | None = None) -> Any:
        """Take the link `name` out of the values and return the record that it means, or None.

        Raises `LinkIsMissing`: a row that names what is not there is not half imported.
        """
        external_id, text = values.pop(f"{name}.external_id", ""), values.pop(f"{name}.name", "")
        if external_id:
            record = model._base_manager.filter(external_id=external_id, deleted_at=None).first()
            if record is None:
                raise LinkIsMissing(
                    f"There is no {model._meta.verbose_name} with the external id “{_short(external_id)}”.",
                    field=f"{name}.external_id",
                    model=model,
                )
            return record
        if text and by_name is not None:
            records = list(by_name(text)[:2])
            if len(records) != 1:
                raise LinkIsMissing(
                    f"There is {'no' if not records else 'more than one'} "
                    f"{model._meta.verbose_name} “{_short(text)}”.",
                    field=f"{name}.name",
                    model=model,
                )
            return records[0]
        return None

    @staticmethod
    def differing(record: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values that `record` does not have yet."""
        return {
            name: value for name, value in values.items() if _plain(getattr(record, name)) != _plain(value)
        }


def _plain(value: Any) -> Any:
    """Return a value as it compares: a country by its code."""
    return getattr(value, "code", value)


# Out

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
    return f"'{text}" if _is_active(text) else text


def plain_cell(text: str) -> str:
    """Take away what `safe_cell` put before an active cell, and the blanks around it.

    >>> plain_cell("'=1+1"), plain_cell(" Ada "), plain_cell("'s Gravenhage")
    ('=1+1', 'Ada', "'s Gravenhage")
    """
    text = text.strip()
    return text[1:].strip() if text.startswith("'") and _is_active(text[1:]) else text


def _is_active(text: str) -> bool:
    if text.startswith(("\t", "\r", "\n", "\0")):
        return True
    for character in text:
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
            continue
        return character in _ACTIVE
    return False


class _Echo:
    """A file that gives back what is written to it, for streaming."""

    def write(self, text: str) -> str:
        return text


def csv_lines(importer: type[Importer], *, by: User) -> Iterator[str]:
    """Give the records that `by` may see as CSV, line by line, in the columns that come in again."""
    columns = {
        "id": "pk",
        **{name: name for name in importer.columns},
        "owner.email": "owner__email",
        **importer.exports,
    }
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    records = importer.model.objects.permitted(by, "view").order_by("pk")  # type: ignore[attr-defined]
    for values in records.values_list(*columns.values()).iterator(chunk_size=2000):
        yield writer.writerow(
            [safe_cell(value, header) for header, value in zip(columns, values, strict=True)]
        )
