"""Notes, calls, meetings, emails and tasks for programs, each with its files."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import Any

import django_filters
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from activities import operations
from activities.api.files import WithFiles, address_of
from activities.filters import ActivityFilter
from activities.models import Activity, ActivityLink
from activities.operations import Next
from activities.querysets import with_parts
from records.errors import Unacceptable
from records.models import TimelineRecord
from users.models import User
from workbench import api

Kind = Activity.Kind
# What each kind of entry says besides its kind, status and place.
LOGGED: dict[str, set[str]] = {
    Kind.NOTE: {"text", "is_pinned"},
    Kind.CALL: {"outcome", "text", "subject", "duration", "direction", "done_at", "next"},
    Kind.MEETING: {"subject", "text", "duration", "done_at", "next"},
    Kind.EMAIL: {"subject", "text", "direction", "done_at"},
}
PLANNED: dict[str, set[str]] = {
    Kind.TASK: {"subject", "due_at", "remind", "text", "owner"},
    Kind.CALL: {"subject", "due_at", "remind", "text", "owner"},
    Kind.MEETING: {"subject", "due_at", "remind", "text", "duration", "owner"},
}


@cache
def timeline_kinds() -> dict[str, type[TimelineRecord]]:
    """Return the kinds of record that have a timeline, by the word for each."""
    return {
        str(model._meta.model_name): model
        for model in apps.get_models()
        if issubclass(model, TimelineRecord)
    }


@extend_schema_field(
    {
        "type": "object",
        "required": ["kind", "id"],
        "properties": {
            "kind": {"type": "string", "enum": ["lead", "account", "contact", "opportunity"]},
            "id": {"type": "integer", "minimum": 1},
        },
        "nullable": True,
    }
)
class Place(serializers.Field[Any, Any, Any, Any]):
    """The record on which an entry was written; null outside the caller's scope."""

    default_error_messages = {
        "invalid": gettext_lazy("Name the record like {example}."),
        "unknown": gettext_lazy("There is no record of this kind and id."),
    }

    def get_attribute(self, instance: Activity) -> Any:
        found: Any = self.context["in_scope"]["on"].get(instance.pk)
        return found

    def to_representation(self, value: Any) -> Any:
        return value

    def to_internal_value(self, data: Any) -> TimelineRecord:
        if not isinstance(data, dict) or set(data) != {"kind", "id"}:
            self.fail("invalid", example='{"kind": "lead", "id": 7}')
        model: Any = timeline_kinds().get(str(data["kind"]))
        is_named = model is not None and api.is_id(data["id"])
        record = api.seen(model, data["id"], by=self.context["request"].user) if is_named else None
        if record is None:
            self.fail("unknown")
        found: TimelineRecord = record
        return found


class NextSerializer(api.Strict):
    """What comes next."""

    subject = api.Text(max_length=200)
    due_at = api.Moment(required=False, allow_null=True)
    kind = api.Word(choices=["task", "call", "meeting"], required=False)


