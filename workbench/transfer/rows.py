"""Rows become records: by the operations that the pages use, each with a verdict."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    models,
    transaction,
)
from django.utils.translation import gettext as _

from records import keys
from records.custom import KINDS, PREFIX, definitions_for, kind_of
from records.errors import IsInBin, LostRace, NotPermitted, Refused, Unacceptable
from records.form_conditions import missing_in
from records.models import MoneyField, TimelineRecord
from records.operations import is_retryable, run_atomically
from records.operations.merging import survivor_of
from records.permissions import fixed_fields, may, reaches, scope_of
from users.models import Grant, User
from workbench.operations import add_choice, find_choice
from workbench.transfer.cells import (
    CellIsLeftOut,
    CellIsUnreadable,
    as_flag,
    as_tags,
    as_text,
    as_whole,
    custom_reader,
    plain_cell,
    reader_for,
    short,
)
from workbench.transfer.undo import Trace, difference, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from records.models import Record
    from workbench.transfer.batch import Batch
    from workbench.transfer.mapping import ColumnMapping
    from workbench.transfer.tables import Row, Table


T = TypeVar("T", bound=models.Model)
CHUNK = 500  # rows that are written in one transaction
EMPTY: tuple[Any, ...] = (None, "", [])
# What follows from a changed value, and is not found out again when it is changed back.
CONVERTED = frozenset({"rate"})


@dataclass
class Verdict:
    """What became of a row: what INTERFACES calls a line of the import.

    `undo` is for taking the row back: what it made, and the values before (see `Trace`).
    """

    line: int
    verdict: str
    id: int | None = None
    of: int | None = None
    external_id: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    undo: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return the line; what is empty and only sometimes there is left out, and so is `undo`."""
        data = asdict(self)
        del data["undo"]
        for name in ("external_id", "warnings", "reasons"):
            if not data[name]:
                del data[name]
        return json.dumps(data, ensure_ascii=False)


@dataclass(frozen=True)
class Outcome:
    """What an importer did with the values of a row."""

    verdict: str
    record: Record | None = None
    of: Record | None = None
    reasons: tuple[str, ...] = ()
    warnings: Mapping[str, list[str]] = field(default_factory=dict)


