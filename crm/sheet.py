"""The style sheet that pages load: `app.css` and all that it names, as one file.

Two dozen small files are good to read and slow to fetch. The one file is made where static files
are looked for, so that a checkout, a demo and an image all serve the same, and nobody has to make
it by hand after a change.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE, SHEET = "app/app.css", "app/sheet.css"
STATIC = Path(__file__).resolve().parent.parent / "static"

IMPORT = re.compile(r'@import url\("([^"]+)"\)(?: layer\((\w+)\))?;')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def one_sheet(source: Path) -> str:
    """Return a style sheet with what it imports in place of the imports, without comments.

    What is imported may name files itself only where it lies in the same folder.
    """

    def imported(found: re.Match[str]) -> str:
        text, layer = _bare(source.parent / found[1]), found[2]
        return f"@layer {layer} {{\n{text}\n}}" if layer else text

    return IMPORT.sub(imported, _bare(source)) + "\n"


def _bare(path: Path) -> str:
    lines = COMMENT.sub("", path.read_text()).splitlines()
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


class SheetFinder(BaseFinder):
    """Finds the one style sheet beside the files of the checkout, made of what they are now."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        self.storage = FileSystemStorage(location=settings.VAR_DIR / "static")

    def check(self, **_options: Any) -> list[Any]:
        return []

    def find(self, path: str, **options: Any) -> Any:  # type: ignore[override]
        """Return where a file is; a list of one or none, where all are asked for."""
        found = [str(self._made())] if path == SHEET else []
        wants_all = options.get("find_all") or options.get("all")
        return found if wants_all or not found else found[0]

    def list(self, _ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Any]]:
        """Return the only file, and where it is stored."""
        self._made()
        return [(SHEET, self.storage)]

    def _made(self) -> Path:
        """Write the sheet where it is not as it should be: servers start beside each other."""
        target = Path(self.storage.path(SHEET))
        text = one_sheet(STATIC / SOURCE)
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f"{target.name}.{os.getpid()}")
            draft.write_text(text)
            draft.replace(target)
        return target
