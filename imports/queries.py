"""What is in a file, which fields there are for it, and how it would be read. Nothing writes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from activities.models import Activity
from imports.guessing import Target, guess, preset_for
from imports.models import Import
from leads.jobs import IMPORTERS
from leads.models import Lead
from opportunities.models import Opportunity
from records.errors import Unacceptable
from records.permissions import may
from workbench.transfer import ColumnMapping, FileIsUnreadable, open_table
from workbench.transfer.mapping import PRESETS, preset_data
from workbench.transfer.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from users.models import User
    from workbench.transfer import Importer
    from workbench.transfer.tables import Row

# For how long an import can be taken back.
REVERTIBLE_FOR = timedelta(days=7)
SAMPLED = 1_000  # rows that are looked at to say what is in a column

# What is no column of the model, in words.
LABELS = {
    "account.external_id": gettext_lazy("Account (external id)"),
    "account.name": gettext_lazy("Account (name)"),
    "contact.external_id": gettext_lazy("Contact (external id)"),
    "opportunity.external_id": gettext_lazy("Opportunity (external id)"),
    "parent.external_id": gettext_lazy("Parent account (external id)"),
    "parent.name": gettext_lazy("Parent account (name)"),
    "product.name": gettext_lazy("Products"),
    "owner.email": gettext_lazy("Owner (email)"),
    "owner.name": gettext_lazy("Owner (name)"),
    "is_deleted": gettext_lazy("Deleted (yes or no)"),
    "tags": gettext_lazy("Tags"),
    "company": gettext_lazy("Company"),
    "status": gettext_lazy("Status"),
    "status_reason": gettext_lazy("Status reason"),
    "stage": gettext_lazy("Stage"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "converted": gettext_lazy("Converted (yes or no)"),
    "converted_at": gettext_lazy("Converted at"),
    "disqualify_reason": gettext_lazy("Reason to disqualify"),
    "disqualified_at": gettext_lazy("Disqualified at"),
    "loss_reason": gettext_lazy("Reason of the loss"),
    "lost_to": gettext_lazy("Lost to"),
    "actual_value": gettext_lazy("Actual value"),
    "closed_on": gettext_lazy("Closed on"),
    "next_step": gettext_lazy("Next step"),
    "key": gettext_lazy("Key"),
    "created_at": gettext_lazy("Created at"),
}


def may_import(user: Any, kind: str) -> bool:
    """Say whether `user` may take in files, and make records of this kind."""
    return may(user, "add", Import) and may(user, "add", IMPORTERS[kind].model)


def kinds_for(user: Any) -> list[tuple[str, str]]:
    """Return the kinds that `user` may take in, with what they are called."""
    return [(kind, str(label)) for kind, label in Import.Kind.choices if may_import(user, kind)]


def path_of(imported: Import) -> Path:
    """Return where the bytes lie. Raises `Unacceptable` when they were thrown away."""
    path = Path(default_storage.path(imported.key)) if imported.key else None
    if path is None or not path.exists():
        told = _("The file of this import is not kept any longer. Send it again.")
        raise Unacceptable(errors={"file": [told]})
    return path


def table_of(imported: Import, found: Sequence[Any] = ()) -> Table:
    """Open the file as it is to be read. Raises `Unacceptable` for `file` with the reason.

    To find out how it is written, all of it is looked at; whoever has done so gives what was
    `found`, as `found_of` tells it.
    """
    path = path_of(imported)
    if found:
        encoding, delimiter, line, sheet = found
        decimal = imported.mapping.get("decimal", ".")
        return Table(path, encoding, delimiter, list(imported.headers), line, sheet, decimal)
    try:
        return open_table(
            path,
            encoding=imported.encoding,
            delimiter=imported.delimiter,
            header=imported.header,
            decimal=imported.mapping.get("decimal", "."),
            is_unpacked=imported.is_workbook,
        )
    except FileIsUnreadable as refusal:
        # It is known by its own name, and nobody needs to know where it lies.
        told = [reason.replace(path.name, imported.name) for reason in refusal.reasons]
        raise Unacceptable(errors={"file": told}) from refusal


def found_of(table: Table) -> list[Any]:
    """Return what was found out of how a file is written, as JSON can hold it."""
    return [table.encoding, table.delimiter, table.header_line, table.sheet]


def importer_for(imported: Import, mapping: ColumnMapping | None = None) -> Importer:
    """Return what makes records of the rows, in the name of whoever sent the file."""
    mapping = mapping or ColumnMapping.of(imported.mapping, imported.kind)
    return IMPORTERS[imported.kind](by=imported.owner, mapping=mapping)


def pairs_of(
    imported: Import, mapping: ColumnMapping | None = None, *, needs_any: bool = True
) -> list[tuple[str, str]]:
    """Return (column, field) for the columns that are taken in. Raises `MappingIsWrong`."""
    importer = importer_for(imported, mapping)
    labels = {each.label: each.name for each in importer.custom_fields}
    explicit = importer.mapping.columns
    if not needs_any and not any(explicit.get(header) for header in imported.headers):
        return []
    return importer.mapping.targets(imported.headers, importer.readers, labels)


def targets_for(user: User, kind: str) -> list[Target]:
    """Return the fields that a column can fill, by what they are called."""
    importer = IMPORTERS[kind](by=user, mapping=ColumnMapping())
    custom = {each.name: each.label for each in importer.custom_fields}
    found = [
        Target(name, str(custom.get(name) or _label(importer, name)))
        for name in importer.readers
        if name not in ("id", "is_deleted")
    ]
    return sorted(found, key=lambda target: target.label.casefold())


def _label(importer: Importer, name: str) -> str:
    if name in importer.columns:
        column = importer.model._meta.get_field(name)
        label = str(getattr(column, "verbose_name", name))
        return label[:1].upper() + label[1:]
    return str(LABELS.get(name, name))


def sample_of(table: Table, size: int = SAMPLED) -> list[Row]:
    """Return the first rows that can be read."""
    return [row for row in islice(table.rows(), size) if not row.problem]


def texts_of(rows: list[Row], header: str) -> list[str]:
    """Return what a column holds in these rows, without what is blank."""
    return [text for row in rows if (text := row.cells.get(header, "").strip())]


def guessed_mapping(imported: Import) -> dict[str, Any]:
    """Return the mapping to begin with: that of the last such file, of a preset, or a guess."""
    table = table_of(imported)
    known = (
        Import.objects.permitted(imported.owner)
        .filter(kind=imported.kind, headers=table.headers)
        .exclude(pk=imported.pk)
        .exclude(finished_at=None)
        .order_by("-pk")
        .first()
    )
    if known is not None:
        return dict(known.mapping)
    rows = sample_of(table, 200)
    presets = {path.stem: _preset(path.stem, imported.kind) for path in PRESETS.glob("*.json")}
    name = preset_for(table.headers, {name: data for name, data in presets.items() if data})
    columns: dict[str, str | None] = {}
    terms: dict[str, Any] = {}
    if name:
        terms = {part: told for part, told in presets[name].items() if part != "columns"}
        columns = {
            header: presets[name]["columns"][header]
            for header in table.headers
            if header in presets[name]["columns"]
        }
    targets = targets_for(imported.owner, imported.kind)
    fields = {target.name for target in targets} | {"is_deleted"}
    columns = {header: field for header, field in columns.items() if field in fields or not field}
    left = [header for header in table.headers if header not in columns]
    taken = {field for field in columns.values() if field}
    free = [target for target in targets if target.name not in taken]
    samples = {header: texts_of(rows, header) for header in left}
    for each in guess(left, samples, free):
        columns[each.header] = each.field or None
    return {**terms, "columns": columns}


def mappings_for(imported: Import) -> list[tuple[str, dict[str, Any]]]:
    """Return mappings to take over, by name: of the presets, and of one's own last imports."""
    found = [
        (path.stem.replace("_", " ").title(), data)
        for path in sorted(PRESETS.glob("*.json"))
        if (data := _preset(path.stem, imported.kind))
    ]
    before = Import.objects.permitted(imported.owner).filter(kind=imported.kind)
    last = before.exclude(pk=imported.pk).exclude(finished_at=None).order_by("-pk")[:10]
    found += [(each.name, each.mapping) for each in last]
    headers = set(imported.headers)
    return [
        (name, {**data, "columns": {h: f for h, f in data["columns"].items() if h in headers}})
        for name, data in found
        if headers & data.get("columns", {}).keys()
    ]