class LinkIsMissing(Refused):
    """The row names a record that is not there (yet)."""

    def __init__(
        self, message: str, *, field: str, model: type[models.Model] | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.model = model


class Importer:
    """How a row of one kind becomes a record: subclassed in each room, made once per file."""

    kind: ClassVar[str]
    model: ClassVar[type[Any]]
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
        # True while nothing of it is to stay: then no row may hold what others wait for.
        self.is_dry = False
        kind = kind_of(self.model)
        self.custom_fields = definitions_for(by)[kind] if kind in KINDS else ()
        fixed = fixed_fields(by, kind)
        readers = {
            **{name: reader_for(self._column(name)) for name in self.columns},
            "owner.email": as_text,
            "owner.name": as_text,
            "is_deleted": as_flag,
            "id": as_whole,
            **({"tags": as_tags} if issubclass(self.model, TimelineRecord) else {}),
            **self.extras,
            **{each.name: custom_reader(each) for each in self.custom_fields},
        }
        # What the roles of whoever brings the file keep from them is nothing that it could fill.
        self.readers = {name: read for name, read in readers.items() if name not in fixed}
        self._owners: dict[tuple[str, str], User] = {}
        self._choices: dict[tuple[str, str], Any] = {}
        self.trace = Trace()

    def _column(self, name: str) -> models.Field[Any, Any]:
        field: models.Field[Any, Any] = self.model._meta.get_field(name)
        return field

    # To be written by the room

    def settle(self, values: dict[str, Any]) -> Outcome:
        """Find, create or update the record of a row, by operations. A `Refused` rejects it."""
        raise NotImplementedError

    # Common to all

    def verdicts(self, table: Table, *, is_dry: bool = False) -> Iterator[Verdict]:
        """Give the verdict of each row as it is reached.

        A chunk of rows is a transaction. A dry run does the same in one transaction that is rolled
        back, so that a row sees the rows before it.
        """
        self.is_dry = is_dry
        pairs = self.pairs_for(table)
        if not is_dry:
            yield from self._verdicts(table, pairs)
            return
        with transaction.atomic():
            yield from self._verdicts(table, pairs)
            transaction.set_rollback(True)

    def pairs_for(self, table: Table) -> list[tuple[str, str]]:
        """Return (header, field) for the columns of a file. Raises `MappingIsWrong`."""
        labels = {each.label: each.name for each in self.custom_fields}
        return self.mapping.targets(table.headers, self.readers, labels)

    def _verdicts(self, table: Table, pairs: list[tuple[str, str]]) -> Iterator[Verdict]:
        # A row may name one further down, like a parent account: it is tried again at the end.
        waiting: list[tuple[Row, Verdict]] = []
        for chunk in chunks_of(table.rows()):
            for row, verdict, must_wait in self._settled(chunk, pairs):
                if must_wait:
                    waiting.append((row, verdict))
                else:
                    yield verdict
        while waiting:
            still: list[tuple[Row, Verdict]] = []
            for row, verdict, must_wait in self._settled([row for row, _verdict in waiting], pairs):
                if must_wait:
                    still.append((row, verdict))
                else:
                    yield verdict
            if len(still) == len(waiting):
                yield from (verdict for _, verdict in still)
                return
            waiting = still

    def _settled(
        self, rows: list[Row], pairs: list[tuple[str, str]]
    ) -> list[tuple[Row, Verdict, bool]]:
        return run_atomically(lambda: self.verdicts_of(rows, pairs))

    def verdicts_of(
        self, rows: Iterable[Row], pairs: list[tuple[str, str]]
    ) -> list[tuple[Row, Verdict, bool]]:
        """Judge and write a chunk of rows in the transaction that surrounds it, in their order.

        Each comes back with its verdict, and whether it waits for another row of the same file:
        then nothing of it is written, and it is to be given again when the others are done.
        """
        begun = [(row, *self._begun(row, pairs)) for row in rows]
        batch = self.batch([values for _, _, values in begun if values is not None])
        if batch is None:
            return [(row, v, self._concluded(v, values)) for row, v, values in begun]
        found: list[tuple[Row, Verdict, bool]] = []
        waiting: list[tuple[Verdict, dict[str, Any], Any]] = []
        for row, verdict, values in begun:
            must_wait = False
            if values is None:
                pass
            elif (record := batch.standing_of(values)) is not None:
                self.trace = Trace()
                self._told(verdict, Outcome("unchanged", record))
            elif (draft := batch.draft_of(values)) is not None:
                waiting.append((verdict, values, draft))
            else:
                if batch.touches_what_waits(values):
                    self._write(batch, waiting)
                if (outcome := batch.duplicate_of(values)) is not None:
                    self.trace = Trace()
                    self._told(verdict, outcome)
                else:
                    must_wait = self._concluded(verdict, values)
                    batch.was_settled(verdict, self.trace)
            found.append((row, verdict, must_wait))
        self._write(batch, waiting)
        return found

    def batch(self, chunk: list[dict[str, Any]]) -> Batch | None:
        """Return who writes those of the rows with these values together that are plainly new.

        None for a kind whose rows are all settled one by one.
        """
        return None

    def _write(self, batch: Batch, waiting: list[tuple[Verdict, dict[str, Any], Any]]) -> None:
        """Write the rows that wait; where the database refuses one of them, each by itself."""
        if not waiting:
            return
        try:
            with transaction.atomic():
                records = batch.write([draft for _, _, draft in waiting])
        except (IntegrityError, DataError, LostRace):
            for verdict, values, _draft in waiting:
                self._concluded(verdict, values)
        else:
            for (verdict, _values, draft), record in zip(waiting, records, strict=True):
                self.trace = Trace()
                batch.note(self.trace, record, draft)
                self._told(verdict, Outcome("new", record))
        waiting.clear()

    def judge(self, row: Row, pairs: list[tuple[str, str]]) -> tuple[Verdict, bool]:
        """Return the verdict on a row, and whether it waits for another row of the same file."""
        verdict, values = self._begun(row, pairs)
        return verdict, self._concluded(verdict, values)

    def _begun(
        self, row: Row, pairs: list[tuple[str, str]]
    ) -> tuple[Verdict, dict[str, Any] | None]:
        """Read a row: its values, or none where the verdict says already what is wrong."""
        verdict = Verdict(row.line, "rejected")
        if row.problem:
            verdict.errors = {"": [row.problem]}
            return verdict, None
        values = self.read(row, pairs, verdict)
        verdict.external_id = str(values.get("external_id", ""))
        if values.pop("is_deleted", False):
            verdict.errors["is_deleted"] = [_("The row is marked as deleted.")]
        return verdict, None if verdict.errors else values

    def _concluded(self, verdict: Verdict, values: dict[str, Any] | None) -> bool:
        """Settle a row and complete its verdict; say whether it waits for another row."""
        if values is None:
            return False
        try:
            self._told(verdict, self._settle(values))
        except LinkIsMissing as missing:
            verdict.errors = {missing.field or "": [str(missing)]}
            return missing.model is self.model
        except Unacceptable as refusal:
            verdict.errors = refusal.errors or {refusal.field or "": refusal.reasons}
        except Refused as refusal:
            verdict.errors = {refusal.field or "": refusal.reasons}
        except OperationalError:
            raise
        except DatabaseError as error:
            reason = next(iter(str(error).splitlines()), "")
            verdict.errors = {
                "": [_("The database refuses this row: %(reason)s") % {"reason": reason}]
            }
        return False

    def _told(self, verdict: Verdict, outcome: Outcome) -> None:
        verdict.verdict = outcome.verdict
        verdict.id = outcome.record.pk if outcome.record else None
        verdict.undo = self.trace.as_json(outcome.record)
        if self.is_dry and outcome.verdict == "new":
            verdict.id, verdict.undo = None, {}
        if outcome.of is None or reaches(self.by, "view", outcome.of):
            verdict.of = outcome.of.pk if outcome.of else None
            verdict.reasons = list(outcome.reasons)
        else:
            verdict.reasons = [_("It exists outside of what you may see.")]
        verdict.warnings |= outcome.warnings

    def _settle(self, values: dict[str, Any]) -> Outcome:
        """Settle a row in a transaction of its own, once more when somebody else was faster."""
        try:
            return run_atomically(lambda: self._traced(values))
        except (IntegrityError, LostRace) as error:
            if not is_retryable(error):
                raise
        # What they wrote can be read by now, as the chunk is not a snapshot.
        return run_atomically(lambda: self._traced(values))

    def _traced(self, values: dict[str, Any]) -> Outcome:
        self.trace = Trace()
        return self.settle(dict(values))

    def read(self, row: Row, pairs: list[tuple[str, str]], verdict: Verdict) -> dict[str, Any]:
        """Return the values of a row by field; what is wrong is written into `verdict`.

        A blank cell says nothing: the field keeps what it has.
        """
        texts: dict[str, str] = {}
        for header, name in pairs:
            text = plain_cell(row.cells[header])
            if text and name not in texts:
                texts[name] = self.mapping.values.get(name, {}).get(text, text)
        for name in self.mapping.defaults:
            if not texts.get(name):
                texts[name] = self.mapping.default_for(name, row.cells)
        values: dict[str, Any] = {}
        notes: list[str] = []
        for name, text in texts.items():
            if not text:
                continue
            try:
                values[name] = self.readers[name](text, self.mapping)
            except CellIsLeftOut as problem:
                verdict.warnings[name] = [
                    _("%(problem)s The row goes in without it.") % {"problem": problem}
                ]
                notes.append(f"{name}: {keys.clean_text(text)}")
            except CellIsUnreadable as problem:
                verdict.errors[name] = [str(problem)]
        custom = {
            name.removeprefix(PREFIX): values.pop(name)
            for name in list(values)
            if name.startswith(PREFIX)
        }
        if custom:
            values["custom"] = custom
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
        if found is not None and found.is_in_bin and (merged := survivor_of(found)) is not None:
            # What it is part of by now has an id of its own, or none.
            found = merged[1]
            values.pop("external_id", None)
        if found is not None and not reaches(self.by, "view", found):
            raise NotPermitted(
                _("This record is outside of what you may see."), field="external_id"
            )
        if found is not None and found.is_in_bin:
            raise IsInBin(
                _("%(record)s is in the recycle bin. Restore it first.") % {"record": found},
                field="external_id",
            )
        return found

    def changed(self, record: Any, values: dict[str, Any], update: Callable[..., Any]) -> Outcome:
        """Bring a record to what the row says; nothing is written where it says the same."""
        values.pop("created_at", None)
        changes = self.differing(record, values)
        if self.mapping.duplicates == "fill":
            changes = _filling(record, changes)
        if not changes or self.mapping.duplicates == "skip":
            return Outcome("unchanged", record)
        at_rate = CONVERTED.intersection(vars(record))
        names = {*changes, *self.columns, *at_rate} - {"created_at"}
        before = kept(record, names)
        self.trace.was = getattr(record, "version", None)
        updated = update(record, by=self.by, **changes)
        after = kept(updated, names)
        old, new = difference(before, after)
        fields = record._meta.concrete_fields
        if any(isinstance(field, MoneyField) and field.name in old for field in fields):
            # A rate is kept also where it is the same: by the time of an undo it may be another.
            old |= {name: before[name] for name in at_rate}
            new |= {name: after[name] for name in at_rate}
        self.trace.updated = (updated, old, new)
        return Outcome("updated", updated)

    def may_bring_up(self, twin: Any) -> bool:
        """Say whether the row is to change a record that says the same.

        One that its sender may not see stays out of it: even that nothing would change, tells what
        stands there.
        """
        return self.mapping.duplicates in ("update", "fill") and reaches(self.by, "view", twin)

    def made(self, record: T) -> T:
        """Note that the row made a record, and return it."""
        self.trace.created.append(record)
        return record

    def choice(self, name: str, text: str, model: type[models.Model]) -> Any:
        """Return the line of an editable list with this key or name.

        Who may add to the list gets a missing one made; for others the row is rejected.
        """
        found = self.standing_choice(name, text, model)
        if found is None and name in self.grows and self._may_shape(model):
            # Not remembered: the row may still be refused, and its new line with it.
            return self.made(add_choice(model, text, by=self.by))
        if found is None:
            raise LinkIsMissing(
                _("There is no %(kind)s “%(text)s”.")
                % {"kind": model._meta.verbose_name, "text": short(text)},
                field=name,
            )
        return found

    def standing_choice(self, name: str, text: str, model: type[models.Model]) -> Any:
        """Return the line of an editable list as `choice` does, or None when it is not there."""
        key = (name, text.casefold())
        if key not in self._choices:
            found = find_choice(model, text)
            if found is None:
                return None
            self._choices[key] = found
        return self._choices[key]

    def _may_shape(self, model: type[models.Model]) -> bool:
        return scope_of(self.by, "add", model) == Grant.Scope.ALL

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
                    _("You may not give %(kinds)s to others.")
                    % {"kinds": self.model._meta.verbose_name_plural},
                    field=name,
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
            raise LinkIsMissing(
                _("There is more than one user “%(text)s”.") % {"text": short(text)}
                if users
                else _("There is no user “%(text)s”.") % {"text": short(text)},
                field=name,
            )
        return users[0]

    def linked(
        self,
        values: dict[str, Any],
        name: str,
        model: type[Record],
        by_name: Callable[[str], Any] | None = None,
    ) -> Any:
        """Take the link `name` out of the values and return the record that it means, or None.

        Raises `LinkIsMissing`: a row that names what is not there is not half imported.
        """
        external_id, text = values.pop(f"{name}.external_id", ""), values.pop(f"{name}.name", "")
        if external_id:
            record = self._visible(model._default_manager).filter(external_id=external_id).first()
            if record is None:
                raise LinkIsMissing(
                    _("There is no %(kind)s with the external id “%(text)s”.")
                    % {"kind": model._meta.verbose_name, "text": short(external_id)},
                    field=f"{name}.external_id",
                    model=model,
                )
            return record
        if text and by_name is not None:
            records = list(self._visible(by_name(text))[:2])
            if len(records) != 1:
                told = _("There is no %(kind)s “%(text)s”.")
                if records:
                    told = _("There is more than one %(kind)s “%(text)s”.")
                raise LinkIsMissing(
                    told % {"kind": model._meta.verbose_name, "text": short(text)},
                    field=f"{name}.name",
                    model=model,
                )
            return records[0]
        return None

    def _visible(self, records: Any) -> Any:
        return records.permitted(self.by, "view")

    @staticmethod
    def differing(record: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values that `record` does not have yet."""
        differing = {
            name: value
            for name, value in values.items()
            if name not in {"custom", "tags"} and _plain(getattr(record, name)) != _plain(value)
        }
        if "tags" in values:
            has = {tag.name_key for tag in record.tags.all()}
            if has != {keys.tag_key(name) for name in values["tags"]}:
                differing["tags"] = values["tags"]
        custom = {
            key: value
            for key, value in values.get("custom", {}).items()
            if record.custom.get(key) != value
        }
        return {**differing, "custom": custom} if custom else differing

    def require_filled(self, values: Mapping[str, Any], **more: Any) -> None:
        """Refuse a new record without what is required, as forms and the API do."""
        missing = missing_in(kind_of(self.model), {**values, **more}, by=self.by)
        if missing:
            raise Unacceptable(errors=missing)


def _filling(record: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Return of these changes those of fields that are empty."""
    filling = {
        name: value
        for name, value in changes.items()
        if name not in {"custom", "tags"} and _plain(getattr(record, name)) in EMPTY
    }
    if "tags" in changes and not record.tags.exists():
        filling["tags"] = changes["tags"]
    custom = {
        key: value
        for key, value in changes.get("custom", {}).items()
        if record.custom.get(key) in EMPTY
    }
    return {**filling, "custom": custom} if custom else filling


def _plain(value: Any) -> Any:
    """Return a value as it compares: a country by its code."""
    return getattr(value, "code", value)


def chunks_of(rows: Iterable[Row], size: int = CHUNK) -> Iterator[list[Row]]:
    """Give rows in lists of `size`; the last is shorter."""
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk
