"""Everything that is written of an import, but for the work of its jobs."""

from imports.operations.reverting import take_back
from imports.operations.rows import forget_rows, note_job, wait_no_longer, write_rows
from imports.operations.uploading import (
    LONGEST_KEPT,
    MOST_BYTES,
    ImportIsAtWork,
    ImportIsOver,
    discard,
    held,
    prune_imports,
    read_as,
    remap,
    saved,
    upload,
)

__all__ = [
    "LONGEST_KEPT",
    "MOST_BYTES",
    "ImportIsAtWork",
    "ImportIsOver",
    "discard",
    "forget_rows",
    "held",
    "note_job",
    "prune_imports",
    "read_as",
    "remap",
    "saved",
    "take_back",
    "upload",
    "wait_no_longer",
    "write_rows",
]
