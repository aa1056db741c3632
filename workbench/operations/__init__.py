"""What the workbench writes beside the records: lines of lists, moments of the past, jobs."""

from workbench.operations.choices import add_choice, back_date, find_choice

__all__ = ["add_choice", "back_date", "find_choice"]
