"""Merging records for programs: the part that knows no kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from records.errors import Unacceptable
from records.models import Merge
from records.operations.merging import MOST_RECORDS
from workbench.api.fields import Strict, is_id
from workbench.api.views import RecordViewSet

Answer = tuple[int, Any]
MOST_NAMED = 100  # fields with a value to take


class Numbers(serializers.DictField):
    """Whole numbers by name."""

    child = serializers.IntegerField(min_value=1, max_value=2**31 - 1)

    def to_internal_value(self, data: Any) -> dict[str, int]:
        if not isinstance(data, dict) or len(data) > MOST_NAMED:
            raise serializers.ValidationError([_("Send an object with at most 100 names.")])
        wrong = {name: [_("Send a whole number.")] for name in data if not is_id(data[name])}
        if wrong:
            raise serializers.ValidationError(wrong)
        return dict(data)


def is_number(name: str) -> bool:
    """Say whether a name is the number of a record: digits like ² are none, nor are thousands."""
    return name.isascii() and name.isdigit() and len(name) < 19


class MergingSerializer(Strict):
    """Which records become one, and which of them each field is taken from."""

    survivor = serializers.IntegerField(help_text="The record that stays.")
    losers = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=1,
        max_length=MOST_RECORDS - 1,
        help_text="One to four others, which go to the bin.",
    )
    values = Numbers(
        required=False, help_text="Field → the id of the record to take it from, for any of them."
    )
    versions = Numbers(
        required=False, help_text="Id → the version that was read; 412 when one has changed since."
    )


class MergedSerializer(serializers.Serializer[Any]):
    """What came of a merge."""

    merge = serializers.IntegerField(help_text="Its number, for `merges/<id>/undo/`.")
    kind = serializers.CharField()
    survivor = serializers.IntegerField()
    losers = serializers.ListField(child=serializers.IntegerField())
    version = serializers.IntegerField(help_text="The version of the survivor now.")


class MergingViewSet(RecordViewSet):
    """A kind of record that can be merged. The subclass names the operation."""

    merge_operation: Callable[..., Merge]

    @extend_schema(request=MergingSerializer, responses={201: MergedSerializer})
    @action(detail=False, methods=["post"])
    def merge(self, request: Any) -> Response:
        """Make two to five records one: the survivor has everything, and the way back is kept.

        What `values` leaves out stays as the survivor has it, and is filled where it is empty.
        """
        return self.write(self._merge)

    def _merge(self) -> Answer:
        sent = self.taken(MergingSerializer)
        survivor = self.named(sent["survivor"], "survivor")
        losers = [
            self.named(number, f"losers.{place}") for place, number in enumerate(sent["losers"])
        ]
        columns = {name: column for column, name in self.api_names.items()}
        values = {columns.get(name, name): pk for name, pk in sent.get("values", {}).items()}
        try:
            merged = type(self).merge_operation(
                survivor,
                losers,
                by=self.user,
                values=values,
                versions=self.versions(survivor, sent.get("versions")),
            )
        except Unacceptable as refusal:
            refusal.errors = {self.path_of(name): told for name, told in refusal.errors.items()}
            raise
        survivor.refresh_from_db(fields=["version"])
        body = {
            "merge": merged.pk,
            "kind": merged.kind,
            "survivor": merged.survivor_id,
            "losers": merged.loser_ids,
            "version": survivor.version,
        }
        return 201, body

    def path_of(self, name: str) -> str:
        """Return what the API calls what an operation says about: `values.<name>` or a column."""
        column = name.removeprefix("values.")
        called = self.api_names.get(column, column)
        return called if column == name else f"values.{called}"

    def named(self, number: int, path: str) -> Any:
        """Return a record of this kind; one that the caller may not see is as if it were not."""
        rows: Any = self.model._default_manager
        record = rows.permitted(self.user).select_related("owner").filter(pk=number).first()
        if record is None:
            raise ValidationError({path: [_("There is no record of this id.")]})
        return record

    def versions(self, survivor: Any, sent: dict[str, int] | None) -> dict[int, int]:
        """Return the versions that the operation has to find: those of the body and `If-Match`."""
        wanted = {int(name): version for name, version in (sent or {}).items() if is_number(name)}
        version = self.precondition(survivor)
        return wanted if version is None else {**wanted, survivor.pk: version}
