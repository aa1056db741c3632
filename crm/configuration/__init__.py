"""The set-up of an installation as a file: what an administrator has shaped, by keys that last.

A file says nothing of people and records, and of nothing by its number: so it is the same for the
same set-up, and moves from one installation to another. What it does not name is left alone.
"""

from crm.configuration.reading import Change, FileIsWrong, Outcome, take_in
from crm.configuration.telling import FORMAT, configuration

__all__ = ["FORMAT", "Change", "FileIsWrong", "Outcome", "configuration", "take_in"]
