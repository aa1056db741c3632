"""Which column fills which field: a mapping file, a preset, or the names of the columns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from records.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLACE = re.compile(r"\{([^{}]+)\}")
PARTS = ("columns", "values", "defaults", "fields")  # those that are objects
PRESETS = Path(__file__).parent / "presets"


class MappingIsWrong(Refused):
    """The mapping names what does not exist."""


@dataclass
class ColumnMapping:
    """Which column fills which field, and what its words mean."""

    columns: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    conversions: str = "link"
    duplicates: str = "report"
    match: list[str] = field(default_factory=lambda: ["external_id", "identity"])
    date_order: str = "ymd"
    decimal: str = "."
    header: int | None = None
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    CONVERSIONS: ClassVar[tuple[str, ...]] = ("link", "make")
    DUPLICATES: ClassVar[tuple[str, ...]] = ("report", "skip", "fill", "update", "create")
    MATCH: ClassVar[tuple[str, ...]] = ("external_id", "identity")
    DATE_ORDERS: ClassVar[tuple[str, ...]] = ("ymd", "mdy", "dmy")

    @classmethod
    def of(cls, data: Any, kind: str) -> ColumnMapping:
        """Check `data`, as read from a mapping file. Raises `MappingIsWrong`.

        "preset" names a preset to begin with; what the file says itself goes before it.
        """
        if not isinstance(data, dict):
            raise MappingIsWrong(_("The mapping has to be an object."))
        data = spelled_out(data, kind)
        if unknown := data.keys() - cls.__dataclass_fields__.keys():
            raise MappingIsWrong(
                _("The mapping has unknown parts: %(unknown)s.")
                % {"unknown": ", ".join(sorted(unknown))}
            )
        _require_words(data)
        data["columns"] = {
            header: _ALIASES.get(name, name) for header, name in data.get("columns", {}).items()
        }
        for part in ("values", "defaults"):
            data[part] = {_ALIASES.get(name, name): v for name, v in data.get(part, {}).items()}
        mapping = cls(**data)
        mapping._check()
        return mapping

    def _check(self) -> None:
        if self.conversions not in self.CONVERSIONS:
            raise MappingIsWrong(
                _("“conversions” has to be one of %(words)s.")
                % {"words": ", ".join(self.CONVERSIONS)}
            )
        if self.duplicates not in self.DUPLICATES:
            raise MappingIsWrong(
                _("“duplicates” has to be one of %(words)s.")
                % {"words": ", ".join(self.DUPLICATES)}
            )
        if not isinstance(self.match, list) or any(each not in self.MATCH for each in self.match):
            raise MappingIsWrong(
                _("“match” lists some of %(words)s.") % {"words": ", ".join(self.MATCH)}
            )
        if self.date_order not in self.DATE_ORDERS:
            raise MappingIsWrong(
                _("“date_order” has to be one of %(words)s.")
                % {"words": ", ".join(self.DATE_ORDERS)}
            )
        if self.decimal not in (".", ","):
            raise MappingIsWrong(_("“decimal” has to be a point or a comma."))
        if not all(isinstance(each, str) for each in (self.encoding, self.delimiter, self.sheet)):
            raise MappingIsWrong(_("“encoding”, “delimiter” and “sheet” have to be text."))
        if self.header is not None and (not isinstance(self.header, int) or self.header < 0):
            raise MappingIsWrong(_("“header” has to be the number of a line, or 0."))

    def targets(
        self, headers: list[str], names: Iterable[str], labels: Mapping[str, str] | None = None
    ) -> list[tuple[str, str]]:
        """Return (header, field) for the columns of a file; raises `MappingIsWrong`.

        A column that the mapping does not mention fills the field of its own name, else the custom
        field of that label (`labels`: label → field), if there is one and nothing else fills it.
        """
        by_label = {_folded(label): name for label, name in (labels or {}).items()}
        known = set(names)
        for part in (
            {target for target in self.columns.values() if target is not None},
            self.values.keys(),
            self.defaults.keys(),
        ):
            if unknown := {str(name) for name in part} - known:
                raise MappingIsWrong(
                    _("There is no field %(unknown)s. There are: %(known)s.")
                    % {"unknown": ", ".join(sorted(unknown)), "known": ", ".join(sorted(known))}
                )
        pairs = [
            (header, target)
            for header in headers
            if (target := self.columns.get(header)) is not None
        ]
        taken = {target for _, target in pairs}
        for header in headers:
            name = _as_field(header)
            name = _SYNONYMS.get(name) or _ALIASES.get(name, name)
            if name not in known:
                name = by_label.get(_folded(header), name)
            if header not in self.columns and name in known and name not in taken:
                pairs.append((header, name))
                taken.add(name)
        if not pairs:
            raise MappingIsWrong(
                _("No column of the file fills a field. Its columns are: %(headers)s.")
                % {"headers": ", ".join(headers)}
            )
        for name, default in self.defaults.items():
            if unknown := set(_PLACE.findall(str(default))) - set(headers):
                raise MappingIsWrong(
                    _(
                        "The default of %(name)s names no column of the file: %(unknown)s. "
                        "Its columns are: %(headers)s."
                    )
                    % {
                        "name": name,
                        "unknown": ", ".join(sorted(unknown)),
                        "headers": ", ".join(headers),
                    }
                )
        return pairs

    def default_for(self, name: str, cells: Mapping[str, str]) -> str:
        """Return the default of a field, in which `{header}` stands for a cell of the row.

        It says nothing where one of its cells is blank.

        >>> mapping = ColumnMapping(defaults={"last_name": "Lead {No.}", "currency": "CHF"})
        >>> [mapping.default_for("last_name", {"No.": number}) for number in ("7", " ")]
        ['Lead 7', '']
        >>> mapping.default_for("currency", {})
        'CHF'
        """
        default = str(self.defaults[name])
        places = {header: cells[header].strip() for header in _PLACE.findall(default)}
        if not all(places.values()):
            return ""
        return _PLACE.sub(lambda place: places[place[1]], default)


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
}
# Other names of a field that a mapping file may use.
_ALIASES: dict[Any, str] = {
    "owner": "owner.email",
    "source.name": "source",
    "campaign.name": "campaign",
    "stage.name": "stage",
    "products": "product.name",
    "estimated_close_on": "estimated_close_date",
    "expected_close_on": "estimated_close_date",
}


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def _as_field(header: str) -> str:
    """Return how a field of this name is spelled.

    >>> _as_field("First Name"), _as_field("account.external_id")
    ('first_name', 'account.external_id')
    """
    return re.sub(r"[^a-z0-9.]+", "_", header.strip().lower()).strip("_")


def spelled_out(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a mapping with what its preset says written into it. Raises `MappingIsWrong`."""
    data = dict(data)
    _require_objects(data)
    if name := data.pop("preset", ""):
        if not isinstance(name, str):
            raise MappingIsWrong(_("“preset” has to be the name of a preset."))
        base = preset_data(name, kind)
        for part in PARTS:
            data[part] = {**base.pop(part, {}), **data.get(part, {})}
        data = {**base, **data}
    return data