def _preset(name: str, kind: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((PRESETS / f"{name}.json").read_text(encoding="utf-8"))
    return preset_data(name, kind) if kind in data else {}


def digest_of(imported: Import) -> str:
    """Return what stands for the file, how it is read and how it is matched."""
    said = [
        imported.sha256,
        imported.encoding,
        imported.delimiter,
        imported.header,
        imported.mapping,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def same_before(imported: Import) -> Import | None:
    """Return the import of the same file that was run before, if there is one."""
    found: Import | None = (
        Import.objects.permitted(imported.owner)
        .filter(kind=imported.kind, sha256=imported.sha256)
        .exclude(pk=imported.pk)
        .exclude(finished_at=None)
        .filter(reverted_at=None)
        .order_by("-pk")
        .first()
    )
    return found


NAMED_BY = (("name",), ("first_name", "last_name"), ("company",), ("topic",), ("email",), ("key",))


def name_of(cells: Mapping[str, str], pairs: list[tuple[str, str]]) -> str:
    """Return what a row is called, by the columns that name it."""
    texts: dict[str, str] = {}
    for header, field in pairs:
        texts.setdefault(field, cells.get(header, "").strip())
    for fields in NAMED_BY:
        if name := " ".join(filter(None, (texts.get(field, "") for field in fields))):
            return name[:200]
    return ""


def what_hangs_on(record: Any, *, besides: Sequence[Activity] = ()) -> str:
    """Return in words what there is on a record that would be left without it; "" for nothing.

    Entries of its timeline that would go with it are left out: `besides`.
    """
    entries = Activity.objects.on(record).exclude(pk__in=[each.pk for each in besides])
    found: list[tuple[Any, Any]] = [(Activity, entries)]
    if isinstance(record, Account):
        found += [
            (model, model.objects.filter(account=record)) for model in (Contact, Opportunity, Lead)
        ]
        found.append((Account, Account.objects.filter(parent=record)))
    if isinstance(record, Contact):
        found += [(model, model.objects.filter(contact=record)) for model in (Opportunity, Lead)]
    counts = [(model._meta, rows.order_by().distinct().count()) for model, rows in found]
    return ", ".join(
        f"{count} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"
        for meta, count in counts
        if count
    )


def revertible_until(imported: Import) -> Any:
    """Return until when the import can be taken back."""
    ended = imported.finished_at or timezone.now()
    return ended + REVERTIBLE_FOR
