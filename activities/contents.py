"""What a file is, by its name and by what is in it; and which files nobody should send on.

Nothing here runs, renders or unpacks to disk what it reads: it looks at the first bytes, and walks
through archives with a limit on what comes out of them.
"""

from __future__ import annotations

import re
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 8192  # bytes that are looked at first
LONGEST_NAME = 150
MOST_MEMBERS = 10_000  # files in an archive
DEEPEST = 3  # archives within archives
CHUNK = 65_536
EMPTY = b"PK\x05\x06"  # how an archive of nothing begins

# What somebody may send, by the ending of the name: content type, and what the bytes have to be.
TYPES: dict[str, tuple[str, str]] = {
    "pdf": ("application/pdf", "pdf"),
    "png": ("image/png", "png"),
    "jpg": ("image/jpeg", "jpeg"),
    "jpeg": ("image/jpeg", "jpeg"),
    "gif": ("image/gif", "gif"),
    "webp": ("image/webp", "webp"),
    "txt": ("text/plain", "text"),
    "md": ("text/markdown", "text"),
    "csv": ("text/csv", "text"),
    "tsv": ("text/tab-separated-values", "text"),
    "ics": ("text/calendar", "text"),
    "vcf": ("text/vcard", "text"),
    "eml": ("message/rfc822", "text"),
    "rtf": ("application/rtf", "rtf"),
    "docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "word/",
    ),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xl/"),
    "pptx": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "ppt/",
    ),
    "odt": ("application/vnd.oasis.opendocument.text", "odf"),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", "odf"),
    "odp": ("application/vnd.oasis.opendocument.presentation", "odf"),
    "doc": ("application/msword", "ole"),
    "xls": ("application/vnd.ms-excel", "ole"),
    "ppt": ("application/vnd.ms-powerpoint", "ole"),
    "msg": ("application/vnd.ms-outlook", "ole"),
    "zip": ("application/zip", "zip"),
}
PICTURES = frozenset({"png", "jpeg", "gif", "webp"})
ARCHIVES = frozenset({"zip", "odf", "word/", "xl/", "ppt/"})
# What is run, or shown as a page with scripts, when it is opened.
RUNS = frozenset(
    """
    ade app apk bat bin cab chm cmd com cpl dll dmg docm exe gadget hta htm html inf iso jar js jse
    lnk mjs msc msi msp mst pif pl pptm ps1 psm1 py reg scf scr sh shtml svg swf url vb vbe vbs wsf
    wsh xhtml xlsm xml
    """.split()
)
# A name that has one of these inside pretends to be something else.
PRETENDS = frozenset("bat cmd exe hta jar js lnk msi pif ps1 scr svg vbs wsf".split())
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"PK\x03\x04", "zip"),
    (EMPTY, "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
)
_MARKUP = re.compile(
    r"\s*(?:<!doctype|<html|<head|<body|<script|<svg|<iframe|<object|<\?xml|<\?php|#!)",
    re.IGNORECASE,
)


class Unfit(ValueError):
    """A file that is not taken; `code` says why, `details` with what."""

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        self.details = details
        super().__init__(code)


@dataclass(frozen=True)
class Contents:
    """What a file was found to be."""

    extension: str
    content_type: str
    family: str

    @property
    def is_image(self) -> bool:
        return self.family in PICTURES


def clean_name(name: str) -> str:
    """Return the name of a file without folders, and without characters that nobody sees.

    >>> clean_name("C:\\\\offers\\\\June.pdf"), clean_name("/etc/passwd"), clean_name("  .. ")
    ('June.pdf', 'passwd', 'file')
    >>> clean_name("invoice\\u202efdp.exe"), clean_name("a\\nb\\x00.txt")
    ('invoicefdp.exe', 'a b.txt')
    """
    name = unicodedata.normalize("NFC", name)
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r"\s+", " ", name)
    # Signs of the other direction make exe.fdp of a name; the two that join letters may stay.
    name = "".join(
        sign
        for sign in name
        if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or sign in "\u200c\u200d"
    )
    name = name.strip(" .")
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        is_short = dot and len(ending) <= 10
        name = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if is_short else name
        name = name[:LONGEST_NAME].strip(" .")
    return name or "file"


def extension_of(name: str) -> str:
    """Return the ending of a name in small letters.

    >>> extension_of("Offer.PDF"), extension_of("offer"), extension_of("offer.pdf.exe")
    ('pdf', '', 'exe')
    """
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def refuse_name(name: str, allowed: frozenset[str]) -> str:
    """Return the ending of a name that may be sent; raises `Unfit` for any other.

    >>> refuse_name("offer.v2.pdf", frozenset({"pdf"}))
    'pdf'
    """
    ending = extension_of(name)
    inner = {part.strip().lower() for part in name.split(".")[1:-1]}
    if ending in RUNS:
        raise Unfit("runs", ending=ending)
    if ending not in allowed or ending not in TYPES:
        raise Unfit("type", ending=ending)
    if inner & PRETENDS:
        raise Unfit("double", ending=ending, inner=min(inner & PRETENDS))
    return ending


