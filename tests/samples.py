"""Small files of every kind, made by code: honest ones, and ones that nobody should take."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TEXT = "Drei Füller, zwei Öfen.\n".encode()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!doctype html><script>alert(1)</script>"


def picture(
    form: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **more)
    return out.getvalue()


def archive(members: dict[str, bytes], *, packed: bool = True) -> bytes:
    out = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def office(folder: str = "word/", **more: bytes) -> bytes:
    """Return what Word, Excel and PowerPoint write, as far as anybody here looks."""
    inside = {"[Content_Types].xml": b"<Types/>", f"{folder}document.xml": b"<w/>"}
    return archive({**inside, **{f"{folder}{name}.bin": data for name, data in more.items()}})


def open_document(mime: str = "application/vnd.oasis.opendocument.text") -> bytes:
    return archive({"mimetype": mime.encode(), "content.xml": b"<o/>"}, packed=False)


def renamed() -> bytes:
    """Return an open document of which the list of contents calls a member by another name."""
    data = bytearray(open_document())
    place = data.index(b"mimetype")
    data[place : place + 8] = b"memetype"
    return bytes(data)


def bomb(size: int) -> bytes:
    """Return an archive that says how much comes out of it."""
    return archive({"zeros": bytes(size)})


def lying_bomb(size: int) -> bytes:
    """Return an archive of which the list of contents says that 10 bytes come out."""
    data = bytearray(bomb(size))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(data)


def nested(depth: int, inner: bytes = b"hello") -> bytes:
    for _ in range(depth):
        inner = archive({"inner.zip": inner}, packed=False)
    return inner


def locked() -> bytes:
    """Return an archive with a member that is marked as encrypted."""
    data = bytearray(archive({"secret.txt": b"secret"}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


def wide_png(width: int, height: int) -> bytes:
    """Return a picture of a few bytes that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )
