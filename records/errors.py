"""The ways in which an operation says no."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


class Refused(Exception):
    """An operation says no; `str()` is the sentence that the user reads.

    `code` names the kind of refusal for programmes, `reasons` lists every single reason, `field`
    names the input that has to change, where it is one.

    >>> refusal = Refused("The lead is closed already.")
    >>> str(refusal), refusal.code, refusal.reasons
    ('The lead is closed already.', 'refused', ['The lead is closed already.'])
    """

    code: ClassVar[str] = "refused"

    def __init__(
        self, message: str = "", *, reasons: Iterable[str] = (), field: str | None = None
    ) -> None:
        self.reasons = list(reasons)
        message = message or " ".join(self.reasons) or self.default_message
        self.reasons = self.reasons or [message]
        self.field = field
        super().__init__(message)

    default_message: ClassVar[str] = "This is not possible."

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotPermitted(Refused):
    """The user may not do this to this record."""

    default_message = "You are not permitted to do this."


class Stale(Refused):
    """Somebody else has changed the record since it was read.

    `theirs` holds the current values by field, `version` the number to send next time, `by` and
    `at` who changed it and when. `read` is what the fields that were changed held at the version
    that was read, where a setting is concerned; the history of a record knows it.
    """

    default_message = "Somebody else has changed this record in the meantime."

    def __init__(
        self,
        message: str = "",
        *,
        theirs: Mapping[str, Any] | None = None,
        read: Mapping[str, Any] | None = None,
        version: int = 0,
        by: str = "",
        at: datetime | None = None,
        reasons: Iterable[str] = (),
        field: str | None = None,
    ) -> None:
        super().__init__(message, reasons=reasons, field=field)
        self.theirs = dict(theirs or {})
        self.read = dict(read or {})
        self.version = version
        self.by = by
        self.at = at


class Busy(Refused):
    """Others hold what is needed; the same request may work in a moment."""

    default_message = "The record is being changed by somebody else. Try again in a moment."


class Unacceptable(Refused):
    """The input is wrong; `errors` lists what, by field.

    >>> refusal = Unacceptable(errors={"email": ["Enter an e-mail address."]})
    >>> str(refusal), refusal.field
    ('Enter an e-mail address.', 'email')
    """

    default_message = "The input is not acceptable."

    def __init__(
        self,
        message: str = "",
        *,
        errors: Mapping[str, Iterable[str]] | None = None,
        reasons: Iterable[str] = (),
        field: str | None = None,
    ) -> None:
        self.errors = {name: list(sentences) for name, sentences in (errors or {}).items()}
        reasons = list(reasons) or [
            sentence for sentences in self.errors.values() for sentence in sentences
        ]
        if field is None and len(self.errors) == 1:
            field = next(iter(self.errors))
        super().__init__(message, reasons=reasons, field=field)


class KeyReused(Refused):
    """A request key came back with another request than the one that it was given to."""

    default_message = "This request key was used for another request already."


class IsInBin(Refused):
    """The record lies in the recycle bin."""

    default_message = "This record is in the recycle bin. Restore it first."


class IsGone(Refused):
    """The record, or something that it was to refer to, was deleted since it was read."""

    default_message = "Something that you chose is gone for good. Look again."


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way; `record` is where it can be looked at, if anywhere."""

    text: str
    record: Any = None


class IsMerged(Refused):
    """The record is part of another one by now; `merge` is what made it so."""

    default_message = "This record was merged into another one. Undo the merge first."

    def __init__(self, message: str = "", *, merge: Any, **options: Any) -> None:
        super().__init__(message, **options)
        self.merge = merge


class CannotMerge(Refused):
    """These records cannot become one."""


class CannotUnmerge(Refused):
    """Something has changed since the merge. `obstacles` says what.

    `may_keep` says that all else can be given back, for those who ask for it.
    """

    def __init__(
        self,
        message: str,
        *,
        obstacles: Iterable[Obstacle] = (),
        may_keep: bool = False,
        **options: Any,
    ) -> None:
        self.obstacles = list(obstacles)
        self.may_keep = may_keep
        super().__init__(message, reasons=[each.text for each in self.obstacles], **options)


class IsInUse(Refused):
    """Others refer to what is to be deleted; `uses` says how many of which kind."""

    default_message = "This is in use and cannot be deleted."

    def __init__(self, message: str = "", *, uses: Mapping[str, int], **options: Any) -> None:
        super().__init__(message, **options)
        self.uses = dict(uses)


class LostRace(Exception):
    """Somebody was faster; the same work, done again, finds what they wrote and uses it."""