def inspect(name: str, stream: IO[bytes], *, allowed: frozenset[str], unpacked: int) -> Contents:
    """Return what a file is; raises `Unfit` unless its bytes are what its name says.

    An archive may hold at most `unpacked` bytes, with the archives in it. `stream` is read from its
    beginning, and left anywhere.
    """
    ending = refuse_name(name, allowed)
    content_type, wanted = TYPES[ending]
    stream.seek(0)
    found = family_of(stream.read(HEAD))
    if found == "":
        raise Unfit("empty")
    if found == "zip" and wanted in ARCHIVES:
        found = _archive_of(stream, unpacked)
        if found == "odf" and wanted == "odf" and _says_odf(stream) != content_type:
            found = "zip"
    if found == "markup":
        raise Unfit("markup", ending=ending)
    if found != wanted and not (wanted == "zip" and found in ARCHIVES):
        raise Unfit("other", ending=ending)
    return Contents(ending, content_type, found)


def family_of(head: bytes) -> str:
    """Return what bytes are, by how they begin: "" for none, "unknown" for what nobody knows.

    >>> family_of(b"%PDF-1.7"), family_of(b"hello"), family_of(b"<svg onload=x>"), family_of(b"")
    ('pdf', 'text', 'markup', '')
    >>> family_of(b"MZ\\x90\\x00\\x03\\x00"), family_of(b"RIFF\\x00\\x00\\x00\\x00WEBPVP8 ")
    ('unknown', 'webp')
    """
    if not head:
        return ""
    for magic, family in _MAGIC:
        if head.startswith(magic):
            return family
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    text = _text(head)
    if text is None:
        return "unknown"
    return "markup" if _MARKUP.match(text) else "text"


def _text(head: bytes) -> str | None:
    """Return bytes as text, in UTF-8, UTF-16 with its mark, or Windows-1252; None for no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    else:
        head = head.removeprefix(b"\xef\xbb\xbf")
        try:
            # The last letter may be cut in two.
            text = head.decode() if len(head) < HEAD - 3 else head[: _whole(head)].decode()
        except UnicodeDecodeError:
            text = head.decode("cp1252", errors="replace")
            if "\ufffd" in text:
                return None
    controls = sum(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n\f" for sign in text)
    return None if controls else text


def _whole(head: bytes) -> int:
    """Return how many bytes of UTF-8 are whole letters."""
    end = len(head)
    while end and end > len(head) - 4 and head[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if end and head[end - 1] >= 0xC0 else len(head)


# Archives


def _archive_of(stream: IO[bytes], unpacked: int) -> str:
    """Return what kind of archive this is, after all that is in it was counted."""
    names = _walk(stream, [unpacked], depth=1)
    lowered = {name.lower() for name in names}
    if any(name.endswith("vbaproject.bin") for name in lowered):
        raise Unfit("macros")
    if "[content_types].xml" in lowered:
        for folder in ("word/", "xl/", "ppt/"):
            if any(name.startswith(folder) for name in lowered):
                return folder
    return "odf" if "mimetype" in lowered and "content.xml" in lowered else "zip"


def _says_odf(stream: IO[bytes]) -> str:
    """Return the content type that an OpenDocument file tells of itself; nothing if it tells none.

    Its list of contents has been read by now, and still may say something else than the rest.
    """
    try:
        with zipfile.ZipFile(stream) as archive, archive.open("mimetype") as told:
            return told.read(200).decode("ascii", errors="replace").strip()
    except (KeyError, zipfile.BadZipFile, OSError, ValueError, zlib.error) as error:
        raise Unfit("broken") from error


def _walk(stream: IO[bytes], left: list[int], *, depth: int) -> list[str]:
    """Unpack an archive into nothing, counting; return the names of what is in it.

    What the archive says of itself may be a lie: only what really comes out is counted.
    """
    if depth > DEEPEST:
        raise Unfit("deep")
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise Unfit("broken") from error
    if len(members) > MOST_MEMBERS:
        raise Unfit("many", most=MOST_MEMBERS)
    # Before any work: an honest bomb says how large it is.
    if sum(member.file_size for member in members) > left[0]:
        raise Unfit("bomb")
    for member in members:
        if member.flag_bits & 0x1:
            raise Unfit("locked")
        if not member.is_dir():
            _count(stream, member, left, depth=depth)
    return [member.filename for member in members]


def _count(stream: IO[bytes], member: zipfile.ZipInfo, left: list[int], *, depth: int) -> None:
    """Take what one member unpacks to from what is `left`, and look into archives within."""
    with tempfile.SpooledTemporaryFile(max_size=1_000_000) as inner:
        is_archive = False
        for number, piece in enumerate(_pieces(stream, member)):
            if number == 0:
                is_archive = piece.startswith(b"PK\x03\x04")
            left[0] -= len(piece)
            if left[0] < 0:
                raise Unfit("bomb")
            if is_archive:
                inner.write(piece)
        if is_archive:
            _walk(inner, left, depth=depth + 1)


def _pieces(stream: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what a member unpacks to, piece by piece, whatever its header says of the length."""
    stream.seek(member.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise Unfit("broken")
    name, extra = struct.unpack("<HH", header[26:30])
    stream.seek(member.header_offset + 30 + name + extra)
    remaining = member.compress_size
    match member.compress_type:
        case zipfile.ZIP_STORED:
            inflate = None
        case zipfile.ZIP_DEFLATED:
            inflate = zlib.decompressobj(-15)
        case _:
            raise Unfit("packing")
    while remaining > 0:
        packed = stream.read(min(CHUNK, remaining))
        if not packed:
            raise Unfit("broken")
        remaining -= len(packed)
        if inflate is None:
            yield packed
            continue
        try:
            while packed:
                piece = inflate.decompress(packed, CHUNK)
                if piece:
                    yield piece
                packed = inflate.unconsumed_tail
        except zlib.error as error:
            raise Unfit("broken") from error
        if inflate.eof:
            return
