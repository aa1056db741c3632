"""Files on a timeline: taken after a look at what they are, kept under random names, binned.

The bytes are written before the row that names them, and thrown away by a nightly job when no row
does: a row without its bytes cannot come about.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.base import File as Content
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.contents import (
    LONGEST_NAME,
    PICTURES,
    TYPES,
    Unfit,
    clean_name,
    inspect,
    refuse_name,
)
from activities.models import Activity, File
from activities.operations.changing import (
    delete_activity,
    edit_activity,
    held,
    restore_activity,
)
from activities.operations.writing import done, writable
from activities.pictures import preview_of
from records import audit
from records.errors import IsGone, Refused, Unacceptable
from records.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from records.models import TimelineRecord
    from users.models import User

CHUNK = 65_536
MEGABYTE = 1_048_576
# Bytes that nobody points at yet may belong to a form that is being saved.
SWEPT_AFTER = timedelta(days=1)
LISTED_AT_ONCE = 500

REASONS = {
    "runs": gettext_lazy("it is a program or a page with scripts (.%(ending)s)"),
    "type": gettext_lazy("files of this kind are not taken. Send one of these: %(types)s"),
    "double": gettext_lazy(
        "its name has two endings, .%(inner)s and .%(ending)s. Rename it and send it again"
    ),
    "empty": gettext_lazy("it is empty"),
    "markup": gettext_lazy("it is a page or a script, and not what its name says"),
    "other": gettext_lazy("what is in it is not what its name says (.%(ending)s)"),
    "broken": gettext_lazy("it is damaged and cannot be opened"),
    "picture": gettext_lazy("it is damaged, or no picture"),
    "pixels": gettext_lazy("it has more than %(most)d million pixels"),
    "bomb": gettext_lazy("it unpacks to more than %(unpacked)d MB"),
    "many": gettext_lazy("it holds more than %(most)d files"),
    "deep": gettext_lazy("it holds archives in archives in archives"),
    "locked": gettext_lazy("it is locked by a password, so nobody can look into it"),
    "packing": gettext_lazy("it is packed in a way that cannot be looked into"),
    "macros": gettext_lazy("it has macros in it"),
    "large": gettext_lazy("it is larger than %(size)d MB"),
}


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends: its name as they wrote it, and its bytes."""

    name: str
    content: Any


@dataclass(frozen=True)
class Kept:
    """A file that was looked at and whose bytes are in their place; no row names it yet."""

    name: str
    size: int
    sha256: str
    content_type: str
    is_image: bool
    key: str
    preview: str = ""
    width: int = 0
    height: int = 0


@contextmanager
def kept(uploads: Sequence[Upload]) -> Iterator[list[Kept]]:
    """Look at files and put their bytes into place; when it ends, none that no row names are left.

    Raises `Unacceptable` for `files` with a sentence for each that is not taken. Not in a
    transaction: it takes its time.
    """
    if len(uploads) > settings.FILES_MOST_AT_ONCE:
        most = settings.FILES_MOST_AT_ONCE
        told = ngettext("Attach at most %(n)d file.", "Attach at most %(n)d files at once.", most)
        raise Unacceptable(errors={"files": [told % {"n": most}]})
    found: list[Kept] = []
    problems: list[str] = []
    for upload in uploads:
        try:
            found.append(_keep(upload))
        except Unacceptable as refusal:
            problems += refusal.reasons
    try:
        if problems:
            raise Unacceptable(errors={"files": problems})
        yield found
    except Refused:
        # Nothing was written. After any other error nobody knows: then the nightly job asks.
        _forget(found)
        raise
    if found:
        named = set(
            File.all_objects.filter(key__in=[each.key for each in found]).values_list("key")
        )
        _forget([each for each in found if (each.key,) not in named])


