"""What every type of custom field can do; a type says only where it differs from a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from records.keys import text_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.models import CustomField

MOST_DIGITS = 15  # as many as every program that reads JSON keeps exactly


class FieldType:
    """A type of custom field: how its values are stored, read, shown, compared and described.

    name        the word of `CustomField.Type`
    asked_as    its type in conditions, which says how it is filtered
    control     what a form asks for it with; `workbench.custom` has one for each of these words
    cell        how `workbench.transfer` reads a cell of a file, where not as a text
    longest     characters that a text may have; 0 is no text
    limited_by  what its limits measure: a text, a number, a day; nothing where it has none
    is_number   whether it stands to the right in lists
    is_latest_first  whether lists sort it downwards first
    fits_into   the types of fields that can take over its values when a lead is qualified
    """

    name: ClassVar[str] = ""
    asked_as: ClassVar[str] = "text"
    control: ClassVar[str] = "text"
    cell: ClassVar[str] = ""
    longest: ClassVar[int] = 0
    limited_by: ClassVar[str] = ""
    is_number: ClassVar[bool] = False
    is_latest_first: ClassVar[bool] = False
    # Whether its values are stored as texts: those are among the words that a record is found by.
    is_searched: ClassVar[bool] = True
    fits_into: ClassVar[tuple[str, ...]] = ()

    def store(self, definition: CustomField, value: Any, *, standing: Any = None) -> Any:
        """Return a value that is not empty as records store it.

        Raises `ValueError` with a sentence in the terms of the field. What is `standing` may stay
        where it would not be taken anew.
        """
        raise NotImplementedError

    def natural(self, definition: CustomField, value: Any) -> Any:
        """Return a stored value as Python has it."""
        return value

    def prepare(self, definition: CustomField, values: Iterable[Any]) -> None:
        """Read at once what `words` needs for these stored values; most need nothing."""

    def words(self, definition: CustomField, value: Any) -> str:
        """Return a stored value as people read it."""
        return str(value)

    def told(self, definition: CustomField, value: Any) -> Any:
        """Return what a program is told of a stored value: nothing of what may not be seen."""
        return value

    def read(self, definition: CustomField, text: str) -> Any:
        """Return what somebody means by a text, for `store`, which refuses what is unreadable."""
        return text

    def write(self, definition: CustomField, value: Any) -> str:
        """Return a stored value as a text that `read` reads."""
        return str(value)

    def in_file(self, definition: CustomField, value: Any) -> Any:
        """Return a stored value for a file: numbers and days as such, all else as text."""
        return self.words(definition, value)

    def sort_value(self, definition: CustomField) -> Any:
        """Return what rows are sorted by, alike on both engines; None where no order tells."""
        return None

    def schema(self, definition: CustomField) -> dict[str, Any]:
        """Return the type of its values as OpenAPI says it."""
        raise NotImplementedError

    def unreadable(self, definition: CustomField) -> str:
        """Say what to do about an input that is no such value at all."""
        return _("Choose one of the list for %(label)s") % {"label": definition.label}

    def address(self, definition: CustomField, value: Any) -> str:
        """Return where a click on a stored value leads; nothing where it is no link."""
        return ""


def fitting_text(definition: CustomField, value: Any, most: int) -> str:
    """Return a text without the blanks around it, its lines ended in one way.

    Raises `ValueError` for what is no text, or one that no engine stores or that is too long.
    """
    if not isinstance(value, str):
        raise ValueError(_("Enter %(label)s as text") % {"label": definition.label})
    if problem := text_problem(value):
        raise ValueError(problem)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > most:
        raise ValueError(
            _("%(label)s can have at most %(most)d characters; these are %(count)d")
            % {"label": definition.label, "most": most, "count": len(text)}
        )
    return text
