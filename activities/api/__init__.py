"""Timelines for programs: entries and files."""

from activities.api.entries import ActivityViewSet
from activities.api.files import FileViewSet, WithFiles

__all__ = ["ActivityViewSet", "FileViewSet", "WithFiles"]
