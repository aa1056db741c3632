"""The pages of duplicates."""

from duplicates.views.merge import DuplicateMerge
from duplicates.views.merged import DuplicateUnmerge, MergeList, MergeReceipt

__all__ = ["DuplicateMerge", "DuplicateUnmerge", "MergeList", "MergeReceipt"]
