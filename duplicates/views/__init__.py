"""The pages of duplicates."""

from duplicates.views.list import (
    DuplicateDismiss,
    DuplicateList,
    DuplicateRestore,
    DuplicateSearch,
)
from duplicates.views.merge import DuplicateMerge
from duplicates.views.merged import DuplicateUnmerge, MergeList, MergeReceipt

__all__ = [
    "DuplicateDismiss",
    "DuplicateList",
    "DuplicateMerge",
    "DuplicateRestore",
    "DuplicateSearch",
    "DuplicateUnmerge",
    "MergeList",
    "MergeReceipt",
]
