"""A file is taken in as a draft: looked at, kept, read, matched; nothing of it is a record yet."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import File as Content
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.contents import HEAD, Unfit, clean_name, family_of, inspect, refuse_name
from activities.operations import measured, told_of, write_bytes
from imports.models import Import
from imports.queries import guessed_mapping, may_import, pairs_of, table_of
from leads.jobs import IMPORTERS
from records import audit
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import operation, row_of
from records.permissions import DENIED_ALL
from workbench.transfer import ColumnMapping, FileIsUnreadable, sheets_of, unpack
from workbench.transfer.mapping import spelled_out

if TYPE_CHECKING:
    from datetime import datetime

    from users.models import User

FOLDER = "imports/"
TYPES = frozenset({"csv", "tsv", "txt", "xlsx"})
MOST_BYTES = 100 * 1_048_576
MOST_ROWS = 1_000_000
DRAFTS = (Import.State.DRAFT, Import.State.CHECKED, Import.State.CHECKING)
# What came in is not kept for longer than one looks back at an import.
LONGEST_KEPT = timedelta(days=30)


class ImportIsAtWork(Refused):
    """A job is about this import at the moment."""


class ImportIsOver(Refused):
    """The import has been run: what is in it can no longer be changed."""


def upload(
    *,
    by: User,
    kind: str,
    name: str,
    content: IO[bytes] | bytes,
    mapping: dict[str, Any] | None = None,
    **reading: Any,
) -> Import:
    """Take a file in as the draft of an import, with its columns matched as well as can be.

    `mapping` goes before what would be guessed. `reading` may say `encoding`, `delimiter` and
    `header`, where they are known. Raises `NotPermitted`, `MappingIsWrong`, and `Unacceptable` for
    `file` with the reason for which it is not taken. Not in a transaction: it takes its time.
    """
    require_import(by, kind)
    name = clean_name(name)
    try:
        refuse_name(name, TYPES)
        with measured(content, most=MOST_BYTES) as (stream, size, digest):
            _look_into(name, stream)
            stream.seek(0)
            key = _kept(name, stream)
    except Unfit as problem:
        told = told_of(name, problem, types=TYPES, most=MOST_BYTES)
        raise Unacceptable(errors={"file": [told]}) from problem
    draft = Import(owner=by, kind=kind, name=name, key=key, size=size, sha256=digest, **reading)
    try:
        with transaction.atomic():
            return _written(draft, mapping, by=by)
    except BaseException:
        default_storage.delete(key)
        raise


def _kept(name: str, stream: IO[bytes]) -> str:
    """Keep the bytes and return their key: of a workbook the rows of its first sheet.

    Its jobs read in many steps, and in a workbook one cannot begin in the middle.
    """
    if not name.lower().endswith(".xlsx"):
        return write_bytes(Content(stream), FOLDER)
    with TemporaryDirectory() as folder:
        book, rows = Path(folder, "book"), Path(folder, "rows")
        with book.open("wb") as copy:
            copyfileobj(stream, copy)
        try:
            unpack(book, sheets_of(book)[0], rows)
        except FileIsUnreadable as refusal:
            raise Unacceptable(errors={"file": refusal.reasons}) from refusal
        with rows.open("rb") as plain:
            return write_bytes(Content(plain), FOLDER)


def require_import(by: User, kind: str) -> None:
    """Refuse whoever may not take in files, or make records of this kind."""
    if kind not in IMPORTERS:
        raise Unacceptable(errors={"kind": [_("Choose what the rows of the file are.")]})
    if not may_import(by, kind):
        kinds = IMPORTERS[kind].model._meta.verbose_name_plural
        raise NotPermitted(_(DENIED_ALL["add"]) % {"kinds": kinds})


def _look_into(name: str, stream: IO[bytes]) -> None:
    """Refuse bytes that are not what the name says. Text may be of any spelling, but is text."""
    if name.lower().endswith(".xlsx"):
        unpacked = settings.FILE_MAX_UNPACKED_BYTES
        inspect(name, stream, allowed=TYPES, unpacked=unpacked)
        return
    stream.seek(0)
    head = stream.read(HEAD)
    family = family_of(head)
    ending = name.rpartition(".")[2].lower()
    if family == "markup":
        raise Unfit("markup", ending=ending)
    if family != "text" and not (family == "unknown" and _is_text(head)):
        raise Unfit("other", ending=ending)


def _is_text(head: bytes) -> bool:
    """Say whether bytes are text with characters that are not seen, or UTF-16 without its mark."""
    zeros = head.count(0)
    if not zeros:
        return not any(sign < 9 for sign in head[:512]) or _is_utf8(head)
    return zeros > len(head) // 4 and 0 in (head[::2].count(0), head[1::2].count(0))


def _is_utf8(head: bytes) -> bool:
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return True


@operation
def _written(draft: Import, mapping: dict[str, Any] | None, *, by: User) -> Import:
    _read(draft)
    draft.mapping = guessed_mapping(draft) if mapping is None else _fitting(draft, mapping)
    draft.save()
    audit.log(draft, "import.uploaded", by=by, changes={"file": [None, draft.name]})
    return draft


def _fitting(draft: Import, mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping as it is kept: with what its preset says today. Raises `MappingIsWrong`."""
    mapping = spelled_out(mapping, draft.kind)
    pairs_of(draft, ColumnMapping.of(mapping, draft.kind), needs_any=False)
    return mapping


def _read(draft: Import) -> None:
    """Fill in what the columns are called and how many rows there are."""
    table = table_of(draft)
    draft.headers = list(table.headers)
    draft.total = 0
    for draft.total, _row in enumerate(table.rows(), start=1):
        if draft.total > MOST_ROWS:
            told = _("The file has more than %(most)s rows. Cut it into several.")
            raise Unacceptable(errors={"file": [told % {"most": f"{MOST_ROWS:,}"}]})


@operation
def read_as(
    draft: Import,
    *,
    by: User,
    encoding: str = "",
    delimiter: str = "",
    header: int | None = None,
    version: int | None = None,
) -> Import:
    """Read the file in another way, and match its columns anew."""
    current = held(draft, by=by, version=version, is_changeable=True)
    current.encoding, current.delimiter, current.header = encoding, delimiter, header
    _read(current)
    current.mapping = guessed_mapping(current)
    return saved(current, state=Import.State.DRAFT, checked_as="", counts={})


@operation
def remap(
    draft: Import, *, by: User, mapping: dict[str, Any], version: int | None = None
) -> Import:
    """Say which column fills which field. What was checked before has to be checked again.

    Raises `MappingIsWrong` for fields and columns that are not there.
    """
    current = held(draft, by=by, version=version, is_changeable=True)
    mapping = _fitting(current, mapping)
    if mapping == current.mapping:
        return current
    current.mapping = mapping
    return saved(current, state=Import.State.DRAFT, checked_as="", counts={})


@operation
def discard(draft: Import, *, by: User) -> None:
    """Throw an import away that has not been run: its file, and what was said of its rows."""
    current = held(draft, by=by, is_changeable=True)
    audit.log(current, "import.discarded", by=by, changes={"file": [current.name, None]})
    _throw_away(current)
    current.delete()


def held(
    imported: Import, *, by: User, version: int | None = None, is_changeable: bool = False
) -> Import:
    """Hold an import until the transaction ends. Raises `NotPermitted` for one of somebody else.

    With `is_changeable` it raises `ImportIsAtWork` and `ImportIsOver` where nothing of it can be
    changed any more.
    """
    rows = Import.objects.select_for_update(of=("self",)).select_related("owner", "job")
    current: Import = row_of(imported, rows)
    if not Import.objects.permitted(by, "change").filter(pk=current.pk).exists():
        raise NotPermitted(_("You may not do this to the imports of others."))
    if version is not None and version != current.version:
        raise ImportIsAtWork(
            _("This import was changed in another window. Load the page again, then go on.")
        )
    if is_changeable:
        if current.is_at_work:
            raise ImportIsAtWork(_("A job is about this file. Cancel it or wait for its end."))
        if current.state not in DRAFTS:
            raise ImportIsOver(_("This import was run already. Send the file again."))
    return current


def saved(imported: Import, **changes: Any) -> Import:
    """Save an import that is held."""
    for name, value in changes.items():
        setattr(imported, name, value)
    imported.version += 1
    imported.changed_at = timezone.now()
    imported.save()
    return imported


def _throw_away(imported: Import) -> None:
    """Throw the bytes away once the transaction stands."""
    key = imported.key
    if key:
        transaction.on_commit(lambda: _deleted(key))


def _deleted(key: str) -> None:
    with suppress(FileNotFoundError):
        default_storage.delete(key)


@operation
def prune_imports(now: datetime | None = None) -> int:
    """Throw away the files and rows of imports that nobody has touched for 30 days.

    Of one that was run, to its end or not, the line in the history stays; a draft goes. Return how
    many there were.
    """
    before = (now or timezone.now()) - LONGEST_KEPT
    old = Import.objects.untouched_since(before).exclude(key="").select_related("job")
    pruned = 0
    for imported in old.order_by("pk")[:100]:
        if imported.is_at_work:
            continue
        pruned += 1
        _throw_away(imported)
        if imported.state in DRAFTS:
            imported.delete()
            continue
        imported.rows.all().delete()
        imported.key = ""
        imported.save(update_fields=["key"])
    return pruned