class FileShownSerializer(serializers.Serializer[Any]):
    """A file that came with an entry."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes")
    content_type = serializers.CharField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, file: Any) -> str:
        return str(self.context["request"].build_absolute_uri(address_of(file.id)))


class ActivitySerializer(api.RecordSerializer):
    """An entry on a timeline: something that was said or done, or is to be done."""

    on = Place(help_text="Where it is written; it cannot be moved.")
    kind = api.Word(choices=Activity.Kind.choices)
    status = api.Word(
        choices=Activity.Status.choices,
        required=False,
        help_text="Send done to complete and open to reopen. New tasks, and calls and meetings "
        "with a due date, are open; all else is done.",
    )
    remind = api.Word(
        choices=Activity.Remind.choices,
        required=False,
        help_text="How long before `due_at` its owner is told.",
    )
    files = FileShownSerializer(source="files_shown", many=True, read_only=True)
    mentions = serializers.SerializerMethodField(
        help_text="The emails of those whom the text names with an @."
    )
    next = NextSerializer(
        write_only=True, required=False, help_text="Planned along with what is logged or completed."
    )

    class Meta:
        model = Activity
        fields = [
            "id",
            "version",
            "on",
            "kind",
            "status",
            "subject",
            "text",
            "direction",
            "outcome",
            "duration",
            "due_at",
            "remind",
            "done_at",
            "is_pinned",
            "people",
            "owner",
            "files",
            "mentions",
            "next",
            "custom",
            "created_at",
            "changed_at",
        ]
        read_only_fields = ["id", "version", "people", "created_at", "changed_at"]

    def get_mentions(self, activity: Activity) -> list[str]:
        return [person.email for person in activity.people_shown]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "next" in attrs:
            attrs["next"] = Next(**attrs["next"])
        fixed = {"on", "kind"} & attrs.keys() if self.instance is not None else set()
        if fixed:
            raise ValidationError(
                {name: [_("This cannot be changed afterwards.")] for name in fixed}
            )
        if attrs.get("status") == Activity.Status.CANCELLED:
            raise ValidationError(
                {"status": [_("What is on a record is cancelled when the record is closed.")]}
            )
        return attrs


class OnPage(ActivityFilter):
    """What a list of activities can be narrowed by besides its fields."""

    on = django_filters.CharFilter(
        method="is_on", max_length=40, label=gettext_lazy("On whose timeline: like lead:7.")
    )

    def is_on(self, qs: Any, name: str, value: str) -> Any:
        found = re.fullmatch(r"([a-z]{1,20}):([0-9]{1,18})", value)
        model = timeline_kinds().get(found[1]) if found else None
        if found is None or model is None:
            raise ValidationError({"on": [_("Name the record like lead:7.")]})
        rows: Any = model._default_manager
        record = rows.permitted(self.user).filter(pk=int(found[2])).first()
        return qs.none() if record is None else qs.on(record)


class ActivityViewSet(WithFiles):
    """Activities: the entries of all timelines, written and planned."""

    model = Activity
    serializer_class = ActivitySerializer
    filterset_class = api.filters_for(
        Activity,
        [
            "kind",
            "status",
            "outcome",
            "direction",
            "due_at",
            "done_at",
            "is_pinned",
            "created_at",
            "changed_at",
        ],
        page=OnPage,
    )
    update_operation = staticmethod(operations.edit_activity)
    delete_operation = staticmethod(operations.delete_activity)

    @staticmethod
    def assign_operation(activity: Activity, *, by: User, owner: User | None) -> Activity:
        """Give an entry to somebody else to do."""
        return operations.edit_activity(activity, by=by, owner=owner)

    def in_scope(self, serializer: Any, records: list[Any]) -> dict[Any, Any]:
        """Return where each entry was written, if the caller may see that record."""
        links = ActivityLink.objects.filter(
            activity__in=[activity.pk for activity in records], is_origin=True
        )
        origins: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for activity, type_id, record_id in links.values_list(
            "activity", "record_type", "record_id"
        ):
            origins[type_id][record_id].append(activity)
        on: dict[int, dict[str, Any]] = {}
        for type_id, by_record in origins.items():
            model: Any = ContentType.objects.get_for_id(type_id).model_class()
            if model is None or not issubclass(model, TimelineRecord):
                continue
            rows: Any = model._default_manager
            seen = rows.permitted(self.user).filter(pk__in=by_record).order_by()
            for record_id in seen.values_list("pk", flat=True):
                for activity in by_record[record_id]:
                    on[activity] = {"kind": model._meta.model_name, "id": record_id}
        return {**super().in_scope(serializer, records), "on": on}

    def with_details(self, rows: Any) -> Any:
        return with_parts(super().with_details(rows))

    def add(self, values: dict[str, Any]) -> Activity:
        record, kind = values.pop("on"), values.pop("kind")
        if kind == Kind.FILE:
            told = _("Send a file to the files of its record, like leads/7/files/.")
            raise Unacceptable(errors={"kind": [told]})
        is_planned = kind == Kind.TASK or (
            kind in PLANNED and bool(values.get("due_at")) and not values.get("done_at")
        )
        status = values.pop("status", "open" if is_planned else "done")
        if status == "done" and kind == Kind.TASK:
            values.setdefault("text", "")
            return self._done_task(record, values)
        takes = (PLANNED if status == "open" else LOGGED).get(kind)
        if takes is None:
            raise Unacceptable(errors={"status": [_("There is nothing to do in a note or email.")]})
        self._refuse_others(values, takes, status)
        if kind in {Kind.MEETING, Kind.EMAIL, Kind.TASK} or status == "open":
            values.setdefault("subject", "")
        if kind in {Kind.NOTE, Kind.EMAIL}:
            values.setdefault("text", "")
        if status == "open" and kind == Kind.MEETING and values.get("due_at") is None:
            raise Unacceptable(errors={"due_at": [_("Say when it will be.")]})
        if status == "open":
            plan = operations.plan_meeting if kind == Kind.MEETING else operations.add_task
            options = {} if kind == Kind.MEETING else {"kind": kind}
            return plan(record, by=self.user, **options, **values)
        log: Any = {
            Kind.NOTE: operations.log_note,
            Kind.CALL: operations.log_call,
            Kind.MEETING: operations.log_meeting,
            Kind.EMAIL: operations.log_email,
        }[kind]
        entry: Activity = log(record, by=self.user, **values)
        return entry

    def _done_task(self, record: Any, values: dict[str, Any]) -> Activity:
        """Put a task on the list and tick it off at once."""
        following = values.pop("next", None)
        self._refuse_others(values, PLANNED[Kind.TASK], "done")
        task = operations.add_task(record, by=self.user, **{"subject": "", **values})
        return operations.complete(task, by=self.user, next=following)

    def _refuse_others(self, values: dict[str, Any], takes: set[str], status: str) -> None:
        """Take away what is empty and refuse what this kind of entry does not say."""
        for name in [name for name, value in values.items() if value in (None, "", False, {})]:
            del values[name]
        if "owner" not in takes and values.get("owner") == self.user:
            del values["owner"]
        if "remind" not in takes and values.get("remind") == Activity.Remind.AT:
            del values["remind"]
        others = values.keys() - takes - {"custom"}
        if others:
            sentence = _("An entry of this kind that is %(status)s does not say this.")
            raise Unacceptable(
                errors={name: [sentence % {"status": status}] for name in sorted(others)}
            )

    def change(self, record: Any, version: int | None, values: dict[str, Any]) -> Any:
        status, following = values.pop("status", record.status), values.pop("next", None)
        is_completed = status == "done" and record.status == "open"
        if following is not None and not is_completed:
            raise Unacceptable(errors={"next": [_("Send this together with status done.")]})
        self.keep_still(record)
        if values:
            record = operations.edit_activity(record, by=self.user, version=version, **values)
        if is_completed:
            record = operations.complete(record, by=self.user, next=following)
        elif status == "open":
            record = operations.reopen_activity(record, by=self.user)
        return record
