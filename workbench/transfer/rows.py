"""Rows become records: by the operations that the pages use, each with a verdict."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import DatabaseError, OperationalError, models, transaction

from records import keys
from records.custom import KINDS, PREFIX, definitions_for, kind_of
from records.errors import IsInBin, NotPermitted, Refused, Unacceptable
from records.layouts import required_of
from records.models import TimelineRecord
from records.operations import run_atomically
from records.operations.merging import survivor_of
from records.permissions import may, reaches, scope_of
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from records.models import Record
    from workbench.transfer.mapping import ColumnMapping
    from workbench.transfer.tables import Row, Table


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
        self.readers = {
            **{name: reader_for(self._column(name)) for name in self.columns},
            "owner.email": as_text,
            "owner.name": as_text,
            "is_deleted": as_flag,
            "id": as_whole,
            **({"tags": as_tags} if issubclass(self.model, TimelineRecord) else {}),
            **self.extras,
            **{each.name: custom_reader(each) for each in self.custom_fields},
        }
        self._owners: dict[tuple[str, str], User] = {}
        self._choices: dict[tuple[str, str], Any] = {}

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

        Each row is a transaction of its own. A dry run does the same in one transaction that is
        rolled back, so that a row sees the rows before it.
        """
        self.is_dry = is_dry
        labels = {each.label: each.name for each in self.custom_fields}
        pairs = self.mapping.targets(table.headers, self.readers, labels)
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
            if outcome.of is None or reaches(self.by, "view", outcome.of):
                verdict.of = outcome.of.pk if outcome.of else None
                verdict.reasons = list(outcome.reasons)
            else:
                verdict.reasons = ["It exists outside of what you may see."]
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
                verdict.warnings[name] = [f"{problem} The row goes in without it."]
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
            raise NotPermitted("This record is outside of what you may see.", field="external_id")
        if found is not None and found.is_in_bin:
            raise IsInBin(f"{found} is in the recycle bin. Restore it first.", field="external_id")
        return found

    def changed(self, record: Any, values: dict[str, Any], update: Callable[..., Any]) -> Outcome:
        """Bring a record to what the row says; nothing is written where it says the same."""
        values.pop("created_at", None)
        changes = self.differing(record, values)
        if not changes or self.mapping.duplicates == "skip":
            return Outcome("unchanged", record)
        return Outcome("updated", update(record, by=self.by, **changes))

    def choice(self, name: str, text: str, model: type[models.Model]) -> Any:
        """Return the line of an editable list with this key or name.

        Who may add to the list gets a missing one made; for others the row is rejected.
        """
        key = (name, text.casefold())
        if key not in self._choices:
            found = find_choice(model, text)
            if found is None and name in self.grows and self._may_shape(model):
                # Not remembered: the row may still be refused, and its new line with it.
                return add_choice(model, text, by=self.by)
            if found is None:
                raise LinkIsMissing(
                    f"There is no {model._meta.verbose_name} “{short(text)}”.", field=name
                )
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
                    f"You may not give {self.model._meta.verbose_name_plural} to others.",
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
                f"There is {'no' if not users else 'more than one'} user “{short(text)}”.",
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
                    f"There is no {model._meta.verbose_name} "
                    f"with the external id “{short(external_id)}”.",
                    field=f"{name}.external_id",
                    model=model,
                )
            return record
        if text and by_name is not None:
            records = list(self._visible(by_name(text))[:2])
            if len(records) != 1:
                raise LinkIsMissing(
                    f"There is {'no' if not records else 'more than one'} "
                    f"{model._meta.verbose_name} “{short(text)}”.",
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
        missing = required_of(kind_of(self.model), {**values, **more}, by=self.by)
        if missing:
            raise Unacceptable(errors=missing)


def _plain(value: Any) -> Any:
    """Return a value as it compares: a country by its code."""
    return getattr(value, "code", value)
