"""How the columns of a file are matched: what is in each, what comes of it, which words it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from imports.guessing import Target, guess
from imports.queries import importer_for, sample_of, table_of, targets_for, texts_of
from leads.models import DisqualifyReason, Lead
from opportunities.models import Campaign, LossReason, Opportunity, Process, Source, Stage
from records.custom import PREFIX
from records.models import CustomField
from workbench.transfer import ColumnMapping, plain_cell
from workbench.transfer.cells import CellIsLeftOut, CellIsUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imports.models import Import
    from users.models import User
    from workbench.transfer import Importer, Row

SHOWN = 3  # cells of a column that are shown
MOST_WORDS = 30  # different words of a column that are matched one by one
LONGEST = 60
HOW = {
    "name": gettext_lazy("Matched by name"),
    "word": gettext_lazy("Matched by name"),
    "alike": gettext_lazy("Matched by a similar name"),
    "contents": gettext_lazy("Matched by contents"),
}
POLICIES = [
    ("report", gettext_lazy("Leave it out and say so")),
    ("fill", gettext_lazy("Fill empty fields only")),
    ("update", gettext_lazy("Update it with what the file says")),
    ("skip", gettext_lazy("Leave it as it is")),
    ("create", gettext_lazy("Make another one")),
]
SAME_ID = gettext_lazy(
    "A row with the external id of a record is that record: it is updated, unless it is to be left "
    "as it is."
)
COMPARED_BY = {
    "lead": gettext_lazy("Compared by name and company, with email or phone."),
    "account": gettext_lazy("Compared by name, website and phone."),
    "contact": gettext_lazy("Compared by email, then by name and company."),
}
DATE_ORDERS = [
    ("ymd", gettext_lazy("Year, month, day")),
    ("dmy", gettext_lazy("Day, month, year")),
    ("mdy", gettext_lazy("Month, day, year")),
]
DECIMALS = [(".", gettext_lazy("Point: 1,250.00")), (",", gettext_lazy("Comma: 1.250,00"))]
BY_RULES = "rules"


@dataclass(frozen=True)
class Word:
    """A word of a column that chooses from a list, and what it means."""

    place: str
    text: str
    chosen: str


@dataclass(frozen=True)
class Column:
    """A column of the file as the page shows it."""

    place: int
    header: str
    texts: tuple[str, ...]
    field: str
    tone: str
    result: str
    examples: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def unknown(self) -> int:
        """How many of its words mean nothing yet."""
        return sum(not word.chosen for word in self.words)


@dataclass(frozen=True)
class Matching:
    """All columns of a file, and the first row as it would come in."""

    columns: tuple[Column, ...]
    targets: tuple[Target, ...]
    preview: tuple[tuple[str, str], ...]

    @property
    def matched(self) -> int:
        return sum(bool(column.field) for column in self.columns)

    @property
    def to_look_at(self) -> int:
        return sum(column.tone in ("bad", "warn") for column in self.columns)


def matching_of(draft: Import) -> Matching:
    """Return how the columns of a draft are matched, by its first rows."""
    table = table_of(draft)
    rows = sample_of(table)
    importer = importer_for(draft)
    targets = targets_for(draft.owner, draft.kind)
    samples = {header: texts_of(rows, header) for header in table.headers}
    guesses = {each.header: each for each in guess(table.headers, samples, targets)}
    chosen = draft.mapping.get("columns", {})
    columns = []
    for place, header in enumerate(table.headers):
        name = chosen.get(header) or ""
        how = guesses[header]
        matched = HOW.get(how.how, "") if how.field == name else ""
        columns.append(_column(draft, importer, place, header, rows, name, str(matched)))
    return Matching(tuple(columns), tuple(targets), _preview(importer, rows, columns, targets))


def _column(
    draft: Import,
    importer: Importer,
    place: int,
    header: str,
    rows: list[Row],
    name: str,
    matched: str,
) -> Column:
    texts = [plain_cell(text) for text in texts_of(rows, header)]
    shown = tuple(dict.fromkeys(text[:LONGEST] for text in texts if text))[:SHOWN]
    if not name:
        is_new = draft.version == 1 and texts
        tone, result = ("warn", _("No match found")) if is_new else ("", _("Not imported"))
        return Column(place, header, shown, "", tone, result)
    choices = choices_for(importer, name)
    meant = importer.mapping.values.get(name, {})
    bad, left_out = _unread(importer, name, [meant.get(text, text) for text in texts])
    words = _words(place, texts, meant, choices) if choices else ()
    unknown = sum(not word.chosen for word in words)
    if unknown and name not in importer.grows:
        told = ngettext("%(n)d word has no meaning yet", "%(n)d words have no meaning yet", unknown)
        tone, result = "bad", told % {"n": unknown}
    elif bad:
        told = ngettext("%(n)d value cannot be read", "%(n)d values cannot be read", len(bad))
        tone, result = "bad", told % {"n": len(bad)}
    elif left_out:
        told = ngettext("%(n)d value is left out", "%(n)d values are left out", len(left_out))
        tone, result = "warn", told % {"n": len(left_out)}
    else:
        tone, result = "good", _result(matched, len(texts), len(rows))
    examples = tuple(dict.fromkeys(text[:LONGEST] for text in [*bad, *left_out]))[:SHOWN]
    return Column(place, header, shown, name, tone, result, examples, words, tuple(choices))


def _result(matched: str, filled: int, count: int) -> str:
    told = _("%(filled)s filled, %(empty)s empty") % {
        "filled": f"{filled:,}",
        "empty": f"{count - filled:,}",
    }
    return f"{matched}: {told}" if matched else told


def _unread(importer: Importer, name: str, texts: list[str]) -> tuple[list[str], list[str]]:
    """Return the texts that the field cannot take, and those without which a row comes in."""
    bad, left_out = [], []
    known: dict[str, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _problem(importer, name, text)
        if known[text] == "bad":
            bad.append(text)
        elif known[text]:
            left_out.append(text)
    return bad, left_out


def _problem(importer: Importer, name: str, text: str) -> str:
    try:
        importer.readers[name](text, importer.mapping)
    except CellIsLeftOut:
        return "left out"
    except CellIsUnreadable:
        return "bad"
    return ""


def _words(
    place: int, texts: list[str], meant: Mapping[str, str], choices: list[tuple[str, str]]
) -> tuple[Word, ...]:
    """Return the words of a column that are no choice by themselves, or are given a meaning."""
    known = {text.casefold() for choice in choices for text in choice}
    found = [text for text in dict.fromkeys(texts) if text in meant or text.casefold() not in known]
    return tuple(
        Word(f"{place}-{number}", text, meant.get(text, ""))
        for number, text in enumerate(found[:MOST_WORDS])
    )


def choices_for(importer: Importer, name: str) -> list[tuple[str, str]]:
    """Return what a field chooses from: what is written, and what it is called. Else nothing."""
    if name.startswith(PREFIX):
        for each in importer.custom_fields:
            if each.name == name and each.type == CustomField.Type.CHOICE:
                return [(choice["key"], choice["label"]) for choice in each.choices]
        return []
    lists: dict[str, Any] = {
        "source": Source,
        "campaign": Campaign,
        "disqualify_reason": DisqualifyReason,
        "loss_reason": LossReason,
    }
    if name in lists:
        lines = lists[name].objects.all()
        return [(line.key, str(line)) for line in lines]
    if name == "status" and importer.kind == "lead":
        stands = [(value, str(label)) for value, label in Lead.Progress.choices]
        return stands + [(each.key, str(each)) for each in DisqualifyReason.objects.all()]
    if name == "status":
        return [(value, str(label)) for value, label in Opportunity.Status.choices]
    if name == "stage":
        process = Process.objects.filter(is_default=True).first()
        stages = Stage.objects.for_opportunities().filter(process=process).order_by("position")
        ends = [("won", _("Won")), ("lost", _("Lost"))]
        return [(stage.key, str(stage.name)) for stage in stages] + ends
    if name in importer.columns:
        column: Any = importer.model._meta.get_field(name)
        # A country is found by any of its names; of 250 nobody wants to choose.
        if column.choices and len(column.choices) < MOST_WORDS * 2:
            return [(str(value), str(label)) for value, label in column.flatchoices if value]
    return []


def _preview(
    importer: Importer, rows: list[Row], columns: list[Column], targets: list[Target]
) -> tuple[tuple[str, str], ...]:
    """Return the first row by what its fields are called."""
    labels = {target.name: target.label for target in targets}
    if not rows:
        return ()
    found = []
    for column in columns:
        text = plain_cell(rows[0].cells.get(column.header, ""))
        if column.field and text:
            meant = importer.mapping.values.get(column.field, {}).get(text, text)
            found.append((labels.get(column.field, column.field), meant[:LONGEST]))
    return tuple(found)


def sent_mapping(draft: Import, data: Mapping[str, Any], *, by: User) -> dict[str, Any]:
    """Return the mapping of a draft with what a form says of it.

    Columns are `column-0` and so on, words `word-0-0` with their meaning in `means-0-0`.
    """
    names = {target.name for target in targets_for(by, draft.kind)} | {"is_deleted"}
    mapping = {**draft.mapping, "columns": dict(draft.mapping.get("columns", {}))}
    values = {name: dict(told) for name, told in mapping.get("values", {}).items()}
    for place, header in enumerate(draft.headers):
        chosen = str(data.get(f"column-{place}", mapping["columns"].get(header) or ""))
        mapping["columns"][header] = chosen if chosen in names else None
        if not chosen:
            continue
        for number in range(MOST_WORDS):
            text = data.get(f"word-{place}-{number}")
            meaning = data.get(f"means-{place}-{number}", "")
            if text is None:
                break
            if meaning:
                values.setdefault(chosen, {})[text] = meaning
            else:
                values.get(chosen, {}).pop(text, None)
    mapping["values"] = {name: told for name, told in values.items() if told and name in names}
    defaults = dict(mapping.get("defaults", {}))
    for name in ("owner.email", "source"):
        if (text := data.get(f"default-{name}")) is not None:
            defaults.pop(name, None)
            if text and name in names:
                defaults[name] = text
    mapping["defaults"] = defaults
    for part, choices in (
        ("duplicates", POLICIES),
        ("date_order", DATE_ORDERS),
        ("decimal", DECIMALS),
    ):
        if data.get(part) in dict(choices):
            mapping[part] = data[part]
    return {part: told for part, told in mapping.items() if told or part == "columns"}


def options_of(draft: Import, owners: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the choices beside the columns: of each its name, label, choices, and which one."""
    mapping = ColumnMapping.of(draft.mapping, draft.kind)
    filled = {name for name in mapping.columns.values() if name}
    importer = importer_for(draft, mapping)
    policy = _option("duplicates", _("When a record exists already"), POLICIES, mapping.duplicates)
    found: list[dict[str, Any]] = [{**policy, "help": _policy_help(draft.kind)}]
    if owners and not filled & {"owner.email", "owner.name"}:
        chosen = str(mapping.defaults.get("owner.email", ""))
        found.append(_option("default-owner.email", _("Assign to"), owners, chosen))
    if "source" in importer.readers and "source" not in filled:
        sources = [("", _("None")), *((line.key, str(line)) for line in Source.objects.all())]
        chosen = str(mapping.defaults.get("source", ""))
        found.append(_option("default-source", _("Source"), sources, chosen))
    found.append(_option("date_order", _("Days are written"), DATE_ORDERS, mapping.date_order))
    found.append(_option("decimal", _("Before the cents"), DECIMALS, mapping.decimal))
    return found


def _policy_help(kind: str) -> str:
    return " ".join(str(told) for told in (COMPARED_BY.get(kind), SAME_ID) if told)


def _option(name: str, label: str, choices: Any, chosen: str) -> dict[str, Any]:
    return {"name": name, "label": label, "choices": choices, "chosen": chosen}