def _require_objects(data: dict[str, Any]) -> None:
    for part in PARTS:
        if not isinstance(data.get(part, {}), dict):
            raise MappingIsWrong(
                _("“%(part)s” of the mapping has to be an object.") % {"part": part}
            )


def _require_words(data: dict[str, Any]) -> None:
    """Refuse what is no text where fields, words and their meanings are named."""
    for part in ("values", "fields"):
        if any(not isinstance(each, dict) for each in data.get(part, {}).values()):
            raise MappingIsWrong(
                _("“%(part)s” has to hold an object for each field.") % {"part": part}
            )
    if any(not isinstance(each, str | None) for each in data.get("columns", {}).values()):
        raise MappingIsWrong(
            _("“columns” has to hold the name of a field, or null, for each column.")
        )
    meanings = [text for words in data.get("values", {}).values() for text in words.values()]
    if any(not isinstance(each, str) for each in meanings):
        raise MappingIsWrong(_("“values” has to hold a text for each word of a field."))
    if any(not isinstance(each, str | int | float) for each in data.get("defaults", {}).values()):
        raise MappingIsWrong(_("“defaults” has to hold a text or a number for each field."))


def preset_data(name: str, kind: str) -> dict[str, Any]:
    """Return the mapping that comes with the product under this name. Raises `MappingIsWrong`."""
    file = PRESETS / f"{name}.json"
    if not re.fullmatch(r"[a-z0-9_]+", name) or not file.exists():
        known = ", ".join(sorted(path.stem for path in PRESETS.glob("*.json")))
        raise MappingIsWrong(
            _("There is no preset “%(name)s”. There are: %(known)s.")
            % {"name": name, "known": known}
        )
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if kind not in data:
        raise MappingIsWrong(
            _("The preset “%(name)s” knows no %(kind)s.") % {"name": name, "kind": kind}
        )
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
        raise MappingIsWrong(
            _("%(source)s cannot be read: %(error)s") % {"source": source, "error": error}
        ) from error
    return ColumnMapping.of(data, kind)
