"""Records parted by a custom field of theirs: a choice, several choices, yes or no, or a user."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import CharField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from records.custom import PREFIX, definitions_for, in_words
from records.models import CustomField
from reports.queries.question import NAMELESS, NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from users.models import User

T = TypeVar("T")
Type = CustomField.Type
TYPES = {Type.CHOICE, Type.CHOICES, Type.YES_NO, Type.USER}
ASKED_AS = "custom:"  # what parts records is called `custom:<key>`


@dataclass(frozen=True)
class Own:
    """A custom field by which records are parted."""

    field: CustomField

    @property
    def raw(self) -> Coalesce:
        """What rows are grouped by: the value as a text, nothing where there is none."""
        text = Cast(KeyTextTransform(self.field.key, "custom"), CharField())
        return Coalesce(text, NAMELESS, output_field=CharField())

    def keys_in(self, raw: str) -> list[str]:
        """Return the parts that a value belongs to: several choices belong to each of them.

        What is not yes is no, as the lists have it.
        """
        if self.field.type == Type.YES_NO:
            return ["true" if raw == "true" else "false"]
        if self.field.type != Type.CHOICES or not raw:
            return [raw]
        found = json.loads(raw)
        return list(dict.fromkeys(map(str, found))) if isinstance(found, list) else [raw]

    def regrouped(self, by_raw: Mapping[Any, T], add: Callable[[T, T], T]) -> dict[str, T]:
        """Return by part what was counted by value."""
        found: dict[str, list[T]] = defaultdict(list)
        for raw, counted in by_raw.items():
            for key in self.keys_in(raw):
                found[key].append(counted)
        result = {}
        for key, (first, *others) in found.items():
            for each in others:
                first = add(first, each)  # noqa: PLW2901
            result[key] = first
        return result

    def labels(self, keys: list[str]) -> dict[str, str]:
        """Return what parts are called; the one without a value has no name."""
        return {key: in_words(self.field, self._value(key)) if key else "" for key in keys}

    def _value(self, key: str) -> Any:
        """Return a value that a record of this part holds."""
        match self.field.type:
            case Type.YES_NO:
                return key == "true"
            case Type.CHOICES:
                return [key]
            case Type.USER if key.isdigit():
                return int(key)
        return key

    def asked_for(self, key: str) -> dict[str, str]:
        """Return what the list asks for the rows of a part."""
        return {self.field.name: key} if key else {f"{self.field.name}__known": "no"}

    @staticmethod
    def named(key: str) -> str:
        """Return the name of a part for programs."""
        return key or NOBODY


def own_parts(kind: str, viewer: User) -> dict[str, Own]:
    """Return the custom fields by which records of `kind` can be parted, by `custom:<key>`."""
    return {
        f"{ASKED_AS}{each.name.removeprefix(PREFIX)}": Own(each)
        for each in definitions_for(viewer)[kind]
        if each.type in TYPES
    }
