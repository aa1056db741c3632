"""Small pictures of pictures, by a decoder that may be asked to do too much: with limits."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageOps

from activities.contents import Unfit

FORMATS = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}
MOST_PIXELS = 80_000_000  # of a picture that is taken
# Decoded whole they take four bytes each. A JPEG is read smaller than it is, so it may have more.
MOST_DECODED = 16_000_000
LONGEST_EDGE = 640
QUALITY = 75
# What a decoder raises for what it cannot read; it says so in many ways.
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError)


@dataclass(frozen=True)
class Preview:
    """A small picture in WebP, of `width` and `height`."""

    data: bytes
    width: int
    height: int


def preview_of(stream: IO[bytes], family: str) -> Preview | None:
    """Return a small picture of a picture, made anew without anything else that came with it.

    None where it is too large to be decoded here, or ends too early. Raises `Unfit` for what is no
    picture, and for one of more pixels than anybody can look at.
    """
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(stream, formats=(FORMATS[family],))
    except Image.DecompressionBombError as error:
        raise Unfit("pixels", most=MOST_PIXELS // 1_000_000) from error
    except UNREADABLE as error:
        raise Unfit("picture") from error
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise Unfit("pixels", most=MOST_PIXELS // 1_000_000)
    if family == "jpeg":
        picture.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
    elif pixels > MOST_DECODED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _small(picture)
    except (*UNREADABLE, Image.DecompressionBombError, MemoryError):
        return None


def _small(picture: Image.Image) -> Preview:
    has_holes = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    if picture.mode not in {"RGB", "RGBA", "L", "LA", "CMYK"}:
        # A palette cannot be made smaller smoothly.
        picture = picture.convert("RGBA" if has_holes else "RGB")
    picture.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    upright = ImageOps.exif_transpose(picture) or picture
    small = upright.convert("RGBA" if has_holes else "RGB")
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY)
    return Preview(out.getvalue(), small.width, small.height)