def attach(
    record: TimelineRecord,
    *,
    by: User,
    name: str,
    content: IO[bytes] | bytes,
    activity: Activity | None = None,
) -> File:
    """Put a file on the timeline of `record`: alone, or with the entry `activity` of it.

    Whoever sees the record may add a file, and whoever may change the entry adds one to it. Raises
    `Unacceptable` for `files` with the reason for which a file is not taken.
    """
    if activity is not None and not Activity.all_objects.on(record).filter(pk=activity.pk).exists():
        raise Unacceptable(errors={"activity": [_("This entry is not on this record.")]})
    with kept([Upload(name, content)]) as files:
        if activity is None:
            entry = log_files(record, by=by, files=files)
        else:
            entry = add_files(activity, by=by, files=files)
        file: File = File.objects.get(activity=entry, key=files[0].key)
        return file


@operation
def log_files(
    record: TimelineRecord,
    *,
    by: User,
    files: Sequence[Kept],
    text: str = "",
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Put files that were `kept` on the timeline of `record`, as one entry."""
    origin = writable(record, by=by)
    if not files:
        raise Unacceptable(errors={"files": [_("Choose a file.")]})
    subject = ", ".join(each.name for each in files)[:200]
    entry = done(
        origin,
        by=by,
        kind=Activity.Kind.FILE,
        subject=subject,
        text=text.strip(),
        custom=custom,
    )
    return written_with(entry, files, by=by)


@operation
def add_files(activity: Activity, *, by: User, files: Sequence[Kept]) -> Activity:
    """Add files that were `kept` to an entry. Adding none changes nothing."""
    if not files:
        return activity
    return written_with(held(activity, by=by, action="change"), files, by=by)


@operation
def edit_with_files(
    activity: Activity, *, by: User, files: Sequence[Kept], **changes: Any
) -> Activity:
    """Correct an entry, and add files that were `kept` to it."""
    return add_files(edit_activity(activity, by=by, **changes), by=by, files=files)


@operation
def written_with(entry: Activity, files: Sequence[Kept], *, by: User) -> Activity:
    """Write the rows of files that came with an entry which was just written or is held."""
    for each in files:
        File(
            activity=entry,
            created_by=by,
            **{name: getattr(each, name) for name in each.__dataclass_fields__},
        ).save(force_insert=True)
    if files:
        audit.log(
            entry,
            "activity.files_added",
            by=by,
            changes={"files": [None, [f"{each.name} ({each.sha256[:12]})" for each in files]]},
        )
    return entry


@operation
def remove_file(file: File, *, by: User) -> File:
    """Put a file into the recycle bin; the last one of an entry of files takes the entry along.

    Removing what is removed changes nothing.
    """
    entry = held(file.activity, by=by, action="delete", may_be_in_bin=True)
    current = _current(file)
    if current.deleted_at is not None or entry.is_in_bin:
        return current
    others = File.objects.filter(activity=entry).exclude(pk=file.pk)
    if entry.kind == Activity.Kind.FILE and not others.exists():
        delete_activity(entry, by=by)
        return current
    current.deleted_at, current.deleted_by = timezone.now(), by
    current.save()
    audit.log(entry, "activity.file_removed", by=by, changes={"files": [[current.name], None]})
    return current


@operation
def restore_file(file: File, *, by: User) -> File:
    """Take a file out of the recycle bin, with its entry where that went along."""
    entry = held(file.activity, by=by, action="delete", may_be_in_bin=True)
    current = _current(file)
    if entry.is_in_bin:
        restore_activity(entry, by=by)
    if current.deleted_at is not None:
        current.deleted_at = current.deleted_by = None
        current.save()
        audit.log(entry, "activity.file_restored", by=by, changes={"files": [None, [current.name]]})
    return current


def _current(file: File) -> File:
    found = File.all_objects.select_for_update().filter(pk=file.pk).first()
    if found is None:
        raise IsGone(_("%(record)s is gone for good.") % {"record": file})
    return found


# Bytes


def _keep(upload: Upload) -> Kept:
    """Look at one file and write its bytes. Raises `Unacceptable` with the reason against it."""
    name = clean_name(upload.name)
    try:
        refuse_name(name, settings.FILE_TYPES)
        with measured(upload.content, most=settings.FILE_MAX_BYTES) as (stream, size, digest):
            found = inspect(
                name,
                stream,
                allowed=settings.FILE_TYPES,
                unpacked=settings.FILE_MAX_UNPACKED_BYTES,
            )
            small = preview_of(stream, found.family) if found.family in PICTURES else None
            stream.seek(0)
            key = write_bytes(Content(stream))
    except Unfit as problem:
        raise Unacceptable(errors={"files": [told_of(name, problem)]}) from problem
    preview = write_bytes(ContentFile(small.data)) if small else ""
    return Kept(
        name=name,
        size=size,
        sha256=digest,
        content_type=found.content_type,
        is_image=found.is_image,
        key=key,
        preview=preview,
        width=small.width if small else 0,
        height=small.height if small else 0,
    )


@contextmanager
def measured(content: Any, *, most: int) -> Iterator[tuple[IO[bytes], int, str]]:
    """Give a stream that can be read from any place, its size and its digest.

    Of one with more than `most` bytes no more is read than shows it: it raises `Unfit`, as for one
    without any.
    """
    source = io.BytesIO(content) if isinstance(content, bytes | bytearray) else content
    with tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE) as copy:
        may_seek = hasattr(source, "seek")
        if may_seek:
            source.seek(0)
        digest, size = hashlib.sha256(), 0
        while piece := source.read(CHUNK):
            size += len(piece)
            if size > most:
                raise Unfit("large")
            digest.update(piece)
            if not may_seek:
                copy.write(piece)
        if size == 0:
            raise Unfit("empty")
        yield (source if may_seek else copy), size, digest.hexdigest()


def told_of(
    name: str, problem: Unfit, *, types: Iterable[str] = (), most: int | None = None
) -> str:
    """Say why a file was not taken, where these `types` and at most so many bytes are."""
    told = {
        "types": ", ".join(sorted(types or settings.FILE_TYPES & TYPES.keys())),
        "size": (most or settings.FILE_MAX_BYTES) // MEGABYTE,
        "unpacked": settings.FILE_MAX_UNPACKED_BYTES // MEGABYTE,
        **problem.details,
    }
    reason = str(REASONS[problem.code]) % told
    return _("“%(name)s” was not taken: %(reason)s.") % {
        "name": name[:LONGEST_NAME],
        "reason": reason,
    }


def write_bytes(content: Content[bytes], folder: str = "") -> str:
    """Write bytes under a name that nobody can guess, down to the disk; return the name.

    What lies in a `folder` is no file of a timeline: whoever put it there throws it away.
    """
    token = secrets.token_hex(20)
    key = default_storage.save(f"{folder}{token[:2]}/{token}", content)
    with suppress(NotImplementedError):  # a storage elsewhere has settled it already
        descriptor = os.open(default_storage.path(key), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return key


def _forget(files: Sequence[Kept]) -> None:
    for each in files:
        for key in filter(None, (each.key, each.preview)):
            default_storage.delete(key)


def sweep_files(now: datetime | None = None) -> int:
    """Throw away the bytes that no file names, a day after they were written; return how many."""
    before = (now or timezone.now()) - SWEPT_AFTER
    swept = 0
    for keys in unnamed_bytes():
        for key in keys:
            with suppress(FileNotFoundError):
                if default_storage.get_modified_time(key) < before:
                    default_storage.delete(key)
                    swept += 1
    return swept


def unnamed_bytes() -> Iterator[list[str]]:
    """Yield the names of bytes that no file points at, folder by folder."""
    for folder in _folders():
        found = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        for start in range(0, len(found), LISTED_AT_ONCE):
            some = found[start : start + LISTED_AT_ONCE]
            rows = File.all_objects
            named = set(rows.filter(key__in=some).values_list("key", flat=True))
            named |= set(rows.filter(preview__in=some).values_list("preview", flat=True))
            if left := [key for key in some if key not in named]:
                yield left


def _folders() -> list[str]:
    try:
        return sorted(default_storage.listdir("")[0])
    except FileNotFoundError:
        return []
