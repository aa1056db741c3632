"""The pages of imports."""

from imports.views.changes import (
    ImportCancel,
    ImportCheck,
    ImportDelete,
    ImportResume,
    ImportRun,
    ImportUndo,
)
from imports.views.columns import ImportColumns, ImportReading
from imports.views.pages import ImportDetail, ImportList, ImportRejected, ImportUpload

__all__ = [
    "ImportCancel",
    "ImportCheck",
    "ImportColumns",
    "ImportDelete",
    "ImportDetail",
    "ImportList",
    "ImportReading",
    "ImportRejected",
    "ImportResume",
    "ImportRun",
    "ImportUndo",
    "ImportUpload",
]
